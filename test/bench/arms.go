package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"jifen/internal/devstack"
	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// stopWait is how long a child may take to end.
const stopWait = 20 * time.Second

// arms measures on one topic: a tenth of the orders goes through the whole pipeline first, uncounted, so that brokers,
// Redis and the engine are warm; then all arms read the same further orders.
func (b *bed) arms(ctx context.Context) (*Report, error) {
	r := &Report{Load: b.Load, Kafka: b.Kafka, Shards: shards, Faults: []string{}, Versions: b.versions(ctx)}
	generator := newOrders(b.Load, time.Now().Add(-time.Hour))
	if _, err := b.produce(ctx, generator, b.Events/10, "warm-up orders"); err != nil {
		return nil, err
	}
	p, err := b.launch(append([]string{"run"}, b.settings()...)...)
	if err != nil {
		return nil, err
	}
	if err := b.settled(ctx, generator.Events); err != nil {
		return nil, err
	}
	if err := p.Stop(stopWait); err != nil {
		return nil, err
	}
	load, err := b.produce(ctx, generator, b.Events, "orders")
	if err != nil {
		return nil, err
	}
	r.OrderBytes = load.Bytes / max(1, load.Events)
	for _, arm := range []func(context.Context, *Report, *orders, Totals) error{b.fetchAndDecode, b.creditsStage, b.pipeline} {
		if err := arm(ctx, r, generator, load); err != nil {
			return nil, err
		}
	}
	return r, nil
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

// fetchAndDecode reads the whole topic, the warm-up too: all of it is counted.
func (b *bed) fetchAndDecode(ctx context.Context, r *Report, g *orders, _ Totals) error {
	before, err := cpuOfAll(b.pids(nil))
	if err != nil {
		return err
	}
	started := time.Now()
	out, state, err := b.ask(ctx, b.Decode(g.Events, b.settings())...)
	if err != nil {
		return err
	}
	wall := time.Since(started)
	after, err := cpuOfAll(b.pids(nil))
	if err != nil {
		return err
	}
	var got Totals
	if err := json.Unmarshal(out, &got); err != nil {
		return fmt.Errorf("decoded: %w", err)
	}
	used := after.since(before)
	used["jifen"] = state.UserTime() + state.SystemTime()
	if got.Net != g.Net || got.Events != g.Events {
		r.fault("fetch + decode: %+v, generated %+v", got, g.Totals)
	}
	r.arm("fetch + decode", g.Totals, got.Points, wall, used)
	return nil
}

// creditsStage runs the stage alone, with nobody to take what it writes; then all is put back as it was.
func (b *bed) creditsStage(ctx context.Context, r *Report, _ *orders, load Totals) error {
	m, err := b.mark(ctx)
	if err != nil {
		return err
	}
	defer m.close()
	args := append([]string{"run", "--stages", "credits"}, b.settings(fmt.Sprintf("credits.lag_max=%d", 100*load.Events))...)
	wall, used, p, err := b.watch(ctx, args, nil, b.credited)
	if err != nil {
		return err
	}
	if err := p.Stop(stopWait); err != nil {
		return err
	}
	var points int64
	history := kafka.Replayer{Config: b.kafka}
	err = history.Replay(ctx, topics.Credits, m.credits, func(_ int32, _ int64, value []byte) error {
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
	r.arm("credits stage", load, points, wall, used)
	return m.restore(ctx)
}

// watch runs a jifen until what it is to do is done, and reads what every process used for it. It runs on.
func (b *bed) watch(ctx context.Context, args []string, others map[string]int, done func(context.Context) error) (time.Duration, usage, *devstack.Process, error) {
	before, err := cpuOfAll(b.pids(others))
	if err != nil {
		return 0, nil, nil, err
	}
	started := time.Now()
	p, err := b.launch(args...)
	if err != nil {
		return 0, nil, nil, err
	}
	if err := done(ctx); err != nil {
		return 0, nil, nil, err
	}
	wall := time.Since(started)
	after, err := cpuOfAll(b.pids(others))
	if err != nil {
		return 0, nil, nil, err
	}
	used := after.since(before)
	used["jifen"], err = cpuOf(p.PID())
	return wall, used, p, err
}

// pipeline runs all stages in one process, and holds the outcome against the ledger and against the generator.
func (b *bed) pipeline(ctx context.Context, r *Report, g *orders, load Totals) error {
	others := map[string]int{"redis": b.stack.Redis.PID(), "clickhouse": b.stack.Engine.PID()}
	args := append([]string{"run"}, b.settings()...)
	wall, used, p, err := b.watch(ctx, args, others, func(ctx context.Context) error { return b.settled(ctx, g.Events) })
	if err != nil {
		return err
	}
	late, err := b.merged(ctx)
	if err != nil {
		return err
	}
	used["clickhouse"] += late
	if err := p.Stop(stopWait); err != nil {
		return err
	}
	out, _, err := b.ask(ctx, append([]string{"audit", "-o", "json"}, b.settings()...)...)
	if len(out) == 0 && err != nil {
		return err
	}
	var found struct {
		Entries     int64
		Totals      struct{ Granted int64 }
		Differences []any
	}
	if err := json.Unmarshal(out, &found); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	r.Entries, r.Differences = found.Entries, len(found.Differences)
	if r.Differences > 0 {
		r.fault("audit: %d differences", r.Differences)
	}
	// The warm-up's points are in the ledger too, and not in this arm.
	r.arm("full pipeline", load, found.Totals.Granted-(g.Points-load.Points), wall, used)
	return nil
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
