package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"jifen/analytics"
	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/processors/balances"
)

// withApp opens the doors for one subcommand and closes them after it.
func withApp(f func(cmd *cobra.Command, a *app, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a, err := open(cmd)
		if err != nil {
			return err
		}
		return errors.Join(f(cmd, a, args), a.close())
	}
}

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Create or update the ClickHouse tables and views", Args: cobra.NoArgs,
		RunE: withApp(func(cmd *cobra.Command, a *app, _ []string) error { return a.migrate(cmd.Context()) }),
	}
}

func (a *app) migrate(ctx context.Context) error {
	t, err := a.config.ClickHouse.TLS.Client()
	if err != nil {
		return err
	}
	if err := analytics.Migrate(ctx, a.clickhouse(t)); err != nil {
		return fmt.Errorf("clickhouse at %s: %w", a.config.ClickHouse.DSN, err)
	}
	return nil
}

func balancesCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "balances", Short: "Print every member's balance at the program's clock", Args: cobra.NoArgs,
		RunE: withApp(func(cmd *cobra.Command, a *app, _ []string) error {
			return a.printBalances(cmd.Context(), cmd.OutOrStdout(), format)
		}),
	}
	outputFlag(cmd, &format, "csv", "json")
	return cmd
}

// memberBalance is a line of `jifen balances`.
type memberBalance struct {
	Member    string `json:"member"`
	Available int64  `json:"available"`
	Pending   int64  `json:"pending"`
	Frozen    int64  `json:"frozen"`
	Debt      int64  `json:"debt"`
	Tier      string `json:"tier"`
}

func (a *app) printBalances(ctx context.Context, w io.Writer, format string) error {
	all, err := a.everyBalance(ctx)
	if err != nil {
		return err
	}
	if format == "json" {
		for _, b := range all {
			if err := json.NewEncoder(w).Encode(b); err != nil {
				return fmt.Errorf("print: %w", err)
			}
		}
		return nil
	}
	out := csv.NewWriter(w)
	_ = out.Write([]string{"member", "available", "pending", "frozen", "debt", "tier"}) // Flush tells
	for _, b := range all {
		n := func(v int64) string { return strconv.FormatInt(v, 10) }
		_ = out.Write([]string{b.Member, n(b.Available), n(b.Pending), n(b.Frozen), n(b.Debt), b.Tier})
	}
	out.Flush()
	return out.Error()
}

// everyBalance reads all accounts and advances them to the program's clock, in order of member.
func (a *app) everyBalance(ctx context.Context) ([]memberBalance, error) {
	names, err := a.store.Names(ctx)
	if err != nil {
		return nil, err
	}
	books, err := kafka.ReadRulebooks(ctx, a.rulebooks())
	if err != nil {
		return nil, err
	}
	var out []memberBalance
	for shard, n := range names {
		for members := range slices.Chunk(n.Members, 2000) {
			got, err := a.store.Read(ctx, []ledger.Want{{Shard: shard, Members: members}})
			if err != nil {
				return nil, err
			}
			m := ledger.Moment{Now: max(a.clock().UnixMilli(), got[0].Head.Now), Books: books}
			for _, id := range slices.Sorted(maps.Keys(got[0].World.Members)) {
				ledger.Advance(got[0].World, id, m)
				x := got[0].World.Member(id)
				b := x.Balance(m.Now)
				out = append(out, memberBalance{id, b.Available, b.Pending, b.Frozen, b.Debt, x.Tier(books.At(m.Time()), m.Now)})
			}
		}
	}
	slices.SortFunc(out, func(x, y memberBalance) int {
		if x.Member < y.Member {
			return -1
		}
		return 1
	})
	return out, nil
}

func rebuildCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rebuild", Short: "Fold the whole ledger into Redis again", Args: cobra.NoArgs,
		Long: "Removes every state from Redis and folds the ledger into it again. Owners that run notice it and decide nothing until\n" +
			"their shards are whole again.",
		RunE: withApp(func(cmd *cobra.Command, a *app, _ []string) error { return a.rebuild(cmd.Context()) }),
	}
}

func (a *app) rebuild(ctx context.Context) error {
	if err := a.store.Ready(ctx); err != nil {
		return err
	}
	shards := map[int32]bool{}
	for n := range int32(a.config.Shards) {
		shards[n] = true
	}
	if err := a.store.Reset(ctx, shards); err != nil {
		return err
	}
	bar := progress(-1, "entries folded")
	stage := balances.New(balances.Dependencies{
		Store: a.store, History: &kafka.Replayer{Config: a.kafka}, Observer: rebuildBar{bar}, Shards: a.config.Shards, Cache: 1,
	})
	numbers := slices.Sorted(maps.Keys(shards))
	err := stage.Takeover(ctx, map[string][]int32{creditsTopic: numbers, requestsTopic: numbers})
	_ = bar.Finish()
	return err
}

// rebuildBar shows a rebuild's progress.
type rebuildBar struct{ *progressbar.ProgressBar }

func (rebuildBar) Decided(string, ledger.Outcome, int)       {}
func (rebuildBar) Redeemed(context.Context, []string)        {}
func (b rebuildBar) Recovering(_ int, entries int64, _ bool) { _ = b.Add64(entries) }

// progress is a bar on stderr with rate and, where the end is known, the time left; silent where nobody looks.
func progress(most int64, what string) *progressbar.ProgressBar {
	info, err := os.Stderr.Stat()
	seen := err == nil && info.Mode()&os.ModeCharDevice != 0
	if !seen {
		slog.Debug("progress", "of", what)
	}
	return progressbar.NewOptions64(most, progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetVisibility(seen), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond))
}
