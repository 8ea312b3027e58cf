package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"jifen/analytics"
	"jifen/internal/config"
	"jifen/internal/devstack"
	"jifen/internal/kafka"
	"jifen/internal/redisstore"
	"jifen/ledger"
	"jifen/rulebooks"
	"jifen/topics"
)

// shards of the installation under measure.
const shards = 16

// bed is the installation under measure: its services, and doors to look at them.
type bed struct {
	Options
	stack     *devstack.Stack
	dir       string // data and logs of the parts, logs of the children
	kafka     kafka.Config
	store     *redisstore.Store
	producer  *kafka.Producer
	children  int
	fail      context.CancelCauseFunc // ends the run
	closing   atomic.Bool             // what ends now is meant to
	warm, all Totals                  // what the warm-up orders, and all orders, of an arm come to
}

// start starts the services and makes topics, tables and the rulebook. The run is over when the context that it returns
// is, and that tells why.
func start(ctx context.Context, o Options) (*bed, context.Context, error) {
	if o.Profiles != "" {
		if err := os.MkdirAll(o.Profiles, 0o755); err != nil {
			return nil, nil, fmt.Errorf("profiles: %w", err)
		}
	}
	b := &bed{Options: o}
	var err error
	if b.dir, err = os.MkdirTemp(o.rounds, "jifen-bench-"); err != nil {
		return nil, nil, fmt.Errorf("bench: %w", err)
	}
	b.stack, err = devstack.StartStack(ctx, b.dir, devstack.Want{Redis: true, Engine: true, Kafka: o.Kafka == RealKafka, Kfake: o.Kafka != RealKafka})
	if err != nil {
		return nil, nil, errors.Join(err, b.leave())
	}
	ctx, b.fail = context.WithCancelCause(ctx)
	if err := b.endWithParts(); err != nil {
		return nil, nil, errors.Join(err, b.close())
	}
	if err := b.open(ctx); err != nil {
		return nil, nil, errors.Join(because(ctx, err), b.close())
	}
	return b, ctx, nil
}

func (b *bed) open(ctx context.Context) error {
	k := config.Default().Kafka
	b.kafka = kafka.Config{
		Brokers: strings.Split(b.stack.Brokers(), ","), ClientID: "jifen-bench", Instance: "bench",
		SessionTimeout: k.SessionTimeout, TransactionTimeout: k.TransactionTimeout,
	}
	if _, err := kafka.Apply(ctx, b.kafka, shards); err != nil {
		return err
	}
	var err error
	if b.store, err = redisstore.Open(redisstore.Config{Addrs: []string{b.stack.Redis.Addr()}}); err != nil {
		return err
	}
	if err := analytics.Migrate(ctx, analytics.Config{DSN: b.stack.Engine.DSN(), Shards: shards}); err != nil {
		return err
	}
	if b.producer, err = kafka.NewProducer(b.kafka); err != nil {
		return err
	}
	book, err := rulebooks.FS.ReadFile(rulebooks.Demo)
	if err != nil {
		return fmt.Errorf("rulebook: %w", err)
	}
	return b.producer.Produce(ctx, []topics.Record{{Topic: topics.RulebookV1, Key: []byte("bench"), Value: book}})
}

// close ends everything that start and launch made.
func (b *bed) close() error {
	b.closing.Store(true)
	defer b.fail(nil)
	if b.producer != nil {
		b.producer.Close()
	}
	var errs []error
	if b.store != nil {
		errs = append(errs, b.store.Close())
	}
	return errors.Join(append(errs, b.stack.Close(), b.leave())...)
}

// leave removes the files, or leaves them to the other rounds.
func (b *bed) leave() error {
	if b.rounds != "" {
		return emptied(b.dir)
	}
	return os.RemoveAll(b.dir)
}

// settings make every jifen that is started a part of this installation; nothing else configures it.
func (b *bed) settings(more ...string) []string {
	all := append([]string{
		"shards=" + strconv.Itoa(shards), "kafka.brokers=" + b.stack.Brokers(), "redis.addrs=" + b.stack.Redis.Addr(),
		"clickhouse.dsn=" + b.stack.Engine.DSN(), "admin.addr=", "log.format=text", "log.level=warn", "program.zone=Europe/London",
	}, more...)
	args := []string{"--config="}
	for _, s := range all {
		args = append(args, "--set", s)
	}
	return args
}

// ask runs a jifen to its end and returns what it prints.
func (b *bed) ask(ctx context.Context, args ...string) ([]byte, error) {
	cmd := b.Jifen(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	p, err := devstack.Launch(cmd)
	if err != nil {
		return nil, fmt.Errorf("start jifen %s: %w", args[0], err)
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Kill()
		return nil, ctx.Err()
	}
	if !p.State().Success() {
		return out.Bytes(), fmt.Errorf("jifen %s: %w", args[0], &exec.ExitError{ProcessState: p.State()})
	}
	return out.Bytes(), nil
}

// produce writes n generated orders that everybody sees.
func (b *bed) produce(ctx context.Context, from *orders, n int, what string) error {
	s, err := b.openShop(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	return s.produce(ctx, b.Progress(int64(n), what), from, n)
}

// credited waits until every order has been evaluated, by whichever group.
func (b *bed) credited(ctx context.Context) error {
	return b.drained(ctx, topics.Orders, topics.ShopGroups()...)
}

// warmed waits until the warm-up orders have been evaluated.
func (b *bed) warmed(ctx context.Context) error {
	return b.creditedBut(ctx, b.all.Events-b.warm.Events)
}

// creditedBut waits until all but so many orders have been evaluated.
func (b *bed) creditedBut(ctx context.Context, left int64) error {
	lag, err := kafka.NewLag(b.kafka, topics.ShopGroups()...)
	if err != nil {
		return err
	}
	defer lag.Close()
	for {
		n, err := lag.Records(ctx, topics.Orders)
		if err == nil && n <= left {
			return nil
		}
		if err := pause(ctx, lookInterval/5); err != nil {
			return fmt.Errorf("waiting for credits: %w", err)
		}
	}
}

// settled waits until every stage has done its work on that many orders: the owners' and the feed's too.
func (b *bed) settled(ctx context.Context, orders int64) error {
	if err := b.credited(ctx); err != nil {
		return err
	}
	return b.through(ctx, orders)
}

// through waits until that many orders, which have been credited, have gone through the owners and the feed.
func (b *bed) through(ctx context.Context, orders int64) error {
	for _, topic := range []string{topics.Credits, topics.Requests} {
		if err := b.drained(ctx, topic, topics.GroupBalances); err != nil {
			return err
		}
	}
	return b.fed(ctx, orders)
}

const lookInterval = 100 * time.Millisecond

func (b *bed) drained(ctx context.Context, topic string, groups ...string) error {
	lag, err := kafka.NewLag(b.kafka, groups...)
	if err != nil {
		return err
	}
	defer lag.Close()
	bar := b.Progress(-1, "left of "+topic)
	defer func() { _ = bar.Finish() }()
	for {
		left, err := lag.Records(ctx, topic) // fails until the group has a coordinator
		if err == nil && left <= shards {    // a marker may be the last offset of each partition
			done, err := lag.Drained(ctx, topic)
			if done && err == nil {
				return nil
			}
		}
		_ = bar.Set64(left)
		if err := pause(ctx, lookInterval); err != nil {
			return fmt.Errorf("waiting for %v: %w", groups, err)
		}
	}
}

// fed waits until ClickHouse holds that many orders, and the entries that Redis was folded from. It looks at how many rows
// the tables say they have, and lets the audit look at what they hold: the looks are work of the engine, too, and a query
// that reads the rows is compiled by it the third time, which takes 70 ms.
func (b *bed) fed(ctx context.Context, orders int64) error {
	wants := make([]ledger.Want, shards)
	for n := range wants {
		wants[n].Shard = int32(n)
	}
	for {
		heads, err := b.store.Read(ctx, wants)
		if err != nil {
			return err
		}
		var entries int64
		for n := range heads {
			entries += int64(heads[n].Head.Seq) //nolint:gosec // far from that many
		}
		held, err := b.rows(ctx)
		if err != nil {
			return err
		}
		if held.entries >= entries && held.orders >= orders {
			return nil
		}
		if err := pause(ctx, 5*lookInterval); err != nil {
			return fmt.Errorf("waiting for ClickHouse: %w", err)
		}
	}
}

// rows are how many rows the tables say they have.
type rows struct{ entries, orders int64 }

func (b *bed) rows(ctx context.Context) (rows, error) {
	text, err := b.query(ctx, "SELECT total_rows FROM system.tables WHERE database = currentDatabase() AND name IN ('ledger', 'shop_events') ORDER BY name")
	if err != nil {
		return rows{}, err
	}
	var r rows
	if _, err := fmt.Sscan(text, &r.entries, &r.orders); err != nil {
		return rows{}, fmt.Errorf("rows of the tables, of %q: %w", text, err)
	}
	return r, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
