// Package model_test holds the whole program against an independent model of the specification, written in Python
// (README.md): the same random rulebook and history through `jifen demo` and through the model must come to the same balances.
package model_test

import (
	"os/exec"
	"testing"

	"jifen/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestRandomHistoriesComeToTheBalancesOfAnIndependentModel runs two seeds; `make model` runs twenty larger ones.
func TestRandomHistoriesComeToTheBalancesOfAnIndependentModel(t *testing.T) {
	testkit.Require(t, "python3", "redis-server")
	testkit.Engine(t) // downloads it, or says that it cannot
	run(t, "run.py", "--jifen", testkit.Binary(t), "--seeds", "1-2", "--events", "1500", "--members", "60", "--reports", t.TempDir())
}

// TestModelAgainstTheVectors: the model itself gives what the specification's vectors say.
func TestModelAgainstTheVectors(t *testing.T) {
	testkit.Require(t, "python3")
	run(t, "vectors.py")
}

func run(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "python3", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	t.Logf("%s", out)
}
