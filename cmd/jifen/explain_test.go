package main

import (
	"strings"
	"testing"

	"jifen/cmd/jifen/simulate"
	"jifen/internal/rulefile"
	"jifen/topics"
)

// TestEveryEntryOfTheDemoExplainsItself runs the demo's orders through the stages and, at the end, the clock a year on:
// each entry's amount is recomputed from the entry (R65), which the run refuses to go on without, and each has its why in
// Chinese and in English. The audit at the end of `jifen demo` recomputes once more, its redemptions included.
func TestEveryEntryOfTheDemoExplainsItself(t *testing.T) {
	d := demo{}
	if err := d.load(); err != nil {
		t.Fatal(err)
	}
	book, err := rulefile.Parse(d.bookName, d.book)
	if err != nil {
		t.Fatal(err)
	}
	inputs := make([]simulate.Input, len(d.records))
	for i, r := range d.records {
		inputs[i] = simulate.Input{Record: r, Line: i + 1}
	}
	texts := map[string][]string{}
	for _, language := range []string{simulate.Chinese, simulate.English} {
		report, err := simulate.Run(t.Context(), simulate.Config{
			Books: topics.NewBooks(book), Now: d.last.AddDate(1, 1, 0), Follow: true, Limits: topics.DefaultLimits(), Shards: 8, Language: language,
		}, inputs)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]int{}
		for _, s := range report.Steps {
			for _, e := range s.Entries {
				kinds[e.Kind]++
				texts[language] = append(texts[language], e.Why)
				if e.Why == "" || e.Why == e.Kind || strings.ContainsAny(e.Why, "{}<>") || strings.Contains(e.Why, "%!") || strings.Contains(e.Why, "  ") {
					t.Errorf("line %d, %s: %q", s.Line, e.Kind, e.Why)
				}
			}
		}
		if kinds["granted"] < 500 || kinds["reversed"] == 0 || kinds["refunded"] == 0 || kinds["expired"] == 0 {
			t.Errorf("entries by kind: %v", kinds)
		}
	}
	for i, chinese := range texts[simulate.Chinese] {
		if english := texts[simulate.English][i]; chinese == english {
			t.Errorf("entry %d says the same in both languages: %q", i, english)
		}
	}
}
