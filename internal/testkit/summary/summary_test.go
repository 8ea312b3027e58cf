package main

import (
	"bytes"
	"strings"
	"testing"
)

const run = `{"Action":"build-output","ImportPath":"j/x","Output":"x.go:1: broken\n"}
{"Action":"build-fail","ImportPath":"j/x"}
{"Action":"start","Package":"j/a"}
{"Action":"run","Package":"j/a","Test":"TestVector"}
{"Action":"output","Package":"j/a","Test":"TestVector/E1","Output":"noise of a good test\n"}
{"Action":"pass","Package":"j/a","Test":"TestVector/E1","Elapsed":0}
{"Action":"pass","Package":"j/a","Test":"TestVector/E1/again","Elapsed":0}
{"Action":"pass","Package":"j/a","Test":"TestVector","Elapsed":0}
{"Action":"output","Package":"j/a","Test":"TestKill","Output":"    a_test.go:3: kill failpoint=after_poll process=owner\n"}
{"Action":"output","Package":"j/a","Test":"TestKill","Output":"kill failpoint=after_poll process=credits\n"}
{"Action":"output","Package":"j/a","Test":"TestKill","Output":"kill failpoint=after_poll process=owner\n"}
{"Action":"pass","Package":"j/a","Test":"TestKill","Elapsed":1}
`

const (
	good = `{"Action":"pass","Package":"j/a","Elapsed":1.5}` + "\n"
	bad  = `{"Action":"output","Package":"j/a","Test":"TestBad","Output":"why it is bad\n"}
{"Action":"fail","Package":"j/a","Test":"TestBad","Elapsed":0}
{"Action":"output","Package":"j/a","Test":"TestHangs","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"j/a","Elapsed":1.5}
`
	skip = `{"Action":"skip","Package":"j/a","Test":"TestSkips","Elapsed":0}` + "\n" + good
)

func summarise(t *testing.T, events string) (string, *summary) {
	t.Helper()
	var out bytes.Buffer
	s := newSummary(&out)
	if err := s.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	s.totals()
	return out.String(), s
}

func TestGoodRun(t *testing.T) {
	out, s := summarise(t, run+good)
	for _, want := range []string{
		"x.go:1: broken", "4 passed, 0 failed, 0 skipped", "vectors: 1 passed (E1)", "kills at after_poll: credits 1 owner 2", "kills: 3",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "noise") {
		t.Errorf("the output of a good test is shown:\n%s", out)
	}
	if err := s.verdict(true); err != nil {
		t.Error(err)
	}
}

func TestFailureIsShownAndFails(t *testing.T) {
	out, s := summarise(t, run+bad)
	for _, want := range []string{"why it is bad", "test timed out", "4 passed, 1 failed"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if err := s.verdict(false); err == nil {
		t.Error("a failed test made a good run")
	}
}

// TestReasonsAreAtTheEnd: what a test said itself, each message whole but not without end, and not what its processes said.
func TestReasonsAreAtTheEnd(t *testing.T) {
	said := []string{"    a_test.go:7: first\\n", "    a_test.go:8: want 1\\n        got 2\\n", "    binary.go:9: log\\n        line\\n", "    a_test.go:10: " + strings.Repeat("x", 1000) + "\\n"}
	var events string
	for _, line := range said {
		events += `{"Action":"output","Package":"j/a","Test":"TestBad","Output":"` + line + `"}` + "\n"
	}
	out, _ := summarise(t, events+`{"Action":"fail","Package":"j/a","Test":"TestBad"}`+"\n")
	_, end, _ := strings.Cut(out, "kills: 0\n")
	for _, want := range []string{"first", "want 1\n        got 2\n", "xxx …"} {
		if !strings.Contains(end, want) {
			t.Errorf("no %q in\n%s", want, end)
		}
	}
	if strings.Contains(end, "line") || len(end) > 1000 {
		t.Errorf("too much at the end:\n%s", end)
	}
}

func TestSkipFailsACompleteRunOnly(t *testing.T) {
	_, s := summarise(t, run+skip)
	if err := s.verdict(false); err != nil {
		t.Error(err)
	}
	if err := s.verdict(true); err == nil {
		t.Error("a skipped test made a good run with CI=true")
	}
}

func TestNothingTestedFails(t *testing.T) {
	out, s := summarise(t, "go: cannot find main module\n")
	if err := s.verdict(false); err == nil {
		t.Error("a run without a package was good")
	}
	if !strings.Contains(out, "cannot find main module") {
		t.Errorf("a line that is no event was swallowed: %q", out)
	}
}
