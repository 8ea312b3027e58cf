package webhook

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"jifen/internal/config"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver answers with the statuses in turn, then as the Receiver behind it does.
func receiver(t *testing.T, statuses ...int) (*Receiver, string, *atomic.Int32) {
	t.Helper()
	behind, err := NewReceiver(secret)
	if err != nil {
		t.Fatal(err)
	}
	var tries atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := int(tries.Add(1)); n <= len(statuses) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(statuses[n-1])
			return
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return behind, s.URL, &tries
}

func sender(t *testing.T, url, key string) (*Sender, map[string]int) {
	t.Helper()
	outcomes := map[string]int{}
	s, err := NewSender(config.Webhook{
		URL: url, Secret: config.Secret(key), Timeout: 5 * time.Second, TriesMax: 4, RetryWaitMin: time.Millisecond, RetryWaitMax: 2 * time.Millisecond,
	}, func(o string) { outcomes[o]++ })
	if err != nil {
		t.Fatal(err)
	}
	return s, outcomes
}

func TestAnEventIsTriedUntilItIsTakenUnderOneID(t *testing.T) {
	r, url, tries := receiver(t, http.StatusServiceUnavailable, http.StatusFound, http.StatusNotFound)
	s, outcomes := sender(t, url, secret)
	if err := s.Send(t.Context(), "c-1-issued", []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	bodies, posts, refused := r.Received()
	if string(bodies["c-1-issued"]) != `{"a":1}` || len(bodies) != 1 || posts != 1 || refused != 0 || tries.Load() != 4 {
		t.Errorf("%q, %d posts, %d refused, %d tries", bodies, posts, refused, tries.Load())
	}
	if outcomes[Failed] != 3 || outcomes[Delivered] != 1 {
		t.Errorf("outcomes %v", outcomes)
	}
}

func TestTheLastTryIsSaid(t *testing.T) {
	r, url, _ := receiver(t)
	s, outcomes := sender(t, url, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD") // of another receiver
	err := s.Send(t.Context(), "c-1-issued", []byte(`{}`))
	var spent *Exhausted
	if !errors.As(err, &spent) || spent.Tries != 4 || spent.Error() != "4 tries, the last: the receiver answered 401" {
		t.Fatalf("got %v", err)
	}
	if bodies, _, refused := r.Received(); len(bodies) != 0 || refused != 4 || outcomes[GivenUp] != 1 {
		t.Errorf("%d taken, %d refused, outcomes %v", len(bodies), refused, outcomes)
	}
}

func TestAnEndLeavesTheEventForLater(t *testing.T) {
	_, url, _ := receiver(t, 500, 500, 500, 500)
	s, outcomes := sender(t, url, secret)
	s.Config.RetryWaitMin, s.Config.RetryWaitMax = time.Hour, time.Hour
	ctx, stop := context.WithCancel(t.Context())
	s.Observe = func(o string) { outcomes[o]++; stop() }
	if err := s.Send(ctx, "c-1-issued", nil); !errors.Is(err, context.Canceled) || outcomes[Failed] != 1 {
		t.Errorf("got %v, outcomes %v", err, outcomes)
	}
}
