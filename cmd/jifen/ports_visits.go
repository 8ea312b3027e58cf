package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"jifen/internal/httpapi"
	"jifen/topics"
)

// CampaignKnown looks for a campaign in the published rulebooks.
func (p *ports) CampaignKnown(_ context.Context, campaign string) (bool, error) {
	books, err := p.books.Books()
	if err != nil {
		return false, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	return slices.ContainsFunc(books, func(b *topics.Rulebook) bool {
		return b.CampaignNamed(campaign) != nil || slices.ContainsFunc(b.Redeem, func(r topics.Redeem) bool { return r.ID == campaign })
	}), nil
}

// Visited writes visits, and waits until every replica has them.
func (p *ports) Visited(ctx context.Context, visits []topics.Visit) error {
	records := make([]topics.Record, len(visits))
	for i := range visits {
		var err error
		if records[i], err = visits[i].Encode(rand.Text()); err != nil {
			return err
		}
	}
	if err := p.producer.Produce(ctx, records); err != nil {
		return fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	return nil
}
