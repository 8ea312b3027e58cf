package main

import (
	"context"
	"errors"

	"jifen/internal/kafka"
	"jifen/internal/webhook"
	"jifen/processors/coupons"
	"jifen/topics"
)

// coupons: points.ledger → points.coupons. Where no published book has milestones, nobody reads the ledger for them.
func (a *app) coupons(ctx context.Context, books *kafka.Rulebooks, observe *observer) error {
	if !until(ctx, func() bool { return anyBook(books, hasMilestones) }) {
		return nil
	}
	loop := &kafka.Loop{
		Name: "coupons", Group: topics.GroupCoupons, Topics: []string{topics.Ledger}, Writes: []string{topics.Coupons},
		Stage: coupons.New(observe), BatchMax: a.config.Credits.BatchMax,
	}
	return loop.Run(ctx, a.kafka)
}

func hasMilestones(b *topics.Rulebook) bool { return len(b.Milestones) > 0 }

// webhooks: points.coupons → the receiver of the configuration.
func (a *app) webhooks(ctx context.Context, observe *observer) error {
	sender, err := webhook.NewSender(a.config.Webhook, observe.tried)
	if err != nil {
		return err
	}
	delivery := &kafka.Delivery{
		Config: a.kafka, Group: topics.GroupWebhooks, Topic: topics.Coupons,
		Deliver: func(ctx context.Context, r *topics.Record) (*topics.Reject, error) {
			event, reject := topics.DecodeCoupon(r.Value)
			if reject != nil {
				return reject, nil
			}
			err := sender.Send(ctx, event.ID(), r.Value)
			if spent := (*webhook.Exhausted)(nil); errors.As(err, &spent) {
				return &topics.Reject{Reason: topics.ReasonUndelivered, Message: spent.Error()}, nil
			}
			return nil, err
		},
	}
	return delivery.Run(ctx)
}
