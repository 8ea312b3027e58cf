package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/processors/balances"
	"jifen/topics"
	"jifen/topics/pointspb"
)

const (
	wakeInterval = time.Second
	trimInterval = time.Minute
	// A freeze past its review date is a matter of days.
	reviewInterval = 5 * time.Second
	// An owner whose clock is further off the brokers' stops deciding (architecture: "Clock").
	skewMax       = time.Minute
	clockInterval = 20 * time.Second
)

// wake asks the owner, by a request like any other, to book what its due index says. So clock-driven work commits
// offsets too, and an owner that was deposed can book nothing.
func (a *app) wake(ctx context.Context, stage *balances.Stage) error {
	producer, err := kafka.NewProducer(a.kafka)
	if err != nil {
		return err
	}
	defer producer.Close()
	for every(ctx, wakeInterval) {
		records, err := a.dueShards(ctx, stage.Owned())
		if err == nil && len(records) > 0 {
			err = producer.Produce(ctx, records)
		}
		if err != nil && ctx.Err() == nil {
			slog.Warn("due work waits", "error", err)
		}
	}
	return nil
}

func (a *app) dueShards(ctx context.Context, owned map[int32]uint64) ([]topics.Record, error) {
	if len(owned) == 0 {
		return nil, nil
	}
	wants := make([]ledger.Want, 0, len(owned))
	for n := range owned {
		wants = append(wants, ledger.Want{Shard: n, Now: a.clock().UnixMilli(), DueMost: 1})
	}
	got, err := a.store.Read(ctx, wants)
	if err != nil {
		return nil, err
	}
	var records []topics.Record
	for i := range wants {
		n := wants[i].Shard
		// A store that lost its states has no due index either: the owner notices it when it is woken.
		if len(got[i].Due) > 0 || got[i].Head.Seq < owned[n] {
			record, err := wakeRecord(n)
			if err != nil {
				return nil, err
			}
			records = append(records, record)
		}
	}
	return records, nil
}

func wakeRecord(shard int32) (topics.Record, error) {
	value, err := (&pointspb.Request{Id: "wake", What: &pointspb.Request_Wake{Wake: &pointspb.WakeRequest{}}}).MarshalVT()
	if err != nil {
		return topics.Record{}, fmt.Errorf("encode wake request: %w", err)
	}
	return topics.Record{Topic: topics.Requests, Partition: shard, Value: value}, nil
}

// clockWatch remembers how far this machine's clock was from the brokers' when it was last compared.
type clockWatch struct{ skew atomic.Int64 }

func (c *clockWatch) steady() error {
	if skew := time.Duration(c.skew.Load()); skew.Abs() > skewMax {
		return fmt.Errorf("the clock of this machine is %s off the brokers': nothing is decided until it is set right", skew.Round(time.Second))
	}
	return nil
}

// watchClock compares the clocks again and again, by a request that does nothing else. While the brokers are away the
// last comparison counts.
func (a *app) watchClock(ctx context.Context, clock *clockWatch, stage *balances.Stage) error {
	for every(ctx, clockInterval) {
		for shard := range stage.Owned() {
			record, err := wakeRecord(shard)
			if err != nil {
				return err
			}
			look, done := context.WithTimeout(ctx, clockInterval)
			skew, err := kafka.Skew(look, a.kafka, record)
			done()
			if err == nil {
				clock.skew.Store(int64(skew))
				err = clock.steady()
			}
			if err != nil && ctx.Err() == nil {
				slog.Warn("clock", "error", err)
			}
			break
		}
	}
	return nil
}

// watchReviews counts the freezes that nobody has looked at in time, and warns when there are more than before.
func (a *app) watchReviews(ctx context.Context, stage *balances.Stage, observe *observer) error {
	known := int64(0)
	for every(ctx, reviewInterval) {
		n, err := a.store.Overdue(ctx, sortedKeys(stage.Owned()))
		switch {
		case err != nil && ctx.Err() == nil:
			slog.Warn("reviews", "error", err)
		case err == nil:
			if n > known {
				slog.Warn("freezes are past their review date", "freezes", n)
			}
			known = n
			observe.overdue.Set(float64(n))
		}
	}
	return nil
}

// trim deletes credits and requests that the owners have committed: their effects are in the ledger.
func (a *app) trim(ctx context.Context) error {
	lag, err := kafka.NewLag(a.kafka, topics.GroupBalances)
	if err != nil {
		return err
	}
	defer lag.Close()
	for every(ctx, trimInterval) {
		for _, topic := range []string{topics.Credits, topics.Requests} {
			if err := lag.Trim(ctx, topic); err != nil && ctx.Err() == nil {
				slog.Warn("trim", "topic", topic, "error", err)
			}
		}
	}
	return nil
}

// every waits for an interval; false when ctx has ended.
func every(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
