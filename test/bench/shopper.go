package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/topics"
)

// shopper asks the API as members do.
type shopper struct {
	url    string
	issuer *httpapi.DevIssuer
	http   *http.Client

	mu     sync.Mutex
	tokens map[string]string
}

// patience is how long anything that is waited for may take.
const patience = time.Minute

func newShopper(url string, issuer *httpapi.DevIssuer) *shopper {
	return &shopper{
		url: url, issuer: issuer, tokens: map[string]string{},
		http: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: waiters}},
	}
}

// call sends a request of a member and reads the answer into it.
func (s *shopper) call(ctx context.Context, member, method, path, key string, body []byte, answer any) (int, error) {
	token, err := s.token(member)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := s.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(text, answer)
	}
	if err != nil {
		return res.StatusCode, fmt.Errorf("%s %s: %d %s: %w", method, path, res.StatusCode, text, err)
	}
	return res.StatusCode, nil
}

func (s *shopper) token(member string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens[member] == "" {
		token, err := s.issuer.Token(member, time.Hour, httpapi.RoleMember)
		if err != nil {
			return "", err
		}
		s.tokens[member] = token
	}
	return s.tokens[member], nil
}

// redeem asks for one gift, again with the same key where the API has not waited for the decision. A refusal is an error:
// everybody has points enough.
func (s *shopper) redeem(ctx context.Context, member, key string) error {
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	for {
		var a httpapi.RedemptionBody
		status, err := s.call(ctx, member, http.MethodPost, "/v1/redemptions", key, []byte(`{"item":"`+gift+`","quantity":1}`), &a)
		switch {
		case err != nil:
			return err
		case status == http.StatusCreated:
			return nil
		case status != http.StatusAccepted:
			return fmt.Errorf("redemption of %s: %d %s", member, status, a.Code)
		}
	}
}

func (s *shopper) available(ctx context.Context, member string) (int64, error) {
	var b struct{ Available int64 }
	status, err := s.call(ctx, member, http.MethodGet, "/v1/me/balance", "", nil, &b)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("balance of %s: %d", member, status)
	}
	return b.Available, err
}

// fresh sends an order of at least a point and looks at the balance until it has changed; how long that took.
func (s *shopper) fresh(ctx context.Context, to *kafka.Producer, member string, order topics.Record) (time.Duration, error) {
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	before, err := s.available(ctx, member)
	if err != nil {
		return 0, err
	}
	started := time.Now()
	if err := to.Produce(ctx, []topics.Record{order}); err != nil {
		return 0, err
	}
	return s.await(ctx, member, started, func(now int64) bool { return now != before })
}

// await looks at a balance until it is as it should be.
func (s *shopper) await(ctx context.Context, member string, since time.Time, right func(int64) bool) (time.Duration, error) {
	for {
		now, err := s.available(ctx, member)
		if err != nil && ctx.Err() == nil {
			return 0, err
		}
		if err == nil && right(now) {
			return time.Since(since), nil
		}
		if err := pause(ctx, lookEvery); err != nil {
			return 0, errors.Join(err, fmt.Errorf("balance of %s is still %d", member, now))
		}
	}
}
