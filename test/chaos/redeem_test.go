package chaos_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"jifen/internal/httpapi"
)

// answer is what the API says to a redemption.
type answer struct {
	Status int    `json:"-"`
	Body   string `json:"-"`
	ID     string `json:"id"`
	State  string `json:"state"`
	Code   string `json:"code"`
	Points int64  `json:"points"`
}

// decided says that the answer is final: success, or a refusal.
func (a answer) decided() bool {
	return a.Status == http.StatusCreated || a.Status >= 400 && a.Status < 500 && a.Status != http.StatusTooManyRequests
}

// client talks to the API as members.
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

func (c *client) token(member string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens[member] == "" {
		token, err := c.stack.issuer.Token(member, time.Hour, httpapi.RoleMember)
		if err != nil {
			return "", err
		}
		c.tokens[member] = token
	}
	return c.tokens[member], nil
}

func (c *client) do(ctx context.Context, member string, req *http.Request) (int, []byte, error) {
	token, err := c.token(member)
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

// post asks once for a unit of an item.
func (c *client) post(ctx context.Context, member, key, item string) (answer, error) {
	body := fmt.Appendf(nil, `{"item":%q,"quantity":1}`, item)
	req, err := http.NewRequest(http.MethodPost, c.stack.url+"/v1/redemptions", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	status, text, err := c.do(ctx, member, req)
	if err != nil {
		return answer{}, err
	}
	a := answer{Status: status, Body: string(text)}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("answer %d %q: %w", status, text, err)
	}
	return a, nil
}

// redeem asks again, with the same key, until it is decided or ctx ends; tries counts.
func (c *client) redeem(ctx context.Context, member, key, item string) (a answer, tries int, err error) {
	for {
		tries++
		if a, err = c.post(ctx, member, key, item); err == nil && a.decided() {
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
	status, text, err := c.do(ctx, member, req)
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

// redemption is a line of the journal.
type redemption struct {
	member, key    string
	item           string
	asked, decided time.Time
	tries          int
	answer         answer
	err            error
}

func (r *redemption) wait() time.Duration { return r.decided.Sub(r.asked) }

// journal keeps what the redemptions of a stream were answered.
type journal struct {
	mu      sync.Mutex
	decided []*redemption
	open    map[*redemption]bool
}

// redemptions asks for items 20 times a second, whatever becomes of those asked before, until ctx ends; then it waits
// for the answers that are out. Everybody has plenty of points, so that every refusal is a fault.
func (c *client) redemptions(ctx context.Context, seed uint64, members, items []string) *journal {
	j := &journal{open: map[*redemption]bool{}}
	r := rand.New(rand.NewPCG(seed, 2))
	var all sync.WaitGroup
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		x := &redemption{
			member: members[r.IntN(len(members))], key: fmt.Sprintf("%d-%d", seed, n), item: items[r.IntN(len(items))], asked: time.Now(),
		}
		j.begin(x)
		all.Go(func() {
			last, stop := context.WithTimeout(context.WithoutCancel(ctx), outage()+time.Minute)
			defer stop()
			x.answer, x.tries, x.err = c.redeem(last, x.member, x.key, x.item)
			j.end(x)
		})
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	all.Wait()
	return j
}

func (j *journal) begin(x *redemption) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open[x] = true
}

func (j *journal) end(x *redemption) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x.decided = time.Now()
	delete(j.open, x)
	j.decided = append(j.decided, x)
}

// pauses are the longest time without any decision and the longest that one redemption waited for its own.
func (j *journal) pauses() (silence, wait time.Duration) {
	for i, x := range j.decided {
		wait = max(wait, x.wait())
		if i > 0 {
			silence = max(silence, x.decided.Sub(j.decided[i-1].decided))
		}
	}
	return silence, wait
}

// check says which redemptions were not answered with success, by their answers.
func (j *journal) check(t *testing.T) (repeated int) {
	t.Helper()
	faults := map[string]int{}
	for _, x := range j.decided {
		switch {
		case x.err != nil:
			faults[x.err.Error()]++
		case x.answer.Status != http.StatusCreated:
			faults[fmt.Sprintf("%d %s", x.answer.Status, x.answer.Code)]++
		}
		if x.tries > 1 {
			repeated++
		}
	}
	for _, f := range slices.Sorted(maps.Keys(faults)) {
		t.Errorf("%d redemptions were answered %s, and each should have succeeded", faults[f], f)
	}
	return repeated
}
