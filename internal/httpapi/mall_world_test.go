package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"jifen/ledger"
	"jifen/topics"
)

// mallBook has a sale of everything at 8折, of nights at half a price tomorrow, and a zone that doubles a rebate of 5 %.
func mallBook() *topics.Rulebook {
	zone := time.FixedZone("CST", 8*3600)
	one := topics.One()
	return &topics.Rulebook{
		Name: "mall", Version: "2026-06", Zone: zone, Currency: "CNY", Validity: topics.Validity{Years: 1, Rounding: topics.RoundDay}, Rebate: topics.Ratio{Num: 1, Den: 20},
		Tiers: topics.Tiers{Metric: "spend", Levels: []topics.Level{{ID: "normal", Multiplier: one}, {ID: "silver", From: 500000, Multiplier: topics.Ratio{Num: 3, Den: 2}}}},
		Rules: []topics.Rule{
			{
				ID: "basic", On: topics.TypeOrderPaid, Mode: topics.ModeStep, Points: 1, Per: 1000, TierMultiplier: true, Match: topics.Match{Category: []string{"basic"}},
				Pending: topics.Pending{Days: 7},
			},
			{ID: "share", On: topics.TypeShareCreated, Mode: topics.ModeFixed, Points: 10, Cap: topics.Cap{Points: 30, Per: topics.PerDay}, Limit: topics.Limit{Times: 1, Per: topics.PerDay, By: topics.ByProduct}},
		},
		Campaigns: []topics.Campaign{{ID: "june", Multiplier: topics.Ratio{Num: 2, Den: 1}, Rules: []string{"basic"}, Budget: 5}},
		Redeem: []topics.Redeem{
			{ID: "sale", Price: topics.Ratio{Num: 4, Den: 5}, Items: []string{"book", "pen"}, To: programNow.AddDate(0, 0, 3), Shown: topics.Showing{NameZH: "周年庆", NameEN: "Anniversary", Entrance: true, Picture: "/pictures/sale.svg"}},
			{ID: "soon", Price: topics.Ratio{Num: 1, Den: 2}, From: programNow.AddDate(0, 0, 1)},
			{ID: "later", Price: topics.Ratio{Num: 1, Den: 2}, From: programNow.AddDate(0, 0, 15)},
			{ID: "double", RebateMultiplier: topics.Ratio{Num: 2, Den: 1}, Zone: "double"},
		},
	}
}

func (w *world) Shopper(ctx context.Context, member string) (Shopper, error) {
	w.mu.Lock()
	book, taken := w.book, w.taken
	w.mu.Unlock()
	s := Shopper{Now: programNow, Book: book}
	if member == "" {
		s.Tier = "normal"
		return s, w.fails
	}
	b, err := w.Balance(ctx, member)
	s.Balance, s.Taken = b, func(item, _ string) int64 { return taken[item] }
	return s, err
}

func (w *world) Standing(_ context.Context, _ string) (*ledger.TierStanding, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.standing, w.fails
}

func (w *world) Definitions(context.Context) ([]Definition, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Definition
	for _, d := range w.definitions {
		all = append(all, d)
	}
	slices.SortFunc(all, func(x, y Definition) int { return strings.Compare(x.ID, y.ID) })
	return all, w.fails
}

func (w *world) Definition(_ context.Context, id string) (Definition, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d, ok := w.definitions[id]
	if !ok {
		return d, ErrNotFound
	}
	return d, w.fails
}

func (w *world) Change(_ context.Context, c ItemChange) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes = append(w.changes, c)
	if w.fails != nil {
		return "", w.fails
	}
	d, known := w.definitions[c.Item]
	switch {
	case len(c.Definition) == 0:
		if d.Free+c.Add < 0 {
			return "stock_too_small", nil
		}
		d.Free, d.Stock = d.Free+c.Add, d.Stock+c.Add
	case c.Create && known:
		return "exists", nil
	default:
		stock := d.Stock
		d = Definition{}
		if err := json.Unmarshal(c.Definition, &d); err != nil || d.Price < 0 {
			return "", ItemFaults{"price: -1 is out of range (expected a price)"}
		}
		if !c.Create {
			d.Stock = stock
		}
		d.Free = d.Stock
		sum := sha256.Sum256(c.Definition)
		d.Digest = sum[:4]
	}
	w.definitions[c.Item] = d
	return "applied", nil
}
