package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

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
	var lots []uint32
	for i := range rows {
		if rows[i].Kind == "granted" {
			lots = append(lots, rows[i].Lot)
		}
	}
	fates := map[uint32][]analytics.Fate{}
	if len(lots) > 0 {
		if fates, err = p.analytics.Fates(ctx, member, lots); err != nil {
			return httpapi.Page{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
		}
	}
	page := httpapi.Page{AsOf: asOf}
	books, _ := p.books.Books() // without them an explanation lacks its currency, no more
	for i := range rows {
		e, err := entryOf(&rows[i], books)
		if err != nil {
			return httpapi.Page{}, err
		}
		for _, f := range fates[rows[i].Lot] {
			if rows[i].Kind == "granted" || rows[i].Kind == "rebated" {
				e.Why.Fates = append(e.Why.Fates, httpapi.Fate(f))
			}
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
	KeptPoints     int64    `json:"kept_points"`
	ReversedBefore int64    `json:"reversed_before"`
}

func entryOf(r *analytics.EntryRow, books topics.Books) (httpapi.Entry, error) {
	var x arithmetic
	if r.Arithmetic != "" {
		if err := json.Unmarshal([]byte(r.Arithmetic), &x); err != nil {
			return httpapi.Entry{}, fmt.Errorf("arithmetic of entry %d: %w", r.Seq, err)
		}
	}
	sources, err := sourcesOf(r)
	if err != nil {
		return httpapi.Entry{}, err
	}
	e := httpapi.Entry{
		ID: r.ID, Seq: r.Seq, Points: r.Points, OccurredAt: r.OccurredAt, RecordedAt: r.RecordedAt,
		Why: httpapi.Why{
			Kind: r.Kind, Rule: r.Rule, Version: r.Version, Mode: x.Mode, Points: x.Points, Per: x.Per, Eligible: x.Eligible,
			Quantity: max(x.Quantity, r.Quantity), Tier: x.Tier, TierRatio: ratioOf(x.TierMultiplier), CampaignRatio: ratioOf(x.Campaign),
			Campaigns: x.Campaigns, Desired: r.Desired, Awarded: r.Awarded, Holdout: r.Holdout, Bound: x.Bound, Left: x.Left, Order: r.Order, Item: r.Item,
			FromTier: r.TierFrom, Refusal: r.Outcome, Pending: r.Pending, ActiveAt: r.ActiveAt, Before: x.Before,
			Frozen: r.Frozen, Changed: r.Points, Act: r.Act, Reason: r.Reason,
			KeptPoints: x.KeptPoints, ReversedBefore: x.ReversedBefore, Sources: sources,
		},
	}
	if x.Less != "" {
		e.Why.LessRatio, e.Why.Budget = ratioOf(x.Less), x.Budget
	}
	e.Why.Step = ledger.StepCaused(r.CauseType)
	e.Why.Erased = r.CauseType == topics.TypeErased
	e.Why.Run, e.Why.Undo = ledger.RetroOf(r.CauseType, r.CauseID)
	if r.TierTo != "" {
		e.Why.Tier = r.TierTo
	}
	if b := books.Version(r.Version); b != nil {
		e.Why.Currency = b.Currency
		e.Why.ActiveAt, e.Why.ExpiresAt = in(b.Zone, r.ActiveAt), in(b.Zone, r.ExpiresAt)
	}
	if r.Lot > 0 {
		e.Lots = []httpapi.LotUse{{Lot: strconv.Itoa(int(r.Lot)), Points: max(r.Points, r.Available), ExpiresAt: r.ExpiresAt}}
	}
	if r.Kind == "granted" || r.Kind == "rebated" {
		e.Why.Lot, e.Why.Followed = strconv.Itoa(int(r.Lot)), true
	}
	if e.Lots == nil {
		for _, s := range sources {
			if s.Lot != "" && s.Account != "breakage" {
				use := httpapi.LotUse{Lot: s.Lot, Points: -s.Points}
				if r.Kind == "activated" || r.Kind == "frozen" || r.Kind == "unfrozen" { // they stay the lot's
					use.Points = s.Points
				}
				e.Lots = append(e.Lots, use)
			}
		}
	}
	return e, nil
}

// in is an instant in a zone; the zero time stays one.
func in(zone *time.Location, t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}

// sourcesOf is what an entry took, and from where.
func sourcesOf(r *analytics.EntryRow) ([]httpapi.Source, error) {
	if r.Postings == "" {
		return nil, nil
	}
	var postings []posting
	if err := json.Unmarshal([]byte(r.Postings), &postings); err != nil {
		return nil, fmt.Errorf("postings of entry %d: %w", r.Seq, err)
	}
	var all []httpapi.Source
	for _, p := range postings {
		if p.points >= 0 {
			continue
		}
		s := httpapi.Source{Account: p.account, Points: -p.points}
		if p.lot > 0 {
			s.Lot = strconv.Itoa(int(p.lot))
		}
		all = append(all, s)
	}
	return all, nil
}

// posting is one as ClickHouse keeps it: [account, lot, points].
type posting struct {
	account string
	lot     uint32
	points  int64
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *posting) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&p.account, &p.lot, &p.points})
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
