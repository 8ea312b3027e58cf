package credits_test

import (
	"fmt"
	"testing"
	"time"

	"jifen/processors"
	"jifen/processors/credits"
	"jifen/topics"
)

type silent struct{}

func (silent) Credited(string, int)           {}
func (silent) Rejected(string, topics.Reason) {}

// BenchmarkProcess is the stage without Kafka, per order of three lines.
func BenchmarkProcess(b *testing.B) {
	books := topics.NewBooks(&topics.Rulebook{
		Name: "test", Version: "2026", From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Zone: time.UTC, Currency: "CNY",
		MaxMultiplier: topics.NoMaximum(), PointCost: topics.One(),
		Rules: []topics.Rule{{ID: "spend", On: topics.TypeOrderPaid, Mode: topics.ModeStep, Points: 1, Per: 1000, TierMultiplier: true}},
	})
	s := credits.New(credits.Dependencies{
		Books: func() (topics.Books, error) { return books, nil }, Clock: func() time.Time { return now },
		Limits: topics.DefaultLimits(), Shards: shards, Observer: silent{},
	})
	batch := processors.Batch{Records: make([]topics.Record, 2000)}
	for i := range batch.Records {
		e := topics.Event{Source: "/shops/bench", ID: fmt.Sprintf("e-tb6qyq-%d", 1000000+i), Type: topics.TypeOrderPaid, Time: now.Add(123 * time.Millisecond)}
		e.Data = topics.Data{
			Member: fmt.Sprintf("m%d", 1000000+i%700), Order: fmt.Sprintf("O-tb6qyq-%d", 1000000+i), Currency: "CNY", Freight: 395,
			Store: "GB-LON-117", Channel: "mini-program",
		}
		for n := range 3 {
			e.Data.Lines = append(e.Data.Lines, topics.Line{
				Line: fmt.Sprint(n + 1), SKU: "GIFT-01234-vintage-blue", Category: "stationery", Tags: []string{"autumn-2026", "gift", "made-in-uk"},
				Quantity: 7, Net: int64(1000 + i),
			})
		}
		batch.Records[i] = topics.Encode(&e)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%len(batch.Records) == 0 {
			out, err := s.Process(b.Context(), batch)
			if err != nil || out.Records[0].Topic != topics.Credits {
				b.Fatal(err)
			}
			if err := s.Committed(b.Context(), out.Records); err != nil {
				b.Fatal(err)
			}
		}
	}
}
