package httpapi

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Hints are hints, the state is the truth: without one it is looked at after pollFirst, and each time after twice as
// long. Many wait at once when the owners are slow, and must not make them slower by asking.
const (
	pollFirst = 100 * time.Millisecond
	pollLast  = 800 * time.Millisecond
)

// awaitState looks at a state, at each hint and at times without one, until it answers or refuses; nil, nil after the wait.
func awaitState[T any](ctx context.Context, wait time.Duration, hint <-chan struct{}, find func(context.Context) (*T, error)) (*T, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	pause := pollFirst
	poll := time.NewTimer(pause)
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
			pause = min(2*pause, pollLast)
			poll.Reset(pause)
		}
		found, err := find(ctx)
		var refused *fault
		var merged MergedError
		if err == nil || errors.As(err, &refused) || errors.As(err, &merged) || errors.Is(err, ErrErased) {
			return found, err
		}
	}
}

// beside begins f and hands out a wait for its answer. Reads that begin together share a round trip.
func beside[T any](f func() (T, error)) func() (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1) // nobody may wait for it
	go func() {
		var x answer
		defer func() {
			if p := recover(); p != nil { // out here no middleware would, and the process would end
				x.err = fmt.Errorf("read: %v\n%s", p, debug.Stack())
			}
			done <- x
		}()
		x.value, x.err = f()
	}()
	return sync.OnceValues(func() (T, error) {
		x := <-done
		return x.value, x.err
	})
}
