package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"jifen/internal/rulefile"
	"jifen/rulebooks"
	"jifen/topics"
)

// memoryTopic keeps what is published, as the rulebook topic would.
type memoryTopic struct{ documents map[string][]byte }

func (m memoryTopic) Published(context.Context) (topics.Books, error) {
	var all []*topics.Rulebook
	for version, document := range m.documents {
		b, err := rulefile.Parse(version, document)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return topics.NewBooks(all...), nil
}

func (m memoryTopic) Publish(_ context.Context, version string, document []byte) error {
	m.documents[version] = document
	return nil
}

// runRules runs `jifen rules …` in a folder with the shipped books.
func runRules(t *testing.T, topic rulebookTopic, args ...string) (string, error) {
	t.Helper()
	cmd := rulesCommand(func(_ *cobra.Command, use func(rulebookTopic, time.Time) error) error {
		return use(topic, time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC))
	})
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&bytes.Buffer{})
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func shippedBooks(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"retail.yaml", "retail.cases.yaml", "demo.yaml", "demo.cases.yaml", "hotel.yaml", "hotel.cases.yaml", "education.yaml", "education.cases.yaml"} {
		text, err := rulebooks.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		writeBook(t, filepath.Join(dir, name), string(text))
	}
	t.Chdir(dir)
}

func writeBook(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func spoilBook(t *testing.T, file, from, to string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("%s does not say %q", file, from)
	}
	writeBook(t, file, strings.Replace(string(text), from, to, 1))
}

func TestRulesLintSaysWhereAFaultIs(t *testing.T) {
	shippedBooks(t)
	out, err := runRules(t, nil, "lint", "retail.yaml", "demo.yaml")
	want := "retail.yaml: ok, retail 2026-05, 10 rules, 1 campaigns\ndemo.yaml: ok, online-retail 2010-12, 1 rules, 0 campaigns\n"
	if err != nil || out != want {
		t.Fatalf("got %v\n%s\nwant\n%s", err, out, want)
	}
	spoilBook(t, "demo.yaml", "per: 100,", "per: 0,")
	out, err = runRules(t, nil, "lint", "retail.yaml", "demo.yaml")
	if err == nil || err.Error() != "1 of 2 rulebooks have faults" ||
		!strings.Contains(out, "demo.yaml:26:30: spec.rules[0].earn.per: 0 is out of range (expected a whole number of at least 1)\n   26 |       earn: {points: 1, per: 0, mode: step}\n") {
		t.Errorf("got %v\n%s", err, out)
	}
	out, _ = runRules(t, nil, "lint", "demo.yaml", "-o", "json")
	var reports []linted
	if err := json.Unmarshal([]byte(out), &reports); err != nil || len(reports) != 1 || reports[0].OK || reports[0].Faults[0].Line != 26 {
		t.Errorf("json: %v\n%s", err, out)
	}
	if _, err := runRules(t, nil, "lint", "nothing.yaml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
}

func TestRulesTestShowsWhatDiffers(t *testing.T) {
	shippedBooks(t)
	if out, err := runRules(t, nil, "test", "retail.yaml"); err != nil || strings.Contains(out, "FAILED") {
		t.Fatalf("got %v\n%s", err, out)
	}
	spoilBook(t, "retail.yaml", "per: 500,", "per: 1000,")
	out, err := runRules(t, nil, "test", "retail.yaml")
	if err == nil || err.Error() != "retail.cases.yaml: 4 of 21 cases failed" || !strings.Contains(out, "- spend-new: 67") || !strings.Contains(out, "+ spend-new: 136") {
		t.Errorf("got %v\n%s", err, out)
	}
	out, _ = runRules(t, nil, "test", "retail.yaml", "-o", "json")
	var results []rulefile.Result
	if err := json.Unmarshal([]byte(out), &results); err != nil || len(results) != 21 || results[0].Passed {
		t.Errorf("json: %v\n%s", err, out)
	}
}

// TestRulesTestShowsWindows: a window that no case expects is a difference, and where it ends is shown.
func TestRulesTestShowsWindows(t *testing.T) {
	shippedBooks(t)
	spoilBook(t, "retail.yaml", "pending: {days: 0}", "pending: {days: 7}")
	out, err := runRules(t, nil, "test", "retail.yaml")
	if err == nil || !strings.Contains(out, "- spend-basic: 43, pending until 2026-06-02T11:00:55+08:00") || !strings.Contains(out, "+ spend-basic: 43  ") {
		t.Errorf("got %v\n%s", err, out)
	}
	spoilBook(t, "retail.cases.yaml", "points: {spend-basic: 43, spend-new: 136}", "points: {spend-basic: 43, spend-new: 136}\n    pending: {spend-basic: completed}")
	if out, _ = runRules(t, nil, "test", "retail.yaml"); !strings.Contains(out, "+ spend-basic: 43, pending until completed") {
		t.Errorf("got\n%s", out)
	}
}

func TestRulesPublishPublishesNothingOnAnError(t *testing.T) {
	shippedBooks(t)
	topic := memoryTopic{map[string][]byte{}}
	refused := func(why string, args ...string) {
		t.Helper()
		before := len(topic.documents)
		if _, err := runRules(t, topic, append([]string{"publish"}, args...)...); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("got %v, want an error with %q", err, why)
		}
		if len(topic.documents) != before {
			t.Error("something was published")
		}
	}
	spoilBook(t, "retail.yaml", "per: 500,", "per: 0,")
	refused("retail.yaml:34:30", "retail.yaml")
	spoilBook(t, "retail.yaml", "per: 0,", "per: 1000,")
	refused("4 of 21 cases failed", "retail.yaml")
	spoilBook(t, "retail.yaml", "per: 1000, mode: step}\n      tier_multiplier: true\n    - id: nights", "per: 500, mode: step}\n      tier_multiplier: true\n    - id: nights")
	refused("no such file", "retail.yaml", "--cases", "other.yaml")

	refused("want text or json", "retail.yaml", "-o", "xml")

	out, err := runRules(t, topic, "publish", "retail.yaml", "--dry-run")
	if err != nil || len(topic.documents) != 0 || out != "checked: retail 2026-05, in force from 2026-01-01T00:00:00+08:00, 21 cases passed\n" {
		t.Errorf("dry run: %v\n%s", err, out)
	}
	out, err = runRules(t, topic, "publish", "retail.yaml", "-o", "json")
	document, _ := os.ReadFile("retail.yaml")
	if err != nil || !bytes.Equal(topic.documents["2026-05"], document) || !strings.Contains(out, `"state": "published"`) {
		t.Errorf("publish: %v\n%s", err, out)
	}
	if out, err = runRules(t, topic, "publish", "retail.yaml"); err != nil || !strings.HasPrefix(out, "unchanged: ") {
		t.Errorf("again: %v\n%s", err, out)
	}
	spoilBook(t, "retail.yaml", "max_multiplier: \"10\"", "max_multiplier: \"9\"")
	refused("never changes", "retail.yaml")
	spoilBook(t, "retail.yaml", "version: 2026-05", "version: 2026-06")
	refused("at least 10 minutes ahead", "retail.yaml")
	if diff := cmp.Diff(len(topic.documents), 1); diff != "" {
		t.Error(diff)
	}
}

func TestRulesDiffSaysWhatChanged(t *testing.T) {
	shippedBooks(t)
	text, err := os.ReadFile("retail.yaml")
	if err != nil {
		t.Fatal(err)
	}
	writeBook(t, "new.yaml", "# moved and said anew\n"+string(text))
	if out, err := runRules(t, nil, "diff", "retail.yaml", "new.yaml"); err != nil || !strings.HasSuffix(out, "\n\nno difference\n") {
		t.Errorf("the same: got %v\n%s", err, out)
	}
	spoilBook(t, "new.yaml", "version: 2026-05", "version: 2026-06")
	spoilBook(t, "new.yaml", "earn: {points: 1, per: 500, mode: step}", "earn: {points: 3, per: 999, mode: proportional}")
	out, err := runRules(t, nil, "diff", "retail.yaml", "new.yaml")
	want := "- retail.yaml: retail 2026-05\n+ new.yaml: retail 2026-06\n\n~ book\n    version  2026-05 → 2026-06\n\n" +
		"~ rule spend-new\n    earn  1 point for every full 5.00 CNY → 3 points per 9.99 CNY, in proportion\n"
	if !errors.Is(err, errDiffers) || out != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, out, want)
	}
	out, err = runRules(t, nil, "diff", "retail.yaml", "new.yaml", "-o", "json")
	var d bookDiff
	if jsonErr := json.Unmarshal([]byte(out), &d); jsonErr != nil || !errors.Is(err, errDiffers) || len(d.Changes) != 2 || d.Changes[1].ID != "spend-new" || d.New.Version != "2026-06" {
		t.Errorf("json: %v, %v\n%s", err, jsonErr, out)
	}
	spoilBook(t, "new.yaml", "per: 999,", "per: 0,")
	if out, err := runRules(t, nil, "diff", "retail.yaml", "new.yaml"); err == nil || errors.Is(err, errDiffers) || !strings.Contains(err.Error(), "new.yaml:35:30") || out != "" {
		t.Errorf("a book with faults: got %v\n%s", err, out)
	}
}
