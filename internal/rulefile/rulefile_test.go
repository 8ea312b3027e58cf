package rulefile_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"jifen/internal/rulefile"
	"jifen/rulebooks"
	"jifen/topics"
)

func shipped(t testing.TB, name string) []byte {
	t.Helper()
	text, err := rulebooks.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parse(t testing.TB, text string) *topics.Rulebook {
	t.Helper()
	b, err := rulefile.Parse("book.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseReadsEveryField(t *testing.T) {
	text := strings.NewReplacer(
		"clawback: debt", "clawback: within_balance\n  point_cost: \"0.7\"",
		"metric: spend", "metric: paid_orders\n    count_pending: true",
		"{category: [basic]}", "{category: [basic, 新品], sku: [10002, \"007\"], tag: [t], store: [s], channel: [c], tier: [gold], first_order: true}",
		"mode: step}", "mode: proportional}\n      tier_multiplier: true\n      validity: {period: 1y6m10d, rounding: quarter, from: earning}\n      exclusive: x\n      priority: -3\n      holdout: {percent: 10}\n      pending: {days: 7}",
		"on: earn, ", "on: earn, group: g, store: [s], channel: [c], ",
	).Replace(base)
	june := time.Date(2026, 5, 31, 16, 0, 0, 0, time.UTC)
	zone, _ := time.LoadLocation("Asia/Shanghai")
	want := &topics.Rulebook{
		Name: "shop", Version: "2026-05", From: time.Date(2025, 12, 31, 16, 0, 0, 0, time.UTC), Zone: zone, Currency: "CNY",
		Validity: topics.Validity{Years: 1, Rounding: topics.RoundDay}, Clawback: topics.ClawbackBalance,
		Tiers: topics.Tiers{Metric: "paid_orders", Window: "calendar_year", Keep: "end_of_next_year", Downgrade: "best", CountPending: true, Levels: []topics.Level{
			{ID: "normal", Multiplier: topics.One()}, {ID: "gold", From: 2000000, Multiplier: topics.Ratio{Num: 2, Den: 1}},
		}},
		Rules: []topics.Rule{{
			ID: "spend", On: topics.TypeOrderPaid, Match: topics.Match{
				Category: []string{"basic", "新品"}, SKU: []string{"10002", "007"}, Tag: []string{"t"},
				Store: []string{"s"}, Channel: []string{"c"}, Tier: []string{"gold"}, FirstOrder: true,
			}, Mode: topics.ModeProportional, Points: 1, Per: 1000, TierMultiplier: true,
			Validity: &topics.Validity{Years: 1, Months: 6, Days: 10, Rounding: topics.RoundQuarter, FromEarning: true},
			Pending:  topics.Pending{Days: 7}, Exclusive: "x", Priority: -3, HoldoutPercent: 10,
		}},
		Campaigns: []topics.Campaign{{
			ID: "june", Rules: []string{"spend"}, Multiplier: topics.Ratio{Num: 2, Den: 1}, Group: "g", From: june, To: june.AddDate(0, 0, 30),
			Store: []string{"s"}, Channel: []string{"c"},
		}},
		MaxMultiplier: topics.Ratio{Num: 10, Den: 1}, PointCost: topics.Ratio{Num: 7, Den: 10},
	}
	same := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	if diff := cmp.Diff(parse(t, text), want, same); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(parse(t, "\ufeff"+strings.ReplaceAll(text, "\n", "\r\n")), want, same); diff != "" {
		t.Errorf("as Windows writes it (-got +want):\n%s", diff)
	}
}

func TestWhatABookLeavesOut(t *testing.T) {
	b := parse(t, `{apiVersion: jifen/v1, kind: Rulebook, metadata: {name: n, version: 1.0}, spec: {effective_from: 2026-01-01T00:00:00Z, timezone: UTC, currency: EUR,
  rules: [{id: a, on: shop.activity.v1, earn: {points: 2, per: 5}}, {id: b, on: shop.member.signed_in.v1, earn: {fixed: 1}}]}}`)
	if b.Version != "1.0" {
		t.Errorf("version: got %q, want it as it is written", b.Version)
	}
	if !b.Validity.IsZero() || b.Clawback != topics.ClawbackDebt || b.MaxMultiplier != (topics.Ratio{Num: math.MaxInt64, Den: 1}) || b.PointCost != (topics.Ratio{Num: 0, Den: 1}) {
		t.Errorf("got %+v, want points that live for ever, debts, no maximum and no cost", b)
	}
	if diff := cmp.Diff(b.Tiers.Levels, []topics.Level{{ID: "normal", Multiplier: topics.One()}}); diff != "" {
		t.Errorf("tiers (-got +want):\n%s", diff)
	}
	if b.Rules[0].Mode != topics.ModeStep {
		t.Errorf("mode: got %s, want step", b.Rules[0].Mode)
	}
}

func TestShippedBooksPassTheirCases(t *testing.T) {
	for _, name := range []string{rulebooks.Retail, rulebooks.Demo, rulebooks.Full, rulebooks.Hotel, rulebooks.Education} {
		b := parse(t, string(shipped(t, name)))
		cases := strings.TrimSuffix(name, ".yaml") + ".cases.yaml"
		results, err := rulefile.RunCases(b, cases, shipped(t, cases))
		if err != nil || len(results) < 4 {
			t.Fatalf("%s: %d cases, %v", cases, len(results), err)
		}
		for _, r := range results {
			if !r.Passed {
				t.Errorf("%s:%d %s (-got +want):\n%s", cases, r.Line, r.Name, cmp.Diff(r.Got, r.Want))
			}
		}
	}
}

func TestShippedBooksFitTheSchemaForEditors(t *testing.T) {
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(string(shipped(t, "rulebook.schema.json"))))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rulebook.schema.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("rulebook.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(text []byte) error {
		as, err := yaml.YAMLToJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(as)))
		if err != nil {
			t.Fatal(err)
		}
		return compiled.Validate(value)
	}
	for _, text := range [][]byte{shipped(t, rulebooks.Retail), shipped(t, rulebooks.Demo), shipped(t, rulebooks.Hotel), shipped(t, rulebooks.Education), []byte(base)} {
		if err := validate(text); err != nil {
			t.Error(err)
		}
	}
	if validate([]byte(strings.Replace(base, "currency", "curency", 1))) == nil {
		t.Error("an unknown key fits the schema")
	}
}

func TestAPublishedVersionNeverChanges(t *testing.T) {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	change := func(pairs ...string) rulefile.Document {
		text := strings.NewReplacer(pairs...).Replace(base)
		return rulefile.Document{File: "book.yaml", Text: []byte(text), Book: parse(t, text)}
	}
	first := change()
	existing := topics.NewBooks(first.Book, change("2026-05}", "2026-07}", "2026-01-01T00:00:00+08:00", "2026-07-01T00:00:00+08:00").Book)
	for _, c := range []struct {
		name     string
		book     rulefile.Document
		existing topics.Books
		want     error
		place    string
	}{
		{"a first version in the past", first, nil, nil, ""},
		{"the same again", change("clawback: debt", "clawback: debt   # 不变", "2026-01-01T00:00:00+08:00", "2025-12-31T16:00:00Z"), existing, nil, ""},
		{"the same version with another rate", change("per: 1000", "per: 999"), existing, rulefile.ErrChanged, "book.yaml:3:33: metadata.version: 2026-05: "},
		{"the same version in another zone", change("Asia/Shanghai", "Asia/Hong_Kong"), existing, rulefile.ErrChanged, "book.yaml:3:33: metadata.version: 2026-05: "},
		{"a later version in the past", change("2026-05}", "2026-06}"), existing, rulefile.ErrTooSoon, "book.yaml:5:19: spec.effective_from: 2026-01-01T00:00:00+08:00: "},
		{"a later version in 9 minutes", change("2026-05}", "2026-06}", "2026-01-01T00:00:00+08:00", "2026-05-20T12:09:59Z"), existing, rulefile.ErrTooSoon, "book.yaml:5:19: spec.effective_from: 2026-05-20T12:09:59Z: "},
		{"a later version in 10 minutes", change("2026-05}", "2026-06}", "2026-01-01T00:00:00+08:00", "2026-05-20T12:10:00Z"), existing, nil, ""},
		{
			"a later version at another's start", change("2026-05}", "2026-06}", "2026-01-01T00:00:00+08:00", "2026-06-30T16:00:00Z"), existing, rulefile.ErrOverlap,
			"book.yaml:5:19: spec.effective_from: version 2026-07: ",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := rulefile.CheckPublish(c.book, c.existing, now)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err != nil && !strings.HasPrefix(err.Error(), c.place+c.want.Error()+" (expected ") {
				t.Errorf("got %v, want it at %s", err, c.place)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(base))
	f.Add(shipped(f, rulebooks.Retail))
	f.Add(shipped(f, rulebooks.Demo))
	for _, text := range []string{"", "a", "- [", "{a: {b: &c [*c]}}", "? a\n: b", "a: |\n  b\n", "<<: *a", "a: !!binary x", "\t", "\"\\u", "---\n...\n---", "spec: {rules: [{}]}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := rulefile.Parse("fuzz.yaml", data)
		if err == nil {
			if b.Version == "" || len(b.Rules) == 0 || b.Zone == nil || b.From.IsZero() {
				t.Errorf("an incomplete book was accepted: %+v", b)
			}
			return
		}
		var all rulefile.Faults
		if !errors.As(err, &all) || len(all) == 0 || b != nil {
			t.Fatalf("got %T, want Faults", err)
		}
		for _, fault := range all {
			if fault.Line < 1 || fault.Column < 1 || fault.Message == "" || fault.Expected == "" {
				t.Errorf("incomplete fault %+v", fault)
			}
			if _, err := json.Marshal(fault); err != nil {
				t.Error(err)
			}
		}
	})
}

func BenchmarkParseRetail(b *testing.B) {
	text := shipped(b, rulebooks.Retail)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rulefile.Parse(rulebooks.Retail, text); err != nil {
			b.Fatal(err)
		}
	}
}
