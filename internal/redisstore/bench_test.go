package redisstore_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jifen/internal/testkit"
	"jifen/ledger"
	"jifen/topics"
)

// BenchmarkApply writes batches of 900 orders of 220 members, as an owner under load does for one shard, and reads them
// before; redis-µs/order is the server's own CPU time.
func BenchmarkApply(b *testing.B) {
	r := testkit.StartRedis(b)
	s := open(b, r)
	used := func() float64 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.PID()))
		if err != nil {
			b.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		f := strings.Fields(rest)
		user, _ := strconv.ParseFloat(f[11], 64)
		system, _ := strconv.ParseFloat(f[12], 64)
		return 10_000 * (user + system)
	}
	seq, orders := uint64(0), 0
	b.ReportAllocs()
	before := used()
	for b.Loop() {
		x := ledger.Batch{Shard: 1, From: seq + 1, World: ledger.NewWorld()}
		for i := range 900 {
			member := fmt.Sprintf("m%d", (orders+i*i)%220+int(seq/900%50)*100)
			key := fmt.Sprintf("%s\x1f/shops/bench\x1fO-abcdef-%d", member, orders+i)
			m := x.World.Change(member)
			*m.ChangeOrder(key) = ledger.Order{
				Paid: true, At: 1_790_000_000_000, Year: 2026, Counted: true, Written: 1_790_000_000_000,
				Lines:  []ledger.OrderLine{{ID: "1", Net: 4000, Eligible: 4000, Kept: 4000}, {ID: "2", Net: 500, Eligible: 500, Kept: 500}},
				Grants: []ledger.Grant{{Rule: "spend", Version: "2010-12", Mode: "step", Points: 1, Per: 100, Eligible: 4500, Num: 1, Den: 1, Lines: []uint32{0, 1}, Lot: 5, Awarded: 45}},
			}
			m.Account = ledger.Account{Lots: []ledger.Lot{{Number: 1, Remaining: 45, ActiveAt: 1_790_000_000_000, ExpiresAt: 1_800_000_000_000, Ordered: true}}}
			m.See(ledger.SeenMark{Month: 202611, Mark: topics.MarkOf(key)})
		}
		seq, orders = seq+900, orders+900
		x.Head = ledger.Head{Seq: seq, Hash: []byte{1}}
		w := ledger.Want{Shard: 1, Orders: slices.Sorted(maps.Keys(x.World.Orders()))}
		if _, err := s.Read(b.Context(), []ledger.Want{w}); err != nil {
			b.Fatal(err)
		}
		if err := s.Apply(b.Context(), []ledger.Batch{x}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((used()-before)/float64(orders), "redis-µs/order")
}
