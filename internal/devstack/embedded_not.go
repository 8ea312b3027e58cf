//go:build noengine

package devstack

import (
	"context"
	"errors"
)

// errNoEngine tells that this is a build for production: loading the engine's library would make the binary depend on
// the C library, and the image has none.
var errNoEngine = errors.New("this build has no ClickHouse engine (build tag noengine)")

func engineMain([]string) error { return errNoEngine }

func fetchEngine(context.Context, string) (lib string, err error) { return "", errNoEngine }
