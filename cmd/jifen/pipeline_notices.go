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

// booksInterval is how often it is looked whether a rulebook has what a stage is for.
const booksInterval = 500 * time.Millisecond

// notices: points.ledger → points.notices. Without items, or a rulebook that has notices or abuse rules, nothing is read.
func (a *app) notices(ctx context.Context, books *kafka.Rulebooks, observe *observer) error {
	if !until(ctx, func() bool { return a.tells(ctx, books, (*topics.Rulebook).Tells) }) {
		return nil
	}
	stage := notices.New(notices.Dependencies{
		Items: a.catalogue, Clock: a.clock, Observer: observe,
		Zone: func() *time.Location { return a.zone(books) },
	})
	loop := &kafka.Loop{
		Name: "notices", Group: topics.GroupNotices, Topics: []string{topics.Ledger}, Writes: []string{topics.Notices}, Stage: stage,
		BatchMax: a.config.Credits.BatchMax,
	}
	return loop.Run(ctx, a.kafka)
}

// anyBook says whether a published book is of a kind.
func anyBook(books *kafka.Rulebooks, is func(*topics.Rulebook) bool) bool {
	all, err := books.Books()
	return err == nil && slices.ContainsFunc(all, is)
}

// until waits until something is so; false: ctx has ended.
func until(ctx context.Context, so func() bool) bool {
	for !so() {
		if !every(ctx, booksInterval) {
			return false
		}
	}
	return true
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
