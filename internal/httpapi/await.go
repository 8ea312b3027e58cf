package httpapi

import (
	"context"
	"errors"
	"time"
)

// awaitState looks at a state, at each hint and at times without one, until it answers or refuses; nil, nil after the wait.
func awaitState[T any](ctx context.Context, wait time.Duration, hint <-chan struct{}, find func(context.Context) (*T, error)) (*T, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, nil
		case _, open := <-hint:
			if !open {
				hint = nil
			}
		case <-poll.C:
		}
		found, err := find(ctx)
		var refused *fault
		var merged MergedError
		if err == nil || errors.As(err, &refused) || errors.As(err, &merged) || errors.Is(err, ErrErased) {
			return found, err
		}
	}
}
