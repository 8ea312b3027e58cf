package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
	Elapsed    float64 // seconds
}

// name is a test of a package; the test is empty for the package itself.
type name struct{ pkg, test string }

// summary gathers events; it keeps the output of a test only until the test passes.
type summary struct {
	w        io.Writer
	output   map[name]*strings.Builder
	packages int
	passed   int
	failed   int
	skipped  []name
	broken   []string // packages that failed
	reasons  []string // what failed tests said themselves, to be read where only the end is
	vectors  map[string]bool
	kills    map[string]map[string]int // failpoint → process → times
}

var (
	killLine   = regexp.MustCompile(`kill failpoint=(\S+) process=(\S+)`)
	vectorTest = regexp.MustCompile(`^TestVector/([^/]+)$`)
	// message is what a test says, up to the next that somebody says.
	message = regexp.MustCompile(`(?m)^ +\w+_test\.go:\d+: .*(?:\n {8}.*)*`)
)

const (
	messagesMax = 5   // of a failed test: the last ones say why
	messageMax  = 600 // bytes
)

func newSummary(w io.Writer) *summary {
	return &summary{
		w: w, output: make(map[name]*strings.Builder), vectors: make(map[string]bool),
		kills: make(map[string]map[string]int),
	}
}

// read takes events until the end; a line that is none is shown as it is.
func (s *summary) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || e.Action == "" {
			fmt.Fprintln(s.w, lines.Text())
			continue
		}
		s.take(e)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return nil
}

func (s *summary) take(e event) {
	n := name{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(s.w, e.Output)
	case "output":
		s.keep(n, e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			s.endPackage(n, e)
		} else {
			s.endTest(n, e)
		}
	}
}

func (s *summary) keep(n name, text string) {
	if k := killLine.FindStringSubmatch(text); k != nil {
		if s.kills[k[1]] == nil {
			s.kills[k[1]] = make(map[string]int)
		}
		s.kills[k[1]][k[2]]++
	}
	if s.output[n] == nil {
		s.output[n] = new(strings.Builder)
	}
	s.output[n].WriteString(text)
}

func (s *summary) endTest(n name, e event) {
	switch e.Action {
	case "pass":
		s.passed++
		if v := vectorTest.FindStringSubmatch(e.Test); v != nil {
			s.vectors[v[1]] = true
		}
	case "fail":
		s.failed++
		s.show(n)
		s.reason(n)
	case "skip":
		s.skipped = append(s.skipped, n)
		s.show(n)
	}
	delete(s.output, n)
}

// endPackage shows a failed package's own output and that of tests that never ended (a panic, a time-out).
func (s *summary) endPackage(n name, e event) {
	s.packages++
	if e.Action == "fail" {
		s.broken = append(s.broken, e.Package)
		for _, left := range slices.SortedFunc(maps.Keys(s.output), func(a, b name) int { return strings.Compare(a.test, b.test) }) {
			if left.pkg == e.Package {
				s.show(left)
			}
		}
	}
	if e.Action != "skip" { // of a package it means that it has no tests
		fmt.Fprintf(s.w, "%-5s%s %.1fs\n", e.Action, e.Package, e.Elapsed)
	}
	maps.DeleteFunc(s.output, func(left name, _ *strings.Builder) bool { return left.pkg == n.pkg })
}

func (s *summary) show(n name) {
	if out := s.output[n]; out != nil {
		fmt.Fprintf(s.w, "--- %s %s\n%s", n.pkg, n.test, out)
	}
}

// reason keeps the end of what a failed test said, without what its processes did.
func (s *summary) reason(n name) {
	if s.output[n] == nil {
		return
	}
	said := message.FindAllString(s.output[n].String(), -1)
	for _, m := range said[max(0, len(said)-messagesMax):] {
		if len(m) > messageMax {
			m = strings.ToValidUTF8(m[:messageMax], "") + " …"
		}
		s.reasons = append(s.reasons, fmt.Sprintf("%s %s\n%s", n.pkg, n.test, m))
	}
}

// totals prints what the whole run was.
func (s *summary) totals() {
	fmt.Fprintf(s.w, "\n%d passed, %d failed, %d skipped\n", s.passed, s.failed, len(s.skipped))
	fmt.Fprintf(s.w, "vectors: %d passed (%s)\n", len(s.vectors), strings.Join(slices.Sorted(maps.Keys(s.vectors)), " "))
	all := 0
	for _, point := range slices.Sorted(maps.Keys(s.kills)) {
		fmt.Fprintf(s.w, "kills at %s:", point)
		for _, process := range slices.Sorted(maps.Keys(s.kills[point])) {
			fmt.Fprintf(s.w, " %s %d", process, s.kills[point][process])
			all += s.kills[point][process]
		}
		fmt.Fprintln(s.w)
	}
	fmt.Fprintf(s.w, "kills: %d\n", all)
	for _, r := range s.reasons {
		fmt.Fprintln(s.w, "said by", r)
	}
}

// verdict is nil for a good run; with complete, a skipped test makes it a bad one.
func (s *summary) verdict(complete bool) error {
	var errs []error
	if s.packages == 0 {
		errs = append(errs, errors.New("no package was tested"))
	}
	if s.failed > 0 || len(s.broken) > 0 {
		errs = append(errs, fmt.Errorf("failed: %d tests; packages: %s", s.failed, strings.Join(s.broken, " ")))
	}
	if complete && len(s.skipped) > 0 {
		errs = append(errs, fmt.Errorf("CI=true and %d tests were skipped: %v", len(s.skipped), s.skipped))
	}
	return errors.Join(errs...)
}
