package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics"
)

// Shopper is what the mall knows of a caller; nobody has no points, and the lowest tier.
func (p *ports) Shopper(ctx context.Context, member string) (httpapi.Shopper, error) {
	books, err := p.books.Books()
	if err != nil {
		return httpapi.Shopper{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	if member == "" {
		now := p.clock()
		s := httpapi.Shopper{Now: now, Book: books.At(now)}
		s.Tier = new(ledger.Account).Tier(s.Book, now.UnixMilli())
		return s, nil
	}
	v, err := p.account(ctx, member)
	if err != nil {
		return httpapi.Shopper{}, err
	}
	m := v.moment
	s := httpapi.Shopper{Balance: v.balance(member), Now: m.Time(), Book: m.Books.At(m.Time())}
	zone := time.UTC
	if s.Book != nil {
		zone = s.Book.Zone
	}
	s.Taken = func(item, per string) int64 { return v.TakenOf(item, per, zone, m.Now) }
	return s, nil
}

// Standing is a member's tier, and what would raise or keep it.
func (p *ports) Standing(ctx context.Context, member string) (*ledger.TierStanding, error) {
	v, err := p.account(ctx, member)
	if err != nil {
		return nil, err
	}
	return ledger.TierStandingOf(v.world, member, v.moment), nil
}

// readItems reads items in one round trip; those that are no items any more are left out.
func (a *app) readItems(ctx context.Context, ids []string) (map[string]*ledger.Item, error) {
	byShard := map[int32][]string{}
	for _, id := range ids {
		shard := a.shard(topics.ItemAccount(id))
		byShard[shard] = append(byShard[shard], id)
	}
	wants := make([]ledger.Want, 0, len(byShard))
	for shard, of := range byShard {
		wants = append(wants, ledger.Want{Shard: shard, Items: of})
	}
	got, err := a.store.Read(ctx, wants)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	all := map[string]*ledger.Item{}
	for _, g := range got {
		for id, i := range g.World.Items {
			if i != nil && i.ID != "" {
				all[id] = i
			}
		}
	}
	return all, nil
}

// Items reads the catalogue.
func (p *ports) Items(ctx context.Context) ([]httpapi.Item, error) {
	ids, err := p.store.Items(ctx, p.config.Shards)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	all, err := p.readItems(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]httpapi.Item, 0, len(all))
	for _, id := range ids {
		if i := all[id]; i != nil {
			out = append(out, itemOf(i))
		}
	}
	return out, nil
}

// ItemsOf reads some items in one round trip; one alone shares that of whoever reads at the same time.
func (p *ports) ItemsOf(ctx context.Context, ids []string) (map[string]httpapi.Item, error) {
	out := make(map[string]httpapi.Item, len(ids))
	if len(ids) == 1 {
		i, err := p.Item(ctx, ids[0])
		switch {
		case err == nil:
			out[ids[0]] = i
		case !errors.Is(err, httpapi.ErrNotFound):
			return nil, err
		}
		return out, nil
	}
	all, err := p.readItems(ctx, ids)
	if err != nil {
		return nil, err
	}
	for id, i := range all {
		out[id] = itemOf(i)
	}
	return out, nil
}

func itemOf(i *ledger.Item) httpapi.Item {
	d := &i.Details
	out := httpapi.Item{
		ID: i.ID, NameZH: i.NameZh, NameEN: i.NameEn, Kind: i.Kind, PriceVersion: i.Prices.Version, BasePrice: i.Prices.Base,
		TierPrices: map[string]int64{}, Tiers: i.Tiers, LimitPerMember: i.PerMember, OnSale: i.OnSale, Free: i.Free, Reserved: i.Reserved,
		ItemDetails: httpapi.ItemDetails{
			Since: time.UnixMilli(d.Since), BookingURL: d.BookingURL, DescriptionZH: d.DescriptionZh, DescriptionEN: d.DescriptionEn, InstructionsZH: d.InstructionsZh, InstructionsEN: d.InstructionsEn,
			Pictures: d.Pictures, Categories: d.Categories, Zones: d.Zones, SaleFrom: timeOf(d.SaleFrom), SaleTo: timeOf(d.SaleTo), LimitPer: d.LimitPer,
			Fulfilment: i.HandedOver(),
		},
	}
	for _, t := range i.Prices.Tiers {
		out.TierPrices[t.Tier] = t.Points
	}
	for _, c := range d.Components {
		out.Components = append(out.Components, httpapi.ComponentBody{Item: c.Item, Quantity: c.Quantity})
	}
	return out
}

// timeOf is an instant of Unix ms; 0 is the zero time.
func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
