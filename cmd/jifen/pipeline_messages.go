package main

import (
	"context"
	"slices"

	"jifen/internal/kafka"
	"jifen/processors/messages"
	"jifen/topics"
)

// messages: points.notices, points.coupons → the members' inboxes. Nothing is read before there is something to tell.
func (a *app) messages(ctx context.Context, books *kafka.Rulebooks, observe *observer) error {
	if !a.untilTold(ctx, books, func(b *topics.Rulebook) bool { return b.Tells() || len(b.Milestones) > 0 }) {
		return nil
	}
	producer, err := kafka.NewProducer(a.kafka)
	if err != nil {
		return err
	}
	defer producer.Close()
	inboxes := a.store.Inboxes()
	stage := messages.New(messages.Dependencies{
		Inboxes: inboxes, Letters: producer.Produce, Clock: a.clock, Observer: inboxObserver{observe},
	})
	follower := &kafka.Follower{Config: a.kafka, Topics: messages.Topics(), Positions: inboxes.Positions, Handle: stage.Handle}
	return follower.Run(ctx)
}

// untilTold waits until there may be something to tell members: a rulebook that does, or items to redeem; false: ctx has
// ended.
func (a *app) untilTold(ctx context.Context, books *kafka.Rulebooks, is func(*topics.Rulebook) bool) bool {
	for {
		if all, err := books.Books(); err == nil && slices.ContainsFunc(all, is) {
			return true
		}
		if items, err := a.store.Items(ctx, a.config.Shards); err == nil && len(items) > 0 {
			return true
		}
		if !every(ctx, booksInterval) {
			return false
		}
	}
}

// inboxObserver counts messages.
type inboxObserver struct{ *observer }

func (o inboxObserver) Put(kind string, n int) { o.put.WithLabelValues(kind).Add(float64(n)) }
