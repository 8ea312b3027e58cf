package main

import (
	"context"
	"log/slog"
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
	value, err := (&pointspb.Request{Id: "wake", What: &pointspb.Request_Wake{Wake: &pointspb.WakeRequest{}}}).MarshalVT()
	if err != nil {
		return nil, err
	}
	var records []topics.Record
	for i := range wants {
		n := wants[i].Shard
		// A store that lost its states has no due index either: the owner notices it when it is woken.
		if len(got[i].Due) > 0 || got[i].Head.Seq < owned[n] {
			records = append(records, topics.Record{Topic: topics.Requests, Partition: n, Value: value})
		}
	}
	return records, nil
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
