package main

import (
	"context"
	"fmt"
	"time"

	"jifen/analytics"
	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics"
)

// BalanceAt is a balance at another instant: of the past by ClickHouse's entries, ahead of the clock by what that will do.
func (p *ports) BalanceAt(ctx context.Context, member string, at httpapi.Instants) (httpapi.Balance, error) {
	v, err := p.account(ctx, member)
	if err != nil {
		return httpapi.Balance{}, err
	}
	if at.AsOf.UnixMilli() > v.moment.Now {
		ledger.Forecast(v.world, member, v.moment, at.AsOf.UnixMilli())
		v.moment.Now = at.AsOf.UnixMilli()
		return v.balance(member), nil
	}
	if at.KnownAt.IsZero() {
		at.KnownAt = v.moment.Time()
	}
	// First how far ClickHouse is, then the entries: what comes in between shows up early, never late.
	reach, err := p.analytics.Reach(ctx, member)
	if err != nil {
		return httpapi.Balance{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	found, err := p.analytics.Past(ctx, analytics.Past{AsOf: at.AsOf, KnownAt: at.KnownAt, Member: member})
	if err != nil {
		return httpapi.Balance{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	out := httpapi.Balance{
		Member: member, Tier: tierAt(v.moment.Books, at.AsOf, ""), AsOf: at.AsOf, KnownAt: at.KnownAt, Known: v.known,
		Stale: reach.Seq < v.head.Seq && !reach.RecordedAt.After(at.KnownAt),
	}
	for _, m := range found {
		out.Available, out.Pending, out.Frozen, out.Debt = m.Available, m.Pending, m.Frozen, m.Debt
		out.Tier = tierAt(v.moment.Books, at.AsOf, m.Tier)
	}
	return out, nil
}

// tierAt is the tier of whom a change has led to one, in the book of an instant; empty: the lowest.
func tierAt(books topics.Books, at time.Time, changed string) string {
	a := ledger.Account{Tiers: []ledger.TierSpan{{Tier: changed}}}
	return a.Tier(books.At(at), at.UnixMilli())
}

// Expiries is what the clock alone will do up to an instant.
func (p *ports) Expiries(ctx context.Context, member string, until time.Time) (httpapi.Calendar, error) {
	v, err := p.account(ctx, member)
	if err != nil {
		return httpapi.Calendar{}, err
	}
	zone := time.UTC
	if book := v.moment.Books.At(v.moment.Time()); book != nil {
		zone = book.Zone
	}
	c := ledger.CalendarOf(ledger.Forecast(v.world, member, v.moment, until.UnixMilli()-1), v.Account)
	out := httpapi.Calendar{
		Member: member, AsOf: v.moment.Time(), Until: until, Awaiting: c.Awaiting, Lasting: c.Lasting, Debt: v.Debt, Stale: !v.fresh,
	}
	for _, x := range c.Expiries {
		out.Expiries = append(out.Expiries, httpapi.Expiry{Points: x.Points, ExpiresAt: time.UnixMilli(x.At).In(zone)})
	}
	for _, x := range c.Activations {
		out.Activations = append(out.Activations, httpapi.Activation{Points: x.Points, ActiveAt: time.UnixMilli(x.At)})
	}
	return out, nil
}

// pastBalances are those of everybody of whom something was effective and known, in order of member.
func (a *app) pastBalances(ctx context.Context, at httpapi.Instants, books topics.Books) ([]memberBalance, error) {
	found, err := a.analytics.Past(ctx, analytics.Past{AsOf: at.AsOf, KnownAt: at.KnownAt})
	if err != nil {
		return nil, fmt.Errorf("clickhouse at %s: %w", a.config.ClickHouse.DSN, err)
	}
	out := make([]memberBalance, len(found))
	for i, m := range found {
		out[i] = memberBalance{m.Member, m.Available, m.Pending, m.Frozen, m.Debt, tierAt(books, at.AsOf, m.Tier)}
	}
	return out, nil
}
