package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"jifen/analytics"
	"jifen/internal/audit"
	"jifen/internal/kafka"
	"jifen/ledger"
)

func auditCommand() *cobra.Command {
	var format string
	var wait time.Duration
	var noClickHouse bool
	cmd := &cobra.Command{
		Use: "audit", Short: "Hold the ledger against Redis and ClickHouse; exit 1 when anything differs", Args: cobra.NoArgs,
		RunE: withApp(func(cmd *cobra.Command, a *app, _ []string) error {
			bar := progress(-1, "ledger entries")
			report, err := a.audit(cmd.Context(), wait, !noClickHouse, func(entries int64) { _ = bar.Set64(entries) })
			_ = bar.Finish()
			if err != nil {
				return err
			}
			if err := printAudit(cmd.OutOrStdout(), report, format); err != nil {
				return err
			}
			if len(report.Differences) > 0 {
				return errDiffers
			}
			return nil
		}),
	}
	outputFlag(cmd, &format, "text", "json")
	cmd.Flags().DurationVar(&wait, "wait", 30*time.Second, "how long Redis and ClickHouse may take to catch up")
	cmd.Flags().BoolVar(&noClickHouse, "no-clickhouse", false, "leave ClickHouse out")
	return cmd
}

func (a *app) audit(ctx context.Context, wait time.Duration, clickhouse bool, told func(entries int64)) (*audit.Report, error) {
	x := &audit.Audit{
		History: &kafka.Replayer{Config: a.kafka}, Redis: a.store, Shards: a.config.Shards, Wait: wait,
		Progress: told,
	}
	if clickhouse {
		x.ClickHouse = analysts{a.analytics}
	}
	return x.Run(ctx)
}

func printAudit(w io.Writer, r *audit.Report, format string) error {
	if format == "json" {
		return json.NewEncoder(w).Encode(r)
	}
	_, err := fmt.Fprintf(w, "entries %d, members %d, states compared %d\nsum ledger %d, redis %d, clickhouse %d, granted-reversed-expired-redeemed %d\n",
		r.Entries, r.Members, r.States, r.SumLedger, r.SumRedis, r.SumClickHouse, r.SumFlows)
	for _, d := range r.Differences {
		_, err = fmt.Fprintln(w, d)
	}
	if err == nil {
		_, err = fmt.Fprintf(w, "differences %d\n", len(r.Differences))
	}
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// analysts shows ClickHouse's copy to the audit.
type analysts struct{ store *analytics.Store }

func (x analysts) Counts(ctx context.Context, upTo map[int32]uint64) (map[int32]audit.Count, error) {
	counts, err := x.store.ShardCounts(ctx, upTo)
	out := map[int32]audit.Count{}
	for n, c := range counts {
		out[n] = audit.Count{Rows: c.Rows, Distinct: c.Distinct, Max: c.Max, Last: c.Last}
	}
	return out, err
}

func (x analysts) Sums(ctx context.Context, upTo map[int32]uint64) (audit.Sums, error) {
	s, err := x.store.Sums(ctx, upTo)
	out := audit.Sums{Members: map[string]ledger.Balance{}, Totals: audit.Totals{
		Outstanding: s.Balance, Granted: s.Granted, Reversed: s.Reversed, Expired: s.Expired, Redeemed: s.Redeemed, Adjusted: s.Adjusted,
	}}
	for id, m := range s.Members {
		out.Members[id] = ledger.Balance{Available: m.Available, Pending: m.Pending, Frozen: m.Frozen, Debt: m.Debt}
	}
	return out, err
}
