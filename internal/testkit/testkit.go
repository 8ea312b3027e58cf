// Package testkit gives tests real parts: servers shared by the tests of a package, the jifen binary, free ports and
// printed seeds. A part that this machine lacks skips the test on a laptop and fails it when CI=true.
package testkit

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"jifen/internal/devstack"
)

// startWait bounds the start of a part, a download included.
const startWait = 5 * time.Minute

// CI says whether the run has to be complete: what is missing is an error then.
func CI() bool { return os.Getenv("CI") == "true" }

// Missing ends a test for want of something: skipped on a laptop, failed when CI=true. It is the only place where a test
// of Jifen skips.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if CI() {
		t.Fatalf("CI=true and missing: "+format, args...)
	}
	t.Skipf("missing: "+format, args...)
}

// Require is for tests that run programs of the system.
func Require(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			Missing(t, "%v (make test installs it on Debian as root)", err)
		}
	}
}

// FreePort is a loopback port that nobody listens on.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := devstack.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Seed is where a random test starts: JIFEN_SEED to repeat a failure, else a new one. It is in the log of a failed test.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if given := os.Getenv("JIFEN_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("JIFEN_SEED: %v", err)
		}
	}
	t.Logf("seed: JIFEN_SEED=%d", seed)
	return seed
}

// Rand is a generator that starts at Seed.
func Rand(t testing.TB) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(Seed(t), 0))
}

func startContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), startWait)
}
