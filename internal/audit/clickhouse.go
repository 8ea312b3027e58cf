package audit

import (
	"context"
	"fmt"
	"time"

	"jifen/ledger"
)

// ClickHouse is the analysts' copy under audit.
type ClickHouse interface {
	Counts(ctx context.Context) (map[int32]Count, error)
	Sums(ctx context.Context) (Sums, error)
}

// Count is what the copy holds of a shard: rows without duplicates, distinct seq, the last seq. All are equal (I14).
type Count struct{ Rows, Distinct, Max uint64 }

// Sums are the copy's sums: per member as booked, and over all.
type Sums struct {
	Members map[string]ledger.Balance
	Totals  Totals
}

// compareClickHouse compares counts per shard and sums, once the feed has caught up (I14).
func (a *Audit) compareClickHouse(ctx context.Context) error {
	deadline := time.Now().Add(a.Wait)
	counts, err := a.ClickHouse.Counts(ctx)
	for ; err == nil && !a.fed(counts) && time.Now().Before(deadline); counts, err = a.ClickHouse.Counts(ctx) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("audit: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
	if err != nil {
		return err
	}
	for n := range int32(a.Shards) {
		c, want := counts[n], a.heads[n].Seq
		if c != (Count{want, want, want}) {
			a.report.differ(Difference{
				Where: "clickhouse", Shard: n, What: "rows", Ledger: fmt.Sprint(want), Found: fmt.Sprintf("%d rows, %d distinct, last %d", c.Rows, c.Distinct, c.Max),
			})
		}
	}
	return a.compareSums(ctx)
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

func (a *Audit) compareSums(ctx context.Context) error {
	sums, err := a.ClickHouse.Sums(ctx)
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
