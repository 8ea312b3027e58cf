package audit

import (
	"context"
	"fmt"
	"time"

	"jifen/analytics"
)

// ClickHouse is the analysts' copy under audit.
type ClickHouse interface {
	Sums(ctx context.Context) (analytics.Sums, error)
	ShardCounts(ctx context.Context) (map[int32]analytics.ShardCount, error)
}

// compareClickHouse compares counts per shard and sums, once the feed has caught up (I14).
func (a *Audit) compareClickHouse(ctx context.Context) error {
	deadline := time.Now().Add(a.Wait)
	counts, err := a.ClickHouse.ShardCounts(ctx)
	for ; err == nil && !a.fed(counts) && time.Now().Before(deadline); counts, err = a.ClickHouse.ShardCounts(ctx) {
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
		if c.Rows != want || c.Distinct != want || c.Max != want {
			a.report.differ(Difference{
				Where: "clickhouse", Shard: n, What: "rows", Ledger: fmt.Sprint(want), Found: fmt.Sprintf("%d rows, %d distinct, last %d", c.Rows, c.Distinct, c.Max),
			})
		}
	}
	return a.compareSums(ctx)
}

// fed says whether every shard has arrived.
func (a *Audit) fed(counts map[int32]analytics.ShardCount) bool {
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
	a.report.SumClickHouse = sums.Balance
	t := a.report.Totals
	for _, c := range []struct {
		what       string
		want, have int64
	}{
		{"balance", a.report.SumLedger, sums.Balance}, {"granted", t.Granted, sums.Granted}, {"reversed", t.Reversed, sums.Reversed},
		{"expired", t.Expired, sums.Expired}, {"redeemed", t.Redeemed, sums.Redeemed}, {"adjusted", t.Adjusted, sums.Adjusted},
	} {
		if c.want != c.have {
			a.report.differ(Difference{Where: "clickhouse", Shard: -1, What: "sum " + c.what, Ledger: fmt.Sprint(c.want), Found: fmt.Sprint(c.have)})
		}
	}
	for n, w := range a.worlds {
		for id, m := range w.Members {
			b, c := m.Booked(), sums.Members[id]
			if (analytics.MemberSum{Available: b.Available, Pending: b.Pending, Frozen: b.Frozen, Debt: b.Debt}) != c {
				a.report.differ(Difference{Where: "clickhouse", Shard: n, What: "member " + id, Ledger: fmt.Sprintf("%+v", b), Found: fmt.Sprintf("%+v", c)})
			}
		}
	}
	return nil
}
