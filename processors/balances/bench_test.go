package balances_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"jifen/internal/redisstore"
	"jifen/internal/testkit"
	"jifen/ledger"
	"jifen/processors"
	"jifen/processors/balances"
	"jifen/topics"
	"jifen/topics/pointspb"
)

type quiet struct{}

func (quiet) Decided(string, ledger.Outcome, int) {}
func (quiet) Redeemed(context.Context, []string)  {}
func (quiet) Recovering(int, int64, bool)         {}
func (quiet) Damaged(int32)                       {}

// BenchmarkOwner is the owner without Kafka, per paid order of two lines: 100,000 members who buy by zipf 1.1, batches of
// 5,000, on a real Redis.
func BenchmarkOwner(b *testing.B) {
	r := testkit.StartRedis(b)
	store, err := redisstore.Open(redisstore.Config{Addrs: []string{r.Addr()}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	now := time.Date(2026, 6, 1, 2, 0, 0, 0, time.UTC)
	book := &topics.Rulebook{
		Name: "bench", Version: "2026", From: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Zone: time.UTC, Currency: "CNY",
		Validity: topics.Validity{Years: 1, Rounding: topics.RoundDay}, MaxMultiplier: topics.NoMaximum(), PointCost: topics.One(),
	}
	s := balances.New(balances.Dependencies{
		Store: store, History: &log{}, Observer: quiet{}, Shards: shards, Cache: 200_000,
		Books: func() (topics.Books, error) { return topics.NewBooks(book), nil }, Clock: func() time.Time { return now },
	})
	if err := s.Takeover(b.Context(), everyShard()); err != nil {
		b.Fatal(err)
	}
	const size = 5000
	random := rand.New(rand.NewPCG(1, 2))
	rank := rand.NewZipf(random, 1.1, 1, 100_000-1)
	orders := 0
	batch := make([]topics.Record, size)
	fill := func() {
		for i := range batch {
			batch[i] = creditOf(b, fmt.Sprintf("m%d", 1_000_000+rank.Uint64()), orders, now.Add(time.Duration(orders-10_000_000)*time.Millisecond))
			orders++
		}
	}
	used := time.Duration(0)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n++ {
		if n%size != 0 {
			continue
		}
		b.StopTimer()
		fill()
		b.StartTimer()
		before := cpu(b)
		out, err := s.Process(b.Context(), processors.Batch{Records: batch})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Committed(b.Context(), out.Records); err != nil {
			b.Fatal(err)
		}
		used += cpu(b) - before
	}
	b.ReportMetric(float64(used.Microseconds())/float64(orders), "cpu-µs/order")
}

// cpu is what this process has used so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func creditOf(b *testing.B, member string, n int, at time.Time) topics.Record {
	b.Helper()
	lines := []*pointspb.OrderLine{{Id: "1", Net: int64(1500 + n%1000), Eligible: int64(1500 + n%1000)}, {Id: "2", Net: 700, Eligible: 700}}
	order := fmt.Sprintf("O-tb6qyq-%d", 1_000_000+n)
	e := &pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Version: "2026",
		Cause:       &pointspb.Cause{Source: "/shops/bench", Id: fmt.Sprintf("e-tb6qyq-%d", 1_000_000+n), Type: topics.TypeOrderPaid, OccurredAt: at.UnixMilli()},
		BusinessKey: topics.TypeOrderPaid + "\x1f/shops/bench\x1f" + order,
		Order:       &pointspb.OrderFacts{Order: order, Currency: "CNY", Lines: lines},
		Candidates: []*pointspb.Candidate{{
			Rule: "spend", Mode: string(topics.ModeStep), Points: 1, Per: 100, Eligible: lines[0].Net + 700, Lines: []uint32{0, 1}, TierMultiplier: true,
		}},
	}
	value, err := e.MarshalVT()
	if err != nil {
		b.Fatal(err)
	}
	return topics.Record{Topic: topics.Credits, Partition: topics.Shard(e.Account, shards), Key: []byte(e.Account), Value: value}
}
