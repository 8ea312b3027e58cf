//go:build !noengine

package devstack

import (
	"context"

	"jifen/internal/devstack/engine"
)

func engineMain(args []string) error { return engine.Main(args) }

func fetchEngine(ctx context.Context, cache string) (lib string, err error) {
	return engine.Fetch(ctx, cache)
}
