package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"jifen/topics"
)

const (
	waiters   = 200                   // members who redeem, or wait for their points
	beat      = 50 * time.Millisecond // between two requests, or two orders
	lookEvery = 2 * time.Millisecond  // at a balance that is about to change
	endowment = 1_000_000             // pence: what a waiter's first order comes to
	giftPrice = 2                     // points
)

// Latency is how long people waited, in milliseconds from when they would have begun: a request that had to wait for
// those before it counts from then on. Drain is the orders per second that were credited meanwhile.
type Latency struct {
	Name   string  `json:"name"`
	Number int     `json:"number"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
	Most   float64 `json:"max_ms"`
	Drain  float64 `json:"drain_events_per_second,omitempty"`
}

// Latencies measures redemptions over HTTP and the way of an order to the balance: first with nothing else to do, then
// while a backlog drains. How many is by the quiet half.
func Latencies(ctx context.Context, o Options, number int) (*Report, error) {
	b, ctx, err := start(ctx, o)
	if err != nil {
		return nil, err
	}
	r, err := b.latencies(ctx, number)
	return r, errors.Join(because(ctx, err), b.close())
}

func (b *bed) latencies(ctx context.Context, number int) (*Report, error) {
	r := &Report{Load: b.Load, Kafka: b.Kafka, Shards: shards, Faults: []string{}, Versions: b.versions(ctx)}
	w, err := b.gather(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.quiet(ctx, r, number); err != nil {
		return nil, err
	}
	if err := w.draining(ctx, r); err != nil {
		return nil, err
	}
	found, err := b.audit(ctx, r)
	if err != nil {
		return nil, err
	}
	if found.Totals.Granted != w.orders.Points {
		r.fault("%d points granted, the generated orders come to %d", found.Totals.Granted, w.orders.Points)
	}
	if want := giftPrice * int64(w.redeemed); found.Totals.Redeemed != want {
		r.fault("%d points redeemed, the acknowledged redemptions come to %d", found.Totals.Redeemed, want)
	}
	return r, nil
}

func (w *crowd) quiet(ctx context.Context, r *Report, number int) error {
	for _, warm := range []bool{true, false} {
		n := number
		if warm {
			n = number / 5
		}
		redeemed, err := w.redemptions(ctx, "redemption", n, nil)
		if err != nil {
			return err
		}
		fresh, err := w.freshness(ctx, n)
		if err != nil {
			return err
		}
		if !warm {
			r.Latencies = append(r.Latencies, redeemed, fresh)
		}
	}
	return nil
}

// draining has the backlog credited from the moment on at which the owners are back, to its end.
func (w *crowd) draining(ctx context.Context, r *Report) error {
	if err := w.owners.Stop(); err != nil {
		return err
	}
	if err := w.produce(ctx, w.orders, w.Events, "orders of the backlog"); err != nil {
		return err
	}
	if err := w.run(); err != nil {
		return err
	}
	left := int64(w.Events - w.Events/10) // a tenth to warm up
	if err := w.creditedBut(ctx, left); err != nil {
		return err
	}
	started, over := time.Now(), make(chan struct{})
	var rate float64
	var failed error
	go func() {
		defer close(over)
		failed = errors.Join(w.creditedBut(ctx, shards), w.drained(ctx, topics.Credits, topics.GroupBalances))
		rate = float64(left) / time.Since(started).Seconds()
	}()
	redeemed, err := w.redemptions(ctx, "redemption, backlog draining", 1<<30, over)
	<-over
	redeemed.Drain = rate
	r.Latencies = append(r.Latencies, redeemed)
	return errors.Join(err, failed)
}

// redemptions asks for an item 20 times a second, whatever became of those before, n times or until over.
func (w *crowd) redemptions(ctx context.Context, name string, n int, over <-chan struct{}) (Latency, error) {
	var mu sync.Mutex
	var waits []time.Duration
	var failed error
	var all sync.WaitGroup
	bar := w.Progress(int64(min(n, 1<<20)), name)
	for i := range w.ticks(ctx, n, over) {
		member, due := w.members[w.random.IntN(len(w.members))], time.Now()
		w.redeemed++
		key := fmt.Sprintf("%s-%d", w.orders.run, w.redeemed)
		all.Go(func() {
			err := w.shop.redeem(ctx, member, key)
			mu.Lock()
			defer mu.Unlock()
			waits, failed = append(waits, time.Since(due)), errors.Join(failed, err)
		})
		_ = bar.Set64(int64(i))
	}
	all.Wait()
	_ = bar.Finish()
	return latency(name, waits), failed
}

// freshness sends one order every 50 ms and looks until the member's balance shows it.
func (w *crowd) freshness(ctx context.Context, n int) (Latency, error) {
	const name = "order produced → balance readable"
	var mu sync.Mutex
	var waits []time.Duration
	var failed error
	var all sync.WaitGroup
	bar := w.Progress(int64(n), name)
	for i := range w.ticks(ctx, n, nil) {
		// In turn: the member's order before this one was credited ten seconds ago.
		member := w.members[i%len(w.members)]
		order := w.orders.of(member)
		all.Go(func() {
			wait, err := w.shop.fresh(ctx, w.producer, member, order)
			mu.Lock()
			defer mu.Unlock()
			waits, failed = append(waits, wait), errors.Join(failed, err)
		})
		_ = bar.Set64(int64(i))
	}
	all.Wait()
	_ = bar.Finish()
	return latency(name, waits), failed
}

// ticks counts up to n at the beat, until over or the end of ctx.
func (w *crowd) ticks(ctx context.Context, n int, over <-chan struct{}) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for i := range n {
			select {
			case <-tick.C:
			case <-over:
				return
			case <-ctx.Done():
				return
			}
			if !yield(i) {
				return
			}
		}
	}
}

func latency(name string, waits []time.Duration) Latency {
	slices.Sort(waits)
	at := func(share int) float64 { // nearest rank
		if len(waits) == 0 {
			return 0
		}
		return float64(waits[(len(waits)*share+99)/100-1].Microseconds()) / 1000
	}
	return Latency{Name: name, Number: len(waits), P50: at(50), P99: at(99), Most: at(100)}
}
