package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"jifen/analytics"
	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics"
)

// Entries reads a member's history, the newest first.
func (p *ports) Entries(ctx context.Context, member string, limit int, before uint64) (httpapi.Page, error) {
	rows, asOf, err := p.analytics.Entries(ctx, member, limit, before)
	if err != nil {
		return httpapi.Page{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	page := httpapi.Page{AsOf: asOf}
	books, _ := p.books.Books() // without them an explanation lacks its currency, no more
	for i := range rows {
		e, err := entryOf(&rows[i], books)
		if err != nil {
			return httpapi.Page{}, err
		}
		page.Entries = append(page.Entries, e)
	}
	return page, nil
}

// arithmetic is the "why" of an entry as ClickHouse keeps it; rates are written as "3/2".
type arithmetic struct {
	Mode           string   `json:"mode"`
	Points         int64    `json:"points"`
	Per            int64    `json:"per"`
	Eligible       int64    `json:"eligible"`
	Quantity       int64    `json:"quantity"`
	Tier           string   `json:"tier"`
	TierMultiplier string   `json:"tier_multiplier"`
	Campaign       string   `json:"campaign"`
	Campaigns      []string `json:"campaigns"`
	Bound          string   `json:"bound"`
	Left           int64    `json:"left"`
	Less           string   `json:"less"`
	Budget         string   `json:"budget"`
	Before         int64    `json:"before"`
}

func entryOf(r *analytics.EntryRow, books topics.Books) (httpapi.Entry, error) {
	var x arithmetic
	if r.Arithmetic != "" {
		if err := json.Unmarshal([]byte(r.Arithmetic), &x); err != nil {
			return httpapi.Entry{}, fmt.Errorf("arithmetic of entry %d: %w", r.Seq, err)
		}
	}
	e := httpapi.Entry{
		ID: r.ID, Seq: r.Seq, Points: r.Points, OccurredAt: r.OccurredAt, RecordedAt: r.RecordedAt,
		Why: httpapi.Why{
			Kind: r.Kind, Rule: r.Rule, Version: r.Version, Mode: x.Mode, Points: x.Points, Per: x.Per, Eligible: x.Eligible,
			Quantity: max(x.Quantity, r.Quantity), Tier: x.Tier, TierRatio: ratioOf(x.TierMultiplier), CampaignRatio: ratioOf(x.Campaign),
			Campaigns: x.Campaigns, Desired: r.Desired, Awarded: r.Awarded, Holdout: r.Holdout, Bound: x.Bound, Left: x.Left, Order: r.Order, Item: r.Item,
			FromTier: r.TierFrom, Refusal: r.Outcome, Pending: r.Pending, ActiveAt: r.ActiveAt, Before: x.Before,
			Frozen: r.Frozen, Changed: r.Points, Act: r.Act, Reason: r.Reason,
		},
	}
	if x.Less != "" {
		e.Why.LessRatio, e.Why.Budget = ratioOf(x.Less), x.Budget
	}
	e.Why.Run, e.Why.Undo = ledger.RetroOf(r.CauseType, r.CauseID)
	if r.TierTo != "" {
		e.Why.Tier = r.TierTo
	}
	if b := books.Version(r.Version); b != nil {
		e.Why.Currency = b.Currency
		if !r.ActiveAt.IsZero() {
			e.Why.ActiveAt = r.ActiveAt.In(b.Zone)
		}
	}
	if r.Lot > 0 {
		e.Lots = []httpapi.LotUse{{Lot: strconv.Itoa(int(r.Lot)), Points: max(r.Points, r.Available), ExpiresAt: r.ExpiresAt}}
	}
	return e, nil
}

// ratioOf reads "3/2" or "2"; anything else is 1.
func ratioOf(s string) topics.Ratio {
	var r topics.Ratio
	if n, _ := fmt.Sscanf(s, "%d/%d", &r.Num, &r.Den); n == 2 && r.Den > 0 {
		return r
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return topics.Ratio{Num: n, Den: 1}
	}
	return topics.One()
}
