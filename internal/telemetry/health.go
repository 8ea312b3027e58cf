package telemetry

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// Check says why something that readiness needs does not work, or nil.
type Check func(ctx context.Context) error

// ErrStarting is the failure of a Condition that was never set.
var ErrStarting = errors.New("starting")

// errDraining is why a process that is about to stop is not ready.
var errDraining = errors.New("shutting down")

// checkTimeout bounds one check, so that a probe is answered while a service hangs.
const checkTimeout = 2 * time.Second

// Health knows whether the process has started and can do its work. Its zero value is not usable; call NewHealth.
type Health struct {
	mu       sync.Mutex
	checks   map[string]Check
	started  bool
	draining bool
}

// NewHealth makes a Health without checks, not started.
func NewHealth() *Health { return &Health{checks: map[string]Check{}} }

// Add adds a check that readiness needs; the same name replaces the earlier one.
func (h *Health) Add(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks[name] = check
}

// Condition adds a check whose answer is set by its owner: nil is good. Until it is set it fails with ErrStarting.
func (h *Health) Condition(name string) (set func(error)) {
	var mu sync.Mutex
	state := ErrStarting
	h.Add(name, func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		return state
	})
	return func(err error) {
		mu.Lock()
		defer mu.Unlock()
		state = err
	}
}

// Started ends the start: /startupz answers 200 from now on.
func (h *Health) Started() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.started = true
}

// Drain makes the process unready for good: call it when SIGTERM arrives, before anything stops.
func (h *Health) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
}

// Failure is a check that failed.
type Failure struct {
	Name  string `json:"name"`
	Error string `json:"error"`
}

// Failures runs every check at once and lists those that fail, by name; empty means ready.
func (h *Health) Failures(ctx context.Context) []Failure {
	h.mu.Lock()
	checks := make(map[string]Check, len(h.checks)+2)
	for name, c := range h.checks {
		checks[name] = c
	}
	if !h.started {
		checks["start"] = func(context.Context) error { return ErrStarting }
	}
	if h.draining {
		checks["shutdown"] = func(context.Context) error { return errDraining }
	}
	h.mu.Unlock()

	results := make(chan Failure, len(checks))
	for name, c := range checks {
		go func() { results <- Failure{Name: name, Error: run(ctx, c)} }()
	}
	failures := []Failure{}
	for range checks {
		if f := <-results; f.Error != "" {
			failures = append(failures, f)
		}
	}
	slices.SortFunc(failures, func(a, b Failure) int { return strings.Compare(a.Name, b.Name) })
	return failures
}

// run returns the text of the failure. It does not wait for a check that ignores its context.
func run(ctx context.Context, c Check) string {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- c(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		return ""
	}
	if text := err.Error(); text != "" {
		return text
	}
	return "failed"
}

func (h *Health) hasStarted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.started
}
