package webhook

import (
	"io"
	"net/http"
	"sync"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Receiver is the other side, as a marketing system would have it: it verifies with the public library and takes each id
// once. The demo and the tests deliver to it.
type Receiver struct {
	verifier *standardwebhooks.Webhook

	mu      sync.Mutex
	bodies  map[string][]byte // by id
	posts   int               // verified ones, repeated ones too
	refused int
}

// NewReceiver makes a receiver with the sender's secret.
func NewReceiver(secret string) (*Receiver, error) {
	v, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, err //nolint:wrapcheck // the library says what is wrong
	}
	return &Receiver{verifier: v, bodies: map[string][]byte{}}, nil
}

// receivedMax bounds a body.
const receivedMax = 1 << 20

// ServeHTTP answers 204 to what is signed, and 401 to everything else.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, receivedMax))
	if err == nil {
		err = r.verifier.Verify(body, q.Header)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.refused++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.posts++
	r.bodies[q.Header.Get(standardwebhooks.HeaderWebhookID)] = body
	w.WriteHeader(http.StatusNoContent)
}

// Received are the bodies by webhook-id, and how many verified posts brought them; refused were not verified.
func (r *Receiver) Received() (bodies map[string][]byte, posts, refused int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	bodies = make(map[string][]byte, len(r.bodies))
	for id, b := range r.bodies {
		bodies[id] = b
	}
	return bodies, r.posts, r.refused
}
