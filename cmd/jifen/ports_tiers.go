package main

import (
	"context"
	"time"

	"jifen/internal/httpapi"
)

// Tiers is the history of a member's tiers, by the clock.
func (p *ports) Tiers(ctx context.Context, member string) (httpapi.Tiers, error) {
	v, err := p.account(ctx, member)
	if err != nil {
		return httpapi.Tiers{}, err
	}
	m := v.moment
	out := httpapi.Tiers{
		Member: member, Tier: v.Tier(m.Books.At(m.Time()), m.Now), AsOf: m.Time().UTC(), Known: v.known, Stale: !v.fresh,
	}
	for _, s := range v.Tiers {
		out.Spans = append(out.Spans, httpapi.TierSpan{Tier: s.Tier, From: time.UnixMilli(s.From).UTC()})
	}
	return out, nil
}
