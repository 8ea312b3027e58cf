package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/processors/notices"
	"jifen/topics"
)

// noticesInterval is how often it is looked whether a rulebook has notices.
const noticesInterval = 5 * time.Second

// notices: points.ledger → points.notices. Without a rulebook that has notices nothing is read.
func (a *app) notices(ctx context.Context, books *kafka.Rulebooks, observe *observer) error {
	some := func() bool {
		all, err := books.Books()
		return err == nil && slices.ContainsFunc(all, func(b *topics.Rulebook) bool { return !b.Notices.IsZero() })
	}
	for !some() {
		if !every(ctx, noticesInterval) {
			return nil
		}
	}
	stage := notices.New(notices.Dependencies{
		Items: a.catalogue, Clock: a.clock, Observer: observe,
		Zone: func() *time.Location {
			if all, err := books.Books(); err == nil {
				if b := all.At(a.clock()); b != nil {
					return b.Zone
				}
			}
			return time.UTC
		},
	})
	loop := &kafka.Loop{
		Name: "notices", Group: topics.GroupNotices, Topics: []string{topics.Ledger}, Writes: []string{topics.Notices}, Stage: stage,
		BatchMax: a.config.Credits.BatchMax,
	}
	return loop.Run(ctx, a.kafka)
}

// catalogue reads all items with their prices and stock.
func (a *app) catalogue(ctx context.Context) ([]*ledger.Item, error) {
	ids, err := a.store.Items(ctx, a.config.Shards)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	byShard := map[int32]*ledger.Want{}
	for _, id := range ids {
		n := a.shard(topics.ItemAccount(id))
		if byShard[n] == nil {
			byShard[n] = &ledger.Want{Shard: n}
		}
		byShard[n].Items = append(byShard[n].Items, id)
	}
	wants := make([]ledger.Want, 0, len(byShard))
	for _, w := range byShard {
		wants = append(wants, *w)
	}
	if len(wants) == 0 {
		return nil, nil
	}
	got, err := a.store.Read(ctx, wants)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	var all []*ledger.Item
	for i := range got {
		for _, item := range got[i].World.Items {
			if item.ID != "" {
				all = append(all, item)
			}
		}
	}
	return all, nil
}
