package audit

import (
	"context"
	"fmt"
	"time"

	"jifen/ledger"
	"jifen/topics"
)

// ClickHouse is the analysts' copy under audit, as it is up to a seq of each shard. Of shards that are not named all is shown.
type ClickHouse interface {
	Counts(ctx context.Context, upTo map[int32]uint64) (map[int32]Count, error)
	Sums(ctx context.Context, upTo map[int32]uint64) (Sums, error)
}

// Count is what the copy holds of a shard: rows without duplicates, distinct seq, the last seq up to the one that was named. All
// are equal (I14). Last is the last seq of all.
type Count struct{ Rows, Distinct, Max, Last uint64 }

// Sums are the copy's sums: per member as booked, and over all.
type Sums struct {
	Members map[string]ledger.Balance
	Totals  Totals
}

// compareClickHouse compares counts per shard and sums, once the feed has caught up (I14). What the copy has beyond the
// entries that were folded must stand in the ledger by now.
func (a *Audit) compareClickHouse(ctx context.Context) error {
	deadline := time.Now().Add(a.Wait)
	upTo := map[int32]uint64{}
	for n, h := range a.heads {
		upTo[n] = h.Seq
	}
	counts, err := a.ClickHouse.Counts(ctx, upTo)
	for ; err == nil && !a.fed(counts) && time.Now().Before(deadline); counts, err = a.ClickHouse.Counts(ctx, upTo) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("audit: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
	if err != nil {
		return err
	}
	ends, err := a.ends(ctx, counts)
	if err != nil {
		return err
	}
	for n := range int32(a.Shards) {
		c, want := counts[n], a.heads[n].Seq
		if c.Rows != want || c.Distinct != want || c.Max != want || c.Last > ends[n] {
			a.report.differ(Difference{
				Where: "clickhouse", Shard: n, What: "rows", Ledger: fmt.Sprint(want),
				Found: fmt.Sprintf("%d rows, %d distinct, last %d, behind it %d of which the ledger has %d", c.Rows, c.Distinct, c.Max, c.Last-c.Max, ends[n]-want),
			})
		}
	}
	return a.compareSums(ctx, upTo)
}

// ends are the last seqs of the ledger; it is read anew where the copy has more than was folded.
func (a *Audit) ends(ctx context.Context, counts map[int32]Count) (map[int32]uint64, error) {
	ends, from, heads := map[int32]uint64{}, map[int32]int64{}, map[int32]ledger.Head{}
	for n, h := range a.heads {
		ends[n] = h.Seq
		if counts[n].Last > h.Seq {
			from[n], heads[n] = h.Offset+1, *h
		}
	}
	if len(from) == 0 {
		return ends, nil
	}
	err := a.History.Replay(ctx, topics.Ledger, from, func(n int32, offset int64, value []byte) error {
		h := heads[n]
		if _, err := ledger.Open(&h, value); err != nil {
			return brokenChain{n, offset, h.Seq + 1, err}
		}
		heads[n], ends[n] = h, h.Seq
		return nil
	})
	return ends, err
}

// fed says whether every shard has arrived.
func (a *Audit) fed(counts map[int32]Count) bool {
	for n, h := range a.heads {
		if counts[n].Max < h.Seq {
			return false
		}
	}
	return true
}

func (a *Audit) compareSums(ctx context.Context, upTo map[int32]uint64) error {
	sums, err := a.ClickHouse.Sums(ctx, upTo)
	if err != nil {
		return err
	}
	t, c := a.report.Totals, sums.Totals
	a.report.SumClickHouse = c.Outstanding
	for _, x := range []struct {
		what       string
		want, have int64
	}{
		{"balance", a.report.SumLedger, c.Outstanding},
		{"granted", t.Granted, c.Granted},
		{"reversed", t.Reversed, c.Reversed},
		{"expired", t.Expired, c.Expired},
		{"redeemed", t.Redeemed, c.Redeemed},
		{"adjusted", t.Adjusted, c.Adjusted},
	} {
		if x.want != x.have {
			a.report.differ(Difference{Where: "clickhouse", Shard: -1, What: "sum " + x.what, Ledger: fmt.Sprint(x.want), Found: fmt.Sprint(x.have)})
		}
	}
	known := map[string]struct{}{}
	for n, w := range a.worlds {
		for id, m := range w.Members {
			known[id] = struct{}{}
			if b, have := m.Booked(), sums.Members[id]; b != have {
				a.report.differ(Difference{Where: "clickhouse", Shard: n, What: "member " + id, Ledger: fmt.Sprintf("%+v", b), Found: fmt.Sprintf("%+v", have)})
			}
		}
	}
	for id, have := range sums.Members {
		if _, ok := known[id]; !ok && have != (ledger.Balance{}) {
			a.report.differ(Difference{Where: "clickhouse", Shard: -1, What: "member " + id, Ledger: "no such member", Found: fmt.Sprintf("%+v", have)})
		}
	}
	return nil
}
