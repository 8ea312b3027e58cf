package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// stopWait is how long a child may take to end.
const stopWait = 20 * time.Second

// arms measures on one topic. Of each arm the first tenth is not counted, so that every process is warm: its heap has
// grown, its caches are filled. The pipeline comes last, on orders of its own, when the broker is warm as well.
func (b *bed) arms(ctx context.Context) (*Report, error) {
	r := &Report{Load: b.Load, Kafka: b.Kafka, Shards: shards, Faults: []string{}, Versions: b.versions(ctx)}
	generator := newOrders(b.Load, time.Now().Add(-time.Hour))
	if err := b.produce(ctx, generator, b.Events/10, "warm-up orders"); err != nil {
		return nil, err
	}
	b.warm = generator.Totals
	if err := b.produce(ctx, generator, b.Events, "orders"); err != nil {
		return nil, err
	}
	b.all = generator.Totals
	r.OrderBytes = b.all.Bytes / b.all.Events
	if err := b.fetchAndDecode(ctx, r, "fetch + library", true); err != nil {
		return nil, err
	}
	if err := b.fetchAndDecode(ctx, r, "fetch + decode", false); err != nil {
		return nil, err
	}
	if err := b.creditsStage(ctx, r); err != nil {
		return nil, err
	}
	if err := b.clear(ctx); err != nil {
		return nil, err
	}
	generator.Totals = Totals{}
	return r, b.pipeline(ctx, r, generator)
}

// pids are the processes under measure.
func (b *bed) pids(more map[string]int) map[string]int {
	pids := map[string]int{}
	switch {
	case b.stack.Kafka != nil:
		pids[broker] = b.stack.Kafka.PID()
	case b.stack.Kfake != nil:
		pids[broker] = b.stack.Kfake.PID()
	}
	for name, pid := range more {
		pids[name] = pid
	}
	return pids
}

// fetchAndDecode reads the topic; the child measures itself.
func (b *bed) fetchAndDecode(ctx context.Context, r *Report, name string, library bool) error {
	before, err := cpuOfAll(b.pids(nil))
	if err != nil {
		return err
	}
	out, err := b.ask(ctx, b.Decode(DecodeOptions{b.warm.Events, b.all.Events, library}, b.settings())...)
	if err != nil {
		return err
	}
	after, err := cpuOfAll(b.pids(nil))
	if err != nil {
		return err
	}
	var got Decoded
	if err := json.Unmarshal(out, &got); err != nil {
		return fmt.Errorf("decoded: %w", err)
	}
	if got.Totals != b.all {
		r.fault("%s: %+v, generated %+v", name, got.Totals, b.all)
	}
	used := after.since(before) // the broker's is that of all orders
	used[broker] = used[broker] * time.Duration(b.Events) / time.Duration(b.all.Events)
	used["jifen"] = got.CPU
	b.arm(r, name, got.Points, got.Wall, used)
	return nil
}

// creditsStage runs the stage alone, with nobody to take what it writes.
func (b *bed) creditsStage(ctx context.Context, r *Report) error {
	args := append([]string{"run", "--stages", "credits"}, b.settings(fmt.Sprintf("credits.lag_max=%d", 100*b.all.Events))...)
	p, err := b.launch(args...)
	if err != nil {
		return err
	}
	if err := b.warmed(ctx); err != nil {
		return err
	}
	wall, used, err := b.watch(ctx, b.pids(map[string]int{"jifen": p.PID()}), b.credited)
	if err != nil {
		return err
	}
	if err := p.Stop(); err != nil {
		return err
	}
	from := map[int32]int64{}
	for n := range int32(shards) {
		from[n] = 0
	}
	var points int64
	history := kafka.Replayer{Config: b.kafka}
	err = history.Replay(ctx, topics.Credits, from, func(_ int32, _ int64, value []byte) error {
		var c pointspb.CreditEvent
		if err := c.UnmarshalVT(value); err != nil {
			return fmt.Errorf("credit event: %w", err)
		}
		for _, k := range c.Candidates {
			n, err := ledger.Explain(&pointspb.Arithmetic{Mode: k.Mode, Points: k.Points, Per: k.Per, Eligible: k.Eligible, Quantity: k.Quantity, Campaign: k.Campaign})
			if err != nil {
				return err
			}
			points += n
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.arm(r, "credits stage", points, wall, used)
	return nil
}

// watch waits until it is done and reads what every process used meanwhile.
func (b *bed) watch(ctx context.Context, pids map[string]int, done func(context.Context) error) (time.Duration, usage, error) {
	started := time.Now()
	before, err := cpuOfAll(pids)
	if err != nil {
		return 0, nil, err
	}
	if err := done(ctx); err != nil {
		return 0, nil, err
	}
	wall := time.Since(started)
	after, err := cpuOfAll(pids)
	return wall, after.since(before), err
}

// pipeline runs all stages in one process, and holds the outcome against the ledger and against the generator. The orders
// are written in one transaction, and are there at once when it commits: once the warm-up has gone all the way.
func (b *bed) pipeline(ctx context.Context, r *Report, generator *orders) error {
	if err := b.produce(ctx, generator, b.Events/10, "warm-up orders"); err != nil {
		return err
	}
	b.warm = generator.Totals
	load, err := b.hide(ctx)
	if err != nil {
		return err
	}
	defer load.close()
	p, err := b.launch(append([]string{"run"}, b.settings()...)...)
	if err != nil {
		return err
	}
	if err := load.produce(ctx, b.Progress(int64(b.Events), "orders"), generator, b.Events); err != nil {
		return err
	}
	b.all = generator.Totals
	if err := errors.Join(b.warmed(ctx), b.through(ctx, b.warm.Events)); err != nil {
		return err
	}
	pids := b.pids(map[string]int{"jifen": p.PID(), "redis": b.stack.Redis.PID(), "clickhouse": b.stack.Engine.PID()})
	wall, used, err := b.watch(ctx, pids, func(ctx context.Context) error {
		if err := load.reveal(ctx); err != nil {
			return err
		}
		return b.settled(ctx, b.all.Events)
	})
	if err != nil {
		return err
	}
	held, err := b.rows(ctx) // as the clock stopped
	if err != nil {
		return err
	}
	late, err := b.merged(ctx)
	if err != nil {
		return err
	}
	used["clickhouse"] += late
	if err := p.Stop(); err != nil {
		return err
	}
	found, err := b.audit(ctx, r)
	if err != nil {
		return err
	}
	r.complete(held, rows{found.Entries, b.all.Events})
	b.arm(r, "full pipeline", found.Totals.Granted, wall, used)
	return nil
}

// complete holds what was in ClickHouse as the clock stopped against what had to be: the tables were only asked how many rows they have.
func (r *Report) complete(held, all rows) {
	if held != all {
		r.fault("full pipeline: %d entries and %d orders were in ClickHouse as the clock stopped, of %d and %d", held.entries, held.orders, all.entries, all.orders)
	}
}

// merged waits until the engine has merged what was inserted, which is the feed's doing too, and returns what that took.
func (b *bed) merged(ctx context.Context) (time.Duration, error) {
	const look, quiet, longest = 500 * time.Millisecond, 20 * time.Millisecond, 20 * time.Second
	pid := b.stack.Engine.PID()
	first, err := cpuOf(pid)
	if err != nil {
		return 0, err
	}
	for last, until := first, time.Now().Add(longest); ; {
		if err := pause(ctx, look); err != nil {
			return 0, err
		}
		now, err := cpuOf(pid)
		if err != nil {
			return 0, err
		}
		if now-last <= quiet || time.Now().After(until) {
			return now - first, nil
		}
		last = now
	}
}
