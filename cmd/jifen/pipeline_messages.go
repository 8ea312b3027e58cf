package main

import (
	"context"

	"jifen/internal/kafka"
	"jifen/processors/messages"
	"jifen/topics"
)

// messages: points.notices, points.coupons → the members' inboxes. Nothing is read before there is something to tell.
func (a *app) messages(ctx context.Context, books *kafka.Rulebooks, observe *observer) error {
	tells := func(b *topics.Rulebook) bool { return b.Tells() || hasMilestones(b) }
	if !until(ctx, func() bool { return a.tells(ctx, books, tells) }) {
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

// tells says whether there may be something to tell members: a rulebook that does, or items to redeem.
func (a *app) tells(ctx context.Context, books *kafka.Rulebooks, is func(*topics.Rulebook) bool) bool {
	if anyBook(books, is) {
		return true
	}
	items, err := a.store.Items(ctx, a.config.Shards)
	return err == nil && len(items) > 0
}

// inboxObserver counts messages.
type inboxObserver struct{ *observer }

func (o inboxObserver) Put(kind string, n int) { o.put.WithLabelValues(kind).Add(float64(n)) }
