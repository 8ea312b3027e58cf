package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"jifen/analytics"
	"jifen/internal/config"
	"jifen/internal/kafka"
	"jifen/internal/redisstore"
	"jifen/internal/telemetry"
	"jifen/topics"
)

// app is what the subcommands share: the configuration and the doors that it opens.
type app struct {
	config    config.Config
	clock     func() time.Time // the program's clock: the wall clock plus an offset
	kafka     kafka.Config
	store     *redisstore.Store
	analytics *analytics.Store
	registry  *prometheus.Registry
	health    *telemetry.Health
}

// open reads the configuration and makes the doors; none of them connects yet.
func open(cmd *cobra.Command) (*app, error) {
	c, err := loadConfig(cmd)
	if err != nil {
		return nil, err
	}
	log, err := telemetry.NewLogger(os.Stderr, c.Log.Level, c.Log.Format, os.Getenv("NO_COLOR") != "")
	if err != nil {
		return nil, err
	}
	slog.SetDefault(log)
	return newApp(cmd.Context(), c)
}

func newApp(ctx context.Context, c config.Config) (*app, error) {
	a := &app{config: c, registry: telemetry.NewRegistry(), health: telemetry.NewHealth()}
	var err error
	if a.clock, err = programClock(c.Program); err != nil {
		return nil, err
	}
	var kafkaTLS, redisTLS, clickTLS *tls.Config
	for _, t := range []struct {
		from config.TLS
		to   **tls.Config
	}{{c.Kafka.TLS, &kafkaTLS}, {c.Redis.TLS, &redisTLS}, {c.ClickHouse.TLS, &clickTLS}} {
		if *t.to, err = t.from.Client(); err != nil {
			return nil, err
		}
	}
	a.kafka = kafka.Config{
		Brokers: c.Kafka.Brokers, ClientID: c.Kafka.ClientID, Instance: c.Kafka.Instance,
		SessionTimeout: c.Kafka.SessionTimeout, TransactionTimeout: c.Kafka.TransactionTimeout, TLS: kafkaTLS,
		SASL: c.Kafka.SASL.Mechanism, Username: c.Kafka.SASL.Username, Password: c.Kafka.SASL.Password.Reveal(),
	}
	a.store, err = redisstore.Open(redisstore.Config{
		Addrs: c.Redis.Addrs, Username: c.Redis.Username, Password: c.Redis.Password.Reveal(), DB: c.Redis.DB,
		Cluster: c.Redis.Cluster, TLS: redisTLS,
	})
	if err != nil {
		return nil, err
	}
	a.analytics, err = analytics.Open(ctx, a.clickhouse(clickTLS))
	return a, err
}

func (a *app) clickhouse(t *tls.Config) analytics.Config {
	c := a.config.ClickHouse
	return analytics.Config{DSN: c.DSN, User: c.Username, Password: c.Password.Reveal(), TLS: t, Shards: a.config.Shards, Zone: a.config.Program.Zone}
}

// close ends what open made.
func (a *app) close() error { return errors.Join(a.store.Close(), a.analytics.Close()) }

// programClock is the wall clock, moved to where the configuration says.
func programClock(p config.Program) (func() time.Time, error) {
	offset := p.ClockOffset
	if p.Now != "" {
		now, err := time.Parse(time.RFC3339Nano, p.Now)
		if err != nil {
			return nil, fmt.Errorf("program.now: %w", err)
		}
		offset = time.Until(now)
	}
	return func() time.Time { return time.Now().Add(offset) }, nil
}

func (a *app) limits() topics.Limits {
	e := a.config.Events
	return topics.Limits{LateAfter: e.LateAfter, SkewMax: e.Skew, BackfillSources: e.BackfillSources}
}

// shares are the keys of share tokens, checked when the configuration was read.
func (a *app) shares() topics.ShareKeys {
	keys, _ := topics.ParseShareKeys(a.config.Shares.Keys.Reveal())
	return keys
}

// shard is the shard of a member's account.
func (a *app) shard(account string) int32 { return topics.Shard(account, a.config.Shards) }

// need waits for a service: one clear line which and where when it is missing, then again with backoff until ctx ends.
func need(ctx context.Context, what string, ready func(context.Context) error) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 200*time.Millisecond, 5*time.Second
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		try, done := context.WithTimeout(ctx, 5*time.Second)
		defer done()
		return struct{}{}, ready(try)
	}, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, d time.Duration) {
		slog.Warn("waiting for "+what, "error", err, "again_in", d.Round(time.Millisecond))
	}))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
