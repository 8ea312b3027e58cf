package rules_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/rulefile"
	"jifen/rules"
	"jifen/topics"
	"jifen/topics/pointspb"
)

const head = `apiVersion: jifen/v1
kind: Rulebook
metadata: {name: vectors, version: 2026-05}
spec:
  effective_from: 2026-01-01T00:00:00+08:00
  timezone: Asia/Shanghai
  currency: CNY
  tiers:
    levels:
      - {id: normal, from: 0, multiplier: "1"}
      - {id: silver, from: 500000, multiplier: "1.5"}
      - {id: gold, from: 2000000, multiplier: "2"}
  max_multiplier: "10"
`

const article = head + `  rules:
    - {id: basic, on: shop.order.paid.v1, match: {category: [basic]}, earn: {points: 1, per: 1000, mode: step}, tier_multiplier: true}
    - {id: new, on: shop.order.paid.v1, match: {category: [new]}, earn: {points: 1, per: 500, mode: step}, tier_multiplier: true}
    - {id: proportional, on: shop.order.paid.v1, match: {tag: [proportional]}, earn: {points: 1, per: 1000, mode: proportional}, tier_multiplier: true}
    - {id: hundred, on: shop.order.paid.v1, match: {tag: [hundred]}, earn: {points: 100, per: 100, mode: proportional}}
    - {id: nights, on: shop.activity.v1, match: {activity: [hotel_night]}, earn: {points: 100, per_quantity: 1}, tier_multiplier: true}
  campaigns:
    - {id: sale, on: earn, rules: [basic], multiplier: "2", from: 2026-06-18T00:00:00+08:00, to: 2026-06-21T00:00:00+08:00}
    - {id: two, on: earn, rules: [nights], multiplier: "2", group: g, from: 2026-06-01T00:00:00+08:00, to: 2026-07-01T00:00:00+08:00}
    - {id: three, on: earn, rules: [nights], multiplier: "3", group: g, from: 2026-06-01T00:00:00+08:00, to: 2026-07-01T00:00:00+08:00}
`

func compile(t testing.TB, text string) *rules.Book {
	t.Helper()
	source, err := rulefile.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b, err := rules.Compile(source)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func order(when time.Time, lines ...topics.Line) *topics.Event {
	return &topics.Event{
		Source: "/shops/sh01", ID: "e-1", Type: topics.TypeOrderPaid, Time: when,
		Data: topics.Data{Member: "m1", Order: "O1", Currency: "CNY", Lines: lines},
	}
}

func nights(when time.Time, n int64) *topics.Event {
	return &topics.Event{
		Source: "/hotels", ID: "e-2", Type: topics.TypeActivity, Time: when,
		Data: topics.Data{Member: "m1", Activity: "hotel_night", Quantity: n},
	}
}

// points is what each candidate gives at a tier multiplier, as the shard's owner would award it.
func points(t testing.TB, e *pointspb.CreditEvent, tier topics.Ratio) map[string]int64 {
	t.Helper()
	got := map[string]int64{}
	for _, c := range e.Candidates {
		m := topics.One()
		if c.TierMultiplier {
			m = tier
		}
		if c.Campaign != nil {
			m = m.Mul(topics.Ratio{Num: c.Campaign.Num, Den: c.Campaign.Den})
		}
		n, err := topics.Award(topics.Mode(c.Mode), c.Points, c.Per, c.Eligible, c.Quantity, m)
		if err != nil {
			t.Fatal(err)
		}
		got[c.Rule] = n
	}
	return got
}

// TestVector has the vectors of semantics §1, §8 and §9 that rules decide, from the YAML to the points.
func TestVector(t *testing.T) {
	book := compile(t, article)
	may := at(t, "2026-05-26T11:00:55+08:00")
	one, silver, gold := topics.One(), topics.Ratio{Num: 3, Den: 2}, topics.Ratio{Num: 2, Den: 1}
	type award = map[string]int64
	for _, v := range []struct {
		id    string
		event *topics.Event
		tier  topics.Ratio
		want  award
	}{
		{"E1", order(may, topics.Line{Line: "1", Category: "basic", Net: 29900}, topics.Line{Line: "2", Category: "new", Net: 45500}), silver, award{"basic": 43, "new": 136}},
		{"E2", order(may, topics.Line{Line: "1", Tags: []string{"x", "proportional"}, Net: 29900}), silver, award{"proportional": 44}},
		{"E3", order(may, topics.Line{Line: "1", Category: "basic", Net: 900}, topics.Line{Line: "2", Category: "basic", Net: 900}), one, award{"basic": 1}},
		{"E4", order(may, topics.Line{Line: "1", Tags: []string{"hundred"}, Net: 435}), one, award{"hundred": 435}},
		{"B3", nights(at(t, "2026-06-10T12:00:00+08:00"), 1), silver, award{"nights": 450}},
		{"V1", order(at(t, "2026-06-20T23:59:59.9+08:00"), topics.Line{Line: "1", Category: "basic", Net: 1000}), one, award{"basic": 2}},
		{"V2", order(at(t, "2026-06-21T00:00:00+08:00"), topics.Line{Line: "1", Category: "basic", Net: 1000}), one, award{"basic": 1}},
	} {
		t.Run(v.id, func(t *testing.T) {
			if diff := cmp.Diff(points(t, book.Evaluate(v.event), v.tier), v.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
	t.Run("E5", func(t *testing.T) {
		for tier, want := range map[topics.Ratio]int64{one: 100, silver: 150, gold: 200} {
			if got := points(t, book.Evaluate(nights(may, 1)), tier)["nights"]; got != want {
				t.Errorf("a night at %s: got %d, want %d", tier, got, want)
			}
		}
	})
	t.Run("E6", func(t *testing.T) {
		e := book.Evaluate(order(may, topics.Line{Line: "1", Category: "basic", Net: 19900}, topics.Line{Line: "2", Category: "basic", Net: 10000}))
		total := points(t, e, silver)["basic"]
		weights := make([]int64, 0, len(e.Candidates[0].Lines))
		for _, i := range e.Candidates[0].Lines {
			weights = append(weights, e.Order.Lines[i].Net)
		}
		if diff := cmp.Diff(topics.Allocate(total, weights), []int64{29, 14}); diff != "" {
			t.Errorf("split of %d (-got +want):\n%s", total, diff)
		}
	})
}
