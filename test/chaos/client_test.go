package chaos_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"jifen/internal/httpapi"
)

// answer is what the API says to a redemption, or to a step of it.
type answer struct {
	Status  int    `json:"-"`
	Body    string `json:"-"`
	ID      string `json:"id"`
	State   string `json:"state"`
	Code    string `json:"code"`
	Points  int64  `json:"points"`
	Returns []struct {
		ID string `json:"id"`
	} `json:"returns"`
}

// decided says that the answer is final: success, or a refusal.
func (a answer) decided() bool {
	return a.Status == http.StatusCreated || a.Status == http.StatusOK || a.Status >= 400 && a.Status < 500 && a.Status != http.StatusTooManyRequests
}

// client talks to the API as members and staff.
type client struct {
	stack *stack
	http  *http.Client

	mu     sync.Mutex
	tokens map[string]string
}

func newClient(s *stack) *client {
	return &client{
		stack: s, tokens: map[string]string{},
		http: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 200}},
	}
}

func (c *client) token(who string, role httpapi.Role) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens[who] == "" {
		token, err := c.stack.issuer.Token(who, time.Hour, role)
		if err != nil {
			return "", err
		}
		c.tokens[who] = token
	}
	return c.tokens[who], nil
}

func (c *client) do(ctx context.Context, who string, role httpapi.Role, req *http.Request) (int, []byte, error) {
	token, err := c.token(who, role)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := c.http.Do(req.WithContext(ctx))
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

// request is one that has a key.
type request struct {
	who             string
	role            httpapi.Role
	path, key, body string
}

// unit asks for a unit of an item.
func unit(member, key, item string) request {
	return request{member, httpapi.RoleMember, "/v1/redemptions", key, fmt.Sprintf(`{"item":%q,"quantity":1}`, item)}
}

// post asks once.
func (c *client) post(ctx context.Context, r request) (answer, error) {
	req, err := http.NewRequest(http.MethodPost, c.stack.url+r.path, strings.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", r.key)
	status, text, err := c.do(ctx, r.who, r.role, req)
	if err != nil {
		return answer{}, err
	}
	a := answer{Status: status, Body: string(text)}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("answer %d %q: %w", status, text, err)
	}
	return a, nil
}

// insist asks again, with the same key, until it is decided or ctx ends; tries counts.
func (c *client) insist(ctx context.Context, r request) (a answer, tries int, err error) {
	for {
		tries++
		if a, err = c.post(ctx, r); err == nil && a.decided() {
			return a, tries, nil
		}
		select {
		case <-ctx.Done():
			return a, tries, errors.Join(ctx.Err(), err, fmt.Errorf("last answer: %d %s", a.Status, a.Body))
		case <-time.After(min(time.Duration(tries)*100*time.Millisecond, time.Second)):
		}
	}
}

// balance is a member's available points, and their tier.
func (c *client) balance(ctx context.Context, member string) (available int64, tier string, err error) {
	req, err := http.NewRequest(http.MethodGet, c.stack.url+"/v1/me/balance", nil)
	if err != nil {
		return 0, "", err
	}
	status, text, err := c.do(ctx, member, httpapi.RoleMember, req)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("balance of %s: %d %s", member, status, text)
	}
	var b struct {
		Available int64
		Tier      string
	}
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	return b.Available, b.Tier, err
}

// awaitBalance waits until members have their points.
func (c *client) awaitBalance(t *testing.T, want int64, members ...string) {
	t.Helper()
	ctx, done := context.WithTimeout(t.Context(), 40*time.Second)
	defer done()
	for _, m := range members {
		for {
			got, _, err := c.balance(ctx, m)
			if err == nil && got == want {
				break
			}
			select {
			case <-ctx.Done():
				t.Fatalf("%s has %d points, want %d: %v", m, got, want, err)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}
