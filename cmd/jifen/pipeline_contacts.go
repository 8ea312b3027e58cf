package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"jifen/internal/kafka"
	"jifen/processors/contacts"
	"jifen/topics"
)

// contacts: points.contacts, points.keys, points.ratings, points.ledger → Redis, and tombstones.
func (a *app) contacts(ctx context.Context, observe *observer) error {
	stage := contacts.New(a.store, a.store, observe, a.config.Shards, rand.Text())
	loop := &kafka.Loop{
		Name: "contacts", Group: topics.GroupContacts, Topics: append(topics.PrivateTopics(), topics.Ledger), Writes: topics.PrivateTopics(), Stage: stage,
		From: stage.From, Loss: stage.Loss, BatchMax: a.config.Credits.BatchMax,
	}
	producer, err := kafka.NewProducer(a.kafka)
	if err != nil {
		return err
	}
	defer producer.Close()
	run, ctx := errgroup.WithContext(ctx)
	run.Go(func() error { return loop.Run(ctx, a.kafka) })
	run.Go(func() error { a.seal(ctx, stage, producer); return nil })
	return run.Wait()
}

// emptiedInterval is how often it is looked whether Redis was emptied.
const emptiedInterval = 2 * time.Second

// seal writes seals when shards come, when Redis was emptied, and by the clock.
func (a *app) seal(ctx context.Context, stage *contacts.Stage, producer *kafka.Producer) {
	due := time.NewTicker(a.config.Contacts.SealInterval)
	defer due.Stop()
	look := time.NewTicker(emptiedInterval)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-stage.Assigned():
		case <-due.C:
		case <-look.C:
			if emptied, err := stage.Emptied(ctx); err != nil || !emptied {
				continue // Redis is away, or as it was
			}
		}
		seals := stage.Seals()
		if len(seals) == 0 {
			continue
		}
		if err := producer.Produce(ctx, seals); err != nil && ctx.Err() == nil {
			slog.Warn("private topics not sealed", "error", err)
		}
	}
}
