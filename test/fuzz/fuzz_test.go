// Package fuzz_test has schemathesis (requirements.txt) send to the API what its OpenAPI document allows and what it does not,
// one operation at a time and many in a row, on real parts. Every answer must be one that the document has, and none a 5xx.
package fuzz_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jifen/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// `make fuzz` takes 10 minutes.
var minutes = flag.Float64("minutes", 0.75, "how long the API is fuzzed")

// longMinutes is how long a run must be to reach every operation on a busy machine.
const longMinutes = 5

func TestNoRequestBreaksTheAPI(t *testing.T) {
	python := testkit.Python(t, "requirements.txt")
	s := up(t)
	s.fuzz(python)
	s.alive()
	s.reached(*minutes >= longMinutes)
	s.audited()
}

// seed is the same in each short run: what fails there is what a change broke. `make fuzz` draws another one each time.
func seed(t *testing.T) uint64 {
	t.Helper()
	if *minutes < longMinutes && os.Getenv("JIFEN_SEED") == "" {
		return 1
	}
	return testkit.Seed(t)
}

// fuzz runs schemathesis until the time is over; its reports stay with `go test -artifacts`.
func (s *stack) fuzz(python string) {
	s.t.Helper()
	here, err := os.Getwd()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(s.t.Context(), python, "-m", "schemathesis.cli", "--config-file", filepath.Join(here, "schemathesis.toml"),
		"run", s.url+"/openapi.json", "--max-time", fmt.Sprint(int(*minutes*60)), "--seed", fmt.Sprint(seed(s.t)),
		"--report", "json,junit", "--report-dir", s.t.ArtifactDir())
	cmd.Dir = s.t.TempDir() // it keeps files where it runs
	cmd.Env = append(os.Environ(), "PYTHONPATH="+here, "PYTHONDONTWRITEBYTECODE=1", "NO_COLOR=1", "FUZZ_WORLD="+s.world())
	out, err := cmd.CombinedOutput()
	s.t.Logf("%s", out)
	if err != nil {
		_, failures, _ := strings.Cut(string(out), "= FAILURES =")
		s.t.Errorf("schemathesis: %v\n%s", err, failures)
	}
}
