package rules_test

import (
	"testing"
	"time"

	"jifen/rules"
	"jifen/topics"
)

// BenchmarkEvaluateAt is one order of three lines under one rule, at a desk that is used again.
func BenchmarkEvaluateAt(b *testing.B) {
	book, err := rules.Compile(&topics.Rulebook{
		Name: "test", Version: "2026", Zone: time.UTC, Currency: "CNY", MaxMultiplier: topics.NoMaximum(), PointCost: topics.One(),
		Rules: []topics.Rule{{ID: "spend", On: topics.TypeOrderPaid, Mode: topics.ModeStep, Points: 1, Per: 1000, TierMultiplier: true}},
	})
	if err != nil {
		b.Fatal(err)
	}
	e := topics.Event{Source: "/shops/bench", ID: "e-1000000", Type: topics.TypeOrderPaid, Time: time.UnixMilli(1780000000000)}
	e.Data = topics.Data{Member: "m1000000", Order: "O-1000000", Currency: "CNY", Store: "GB-LON-117", Channel: "pos"}
	for _, id := range []string{"1", "2", "3"} {
		e.Data.Lines = append(e.Data.Lines, topics.Line{Line: id, SKU: "S", Quantity: 1, Net: 4500})
	}
	var desk rules.Desk
	b.ReportAllocs()
	for b.Loop() {
		if c, err := book.EvaluateAt(&desk, &e); err != nil || len(c.Candidates) != 1 {
			b.Fatal(c)
		}
	}
}
