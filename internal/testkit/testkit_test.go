package testkit_test

import (
	"strings"
	"testing"

	"jifen/internal/testkit"
)

// recorder is a test that only remembers how it ended first; a real one would not go on.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper()               {}
func (r *recorder) Skipf(string, ...any)  { r.end("skipped") }
func (r *recorder) Fatalf(string, ...any) { r.end("failed") }

func (r *recorder) end(how string) {
	if r.ended == "" {
		r.ended = how
	}
}

func TestMissingProgramSkipsOnALaptopAndFailsInCI(t *testing.T) {
	for ci, want := range map[string]string{"": "skipped", "true": "failed"} {
		t.Setenv("CI", ci)
		r := &recorder{TB: t}
		testkit.Require(r, "no-such-program-here")
		if r.ended != want {
			t.Errorf("CI=%q: %s, want %s", ci, r.ended, want)
		}
		r = &recorder{TB: t}
		testkit.Require(r, "go")
		if r.ended != "" {
			t.Errorf("CI=%q: a program that is there %s the test", ci, r.ended)
		}
	}
}

func TestSeedRepeats(t *testing.T) {
	t.Setenv("JIFEN_SEED", "42")
	if a, b := testkit.Rand(t).Uint64(), testkit.Rand(t).Uint64(); a != b {
		t.Errorf("the same seed gives %d and %d", a, b)
	}
}

func TestRunShowsWhatAProgramSays(t *testing.T) {
	p := testkit.Run(t, []string{"WORD=hello"}, "/bin/sh", "-c", "echo $WORD; echo there >&2")
	<-p.Done()
	if got := strings.Fields(p.Output()); len(got) != 2 || got[0] != "hello" || got[1] != "there" {
		t.Errorf("output = %q", got)
	}
	if !p.State().Success() {
		t.Errorf("state = %v", p.State())
	}
}
