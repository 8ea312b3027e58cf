package topics

import (
	"slices"
	"time"
)

// Showing is how the mall shows a campaign.
type Showing struct {
	NameZH, NameEN string
	Entrance       bool   // on the mall's home page (R55)
	Picture        string // URL or path
}

// Redeem is a campaign on redemptions in [From, To), a zero From or To is open: a lower price (R51, R56), or more points given back
// (R52, R57). What it names of items, categories and zone must all hold; empty ones match every item.
type Redeem struct {
	ID                string
	Price             Ratio // part of the point price that is paid, above 0 and below 1; the zero Ratio: it is no price campaign
	RebateMultiplier  Ratio // at least 1; the zero Ratio: it leaves rebates as they are
	Items, Categories []string
	Zone              string
	Tier              []string
	From, To          time.Time
	Shown             Showing
}

// Offered is the item that a redemption is of, as campaigns look at it.
type Offered struct {
	Item              string
	Categories, Zones []string
}

// For says that the campaign is for an item and members of a tier, whenever it runs.
func (c *Redeem) For(o Offered, tier string) bool {
	return c.ForItem(o) && (len(c.Tier) == 0 || slices.Contains(c.Tier, tier))
}

// ForItem says that the campaign is for an item, for some members at least.
func (c *Redeem) ForItem(o Offered) bool {
	some := func(wanted, has []string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return slices.Contains(has, w) })
	}
	return (len(c.Items) == 0 || slices.Contains(c.Items, o.Item)) && some(c.Categories, o.Categories) &&
		(c.Zone == "" || slices.Contains(o.Zones, c.Zone))
}

// Runs says that t is within [From, To).
func (c *Redeem) Runs(t time.Time) bool { return Within(t, c.From, c.To) }

// Within says that t is within [from, to), of which zero ones are open (V1, V2).
func Within(t, from, to time.Time) bool {
	return (from.IsZero() || !t.Before(from)) && (to.IsZero() || t.Before(to))
}

// BestPrice is the single campaign that makes an item cheapest for members of a tier at t (D11), the first of the book among equals; nil:
// none does.
func (b *Rulebook) BestPrice(o Offered, tier string, t time.Time) *Redeem {
	var best *Redeem
	for i := range b.Redeem {
		c := &b.Redeem[i]
		if c.Price.Den > 0 && c.Runs(t) && c.For(o, tier) && (best == nil || c.Price.Cmp(best.Price) < 0) {
			best = c
		}
	}
	return best
}

// RebateOf is which part of the points paid for an item is given back at t, the highest multiplier of those campaigns that run
// included, and that campaign; the zero Ratio: nothing is.
func (b *Rulebook) RebateOf(o Offered, tier string, t time.Time) (Ratio, *Redeem) {
	if b.Rebate.Num == 0 {
		return Ratio{}, nil
	}
	var best *Redeem
	for i := range b.Redeem {
		c := &b.Redeem[i]
		if c.RebateMultiplier.Den > 0 && c.Runs(t) && c.For(o, tier) && (best == nil || c.RebateMultiplier.Cmp(best.RebateMultiplier) > 0) {
			best = c
		}
	}
	if best == nil {
		return b.Rebate, nil
	}
	return b.Rebate.Mul(best.RebateMultiplier), best
}

// Of is floor(points × r) for points >= 0 and r <= 1.
func (r Ratio) Of(points int64) int64 { return Scale(points, r.Num, r.Den) }
