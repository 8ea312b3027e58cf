package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"jifen/internal/kafka"
	"jifen/internal/telemetry"
)

var stageNames = [...]string{"credits", "balances", "notices", "analytics", "coupons", "webhooks", "messages", "contacts", "channels"}

func runCommand() *cobra.Command {
	var stages []string
	cmd := &cobra.Command{
		Use: "run", Short: "Run the pipeline: credits, balances, notices, analytics, coupons, webhooks, messages, contacts, channels", Args: cobra.NoArgs,
		Long: "Runs stages of the pipeline until it is told to stop (SIGTERM). Several processes share the work; each has a\n" +
			"slot of its own (kafka.instance). With credits and balances in one process its owner evaluates what its own members\n" +
			"did itself, which costs less; apart, each can have as many processes as it needs. Coupons are told of once a\n" +
			"published rulebook has milestones; they are delivered where webhook.url is set. Contacts are kept where vault.keys\n" +
			"is set; members are told by the channels of notices.channels.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := open(cmd)
			if err != nil {
				return err
			}
			wanted := map[string]bool{}
			for _, s := range stages {
				if !slices.Contains(stageNames[:], s) {
					return &usageError{fmt.Errorf("--stages: there is no stage %q, only %v", s, stageNames)}
				}
				wanted[s] = true
			}
			return errors.Join(a.withAdmin(cmd.Context(), func(ctx context.Context) error { return a.run(ctx, wanted) }), a.close())
		},
	}
	cmd.Flags().StringSliceVar(&stages, "stages", stageNames[:], "which stages to run, by `NAME`")
	return cmd
}

// collectAt is GOGC where it is not set: members that are kept are most of the memory, and were looked through twice as
// often by Go's 100.
const collectAt = 200

// run waits for what the stages need, then runs them.
func (a *app) run(ctx context.Context, stages map[string]bool) error {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(collectAt)
	}
	a.health.Add("kafka", func(ctx context.Context) error { return kafka.Ready(ctx, a.kafka) })
	redis := stages["balances"] || stages["messages"]
	if redis {
		a.health.Add("redis", a.store.Ready)
	}
	if err := a.await(ctx, redis); err != nil || ctx.Err() != nil {
		return err
	}
	a.health.Started()
	slog.Info("pipeline runs", "stages", stages, "shards", a.config.Shards, "instance", a.config.Kafka.Instance)
	return a.pipeline(ctx, stages)
}

// await waits until Kafka, with our topics, and Redis are there.
func (a *app) await(ctx context.Context, redis bool) error {
	err := need(ctx, "kafka", func(ctx context.Context) error { return kafka.Check(ctx, a.kafka, a.config.Shards) })
	if err == nil && redis {
		err = need(ctx, "redis", a.store.Ready)
	}
	select {
	case <-ctx.Done():
		return nil // told to stop, which is no failure
	default:
		return err
	}
}

// withAdmin serves health and metrics beside f, from before anything is ready.
func (a *app) withAdmin(ctx context.Context, f func(context.Context) error) error {
	if a.config.Admin.Addr == "" {
		return f(ctx)
	}
	admin, err := telemetry.NewAdmin(a.config.Admin.Addr, a.health, a.registry, slog.Default())
	if err != nil {
		return err
	}
	// Unready first, so that whoever sends us work stops before we do.
	defer context.AfterFunc(ctx, a.health.Drain)()
	ctx, stop := context.WithCancel(ctx)
	run, ctx := errgroup.WithContext(ctx)
	run.Go(func() error { return admin.Run(ctx) })
	run.Go(func() error {
		defer stop()
		return f(ctx)
	})
	return run.Wait()
}
