package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
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

func (rebuildBar) Damaged(int32) {}

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
