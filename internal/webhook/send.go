// Package webhook delivers events to an HTTP receiver as Standard Webhooks: signed, retried, each under an id that stays
// the same (R34).
package webhook

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"jifen/internal/config"
)

// The outcomes of a try, for metrics.
const (
	Delivered = "delivered"
	Failed    = "failed"   // it is tried again
	GivenUp   = "given_up" // it was the last try
)

// Sender posts events to one receiver.
type Sender struct {
	Config  config.Webhook
	Observe func(outcome string)
	// ContentType is that of the bodies: CloudEvents, unless it is changed.
	ContentType string

	client *http.Client
	signer *standardwebhooks.Webhook
}

// NewSender makes a sender. The secret is whsec_ and base64, as the receiver has it.
func NewSender(c config.Webhook, observe func(outcome string)) (*Sender, error) {
	signer, err := standardwebhooks.NewWebhook(c.Secret.Reveal())
	if err != nil {
		return nil, fmt.Errorf("webhook.secret: %w", err)
	}
	client := &http.Client{
		Timeout: c.Timeout,
		// A redirect would carry what was signed for one receiver to another.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Sender{Config: c, Observe: observe, ContentType: "application/cloudevents+json; charset=utf-8", client: client, signer: signer}, nil
}

// Exhausted is an event that was tried as often as it may be.
type Exhausted struct {
	Tries int
	Last  error
}

func (e *Exhausted) Error() string { return fmt.Sprintf("%d tries, the last: %v", e.Tries, e.Last) }

// Send posts an event until the receiver takes it, waiting longer and longer, with jitter. Every try has the same id and
// body, and a timestamp and signature of its own. The error is Exhausted, or that ctx ended.
func (s *Sender) Send(ctx context.Context, id string, body []byte) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.Multiplier = s.Config.RetryWaitMin, s.Config.RetryWaitMax, 2
	for try := 1; ; try++ {
		err := s.Post(ctx, id, body)
		switch {
		case err == nil:
			s.Observe(Delivered)
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("webhook %s: %w", id, ctx.Err())
		case try == s.Config.TriesMax:
			s.Observe(GivenUp)
			return &Exhausted{try, err}
		}
		s.Observe(Failed)
		select {
		case <-ctx.Done():
			return fmt.Errorf("webhook %s: %w", id, ctx.Err())
		case <-time.After(wait.NextBackOff()):
		}
	}
}

// Post is one try; any answer but 2xx is a failure.
func (s *Sender) Post(ctx context.Context, id string, body []byte) error {
	now := time.Now() // receivers compare it with their own clocks: the program's may be elsewhere
	signature, err := s.signer.Sign(id, now, body)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Config.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	r.Header.Set("Content-Type", s.ContentType)
	r.Header.Set(standardwebhooks.HeaderWebhookID, id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	answer, err := s.client.Do(r)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("the receiver answered %d", answer.StatusCode)
	}
	return nil
}
