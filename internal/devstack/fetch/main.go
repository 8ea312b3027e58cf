// Command fetch downloads what the local parts need into the cache folder: `fetch kafka engine`.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"jifen/internal/devstack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // nothing is left to clean up
	}
}

func run(ctx context.Context, what []string) error {
	fetch := map[string]func(context.Context) (string, error){"kafka": devstack.FetchKafka, "engine": devstack.FetchEngine}
	for _, name := range what {
		f, ok := fetch[name]
		if !ok {
			return fmt.Errorf("fetch: %q is neither kafka nor engine", name)
		}
		path, err := f(ctx)
		if err != nil {
			return fmt.Errorf("fetch %s: %w", name, err)
		}
		fmt.Fprintf(os.Stderr, "%s is in %s\n", name, path)
	}
	return nil
}
