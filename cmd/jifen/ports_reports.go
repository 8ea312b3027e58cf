package main

import (
	"context"
	"time"

	"jifen/internal/httpapi"
)

// daysAgo is the first of so many days of the program's zone, today with them.
func (p *ports) daysAgo(days int) (time.Time, error) {
	books, err := p.books.Books()
	if err != nil {
		return time.Time{}, unavailable(err)
	}
	now, zone := p.clock(), time.UTC
	if book := books.At(now); book != nil {
		zone = book.Zone
	}
	return now.In(zone).AddDate(0, 0, 1-days), nil
}

// ItemFigures are how items were wanted.
func (p *ports) ItemFigures(ctx context.Context, days int) (time.Time, map[string]httpapi.ItemFigures, error) {
	from, err := p.daysAgo(days)
	if err != nil {
		return from, nil, err
	}
	all, err := p.analytics.ItemSums(ctx, from)
	if err != nil {
		return from, nil, unavailable(err)
	}
	out := make(map[string]httpapi.ItemFigures, len(all))
	for _, i := range all {
		out[i.Item] = httpapi.ItemFigures{Views: i.Views, Redemptions: i.Redemptions, Units: i.Units, Points: i.Points, Returned: i.Returned, SoldOut: i.SoldOut}
	}
	return from, out, nil
}

// CampaignDays are what campaigns led to, day by day.
func (p *ports) CampaignDays(ctx context.Context, days int) (time.Time, []httpapi.CampaignDay, error) {
	from, err := p.daysAgo(days)
	if err != nil {
		return from, nil, err
	}
	all, err := p.analytics.CampaignDays(ctx, from)
	if err != nil {
		return from, nil, unavailable(err)
	}
	out := make([]httpapi.CampaignDay, len(all))
	for i, d := range all {
		out[i] = httpapi.CampaignDay{
			Campaign: d.Campaign, Day: d.Day,
			CampaignFigures: httpapi.CampaignFigures{Visitors: d.Visitors, Redeemers: d.Redeemers, Redemptions: d.Redemptions, Points: d.Points},
			Before:          httpapi.CampaignFigures{Redeemers: d.BeforeRedeemers, Redemptions: d.BeforeRedemptions, Points: d.Before},
		}
	}
	return from, out, nil
}
