// Command fetch downloads what the local parts need into the cache folder: `fetch kafka engine`.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"jifen/internal/devstack"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(what []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fetch := map[string]func(context.Context) (string, error){"kafka": devstack.FetchKafka, "engine": devstack.FetchEngine}
	for _, name := range what {
		f, ok := fetch[name]
		if !ok {
			return fmt.Errorf("fetch: %q is neither kafka nor engine", name)
		}
		path, err := persist(ctx, f)
		if err != nil {
			return fmt.Errorf("fetch %s: %w", name, err)
		}
		fmt.Fprintf(os.Stderr, "%s is in %s\n", name, path)
	}
	return nil
}

// persist tries a download again: hosts and networks have bad moments.
func persist(ctx context.Context, f func(context.Context) (string, error)) (path string, err error) {
	const tries, pause = 3, 5 * time.Second
	for try := 1; ; try++ {
		if path, err = f(ctx); err == nil || try == tries {
			return path, err
		}
		fmt.Fprintf(os.Stderr, "again in %v: %v\n", pause, err)
		select {
		case <-ctx.Done():
			return "", errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}
