package httpapi

import (
	"context"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Mall reads what the mall shows a caller beside the items.
type Mall interface {
	// Shopper is what a caller could redeem with; the empty member is nobody: the lowest tier, and no points.
	Shopper(ctx context.Context, member string) (Shopper, error)
	// Standing is a member's tier under the book in force; nil: it has no tiers.
	Standing(ctx context.Context, member string) (*ledger.TierStanding, error)
}

// Shopper is a caller of the mall, and the rulebook in force.
type Shopper struct {
	Balance
	Now   time.Time
	Book  *topics.Rulebook                    // nil: none is in force
	Taken func(item string, per string) int64 // units that count in the item's limit; nil: none do
}

// offer is what one unit costs the shopper now.
func (s *Shopper) offer(i *Item) ledger.Offer {
	return ledger.OfferOf(s.Book, &pointspb.PriceList{Base: i.Price(s.Tier)}, i.offered(), s.Tier, s.Now.UnixMilli())
}

func (i *Item) offered() topics.Offered {
	return topics.Offered{Item: i.ID, Categories: i.Categories, Zones: i.Zones}
}

// sells says that the item is offered at an instant, and its window is open.
func (i *Item) sells(now time.Time) bool { return i.OnSale && topics.Within(now, i.SaleFrom, i.SaleTo) }

// obstacle is why the shopper could not redeem units of the item now, in the ledger's order of precedence, and how many points are missing;
// empty: nothing stands against it.
func (s *Shopper) obstacle(i *Item, units, unit int64) (code string, missing int64) {
	total, ok := topics.MulPoints(unit, units)
	switch {
	case !i.sells(s.Now):
		return codeNotOnSale, 0
	case i.Free < units:
		return codeSoldOut, 0
	case len(i.Tiers) > 0 && !contains(i.Tiers, s.Tier):
		return codeTierRequired, 0
	case i.LimitPerMember > 0 && s.Taken != nil && s.Taken(i.ID, i.LimitPer)+units > i.LimitPerMember:
		return codeLimitReached, 0
	case s.Blocked:
		return codeFrozen, 0
	case s.Debt > 0:
		return codeDebt, 0
	case !ok || total > s.Available:
		return codeInsufficientPoints, total - s.Available
	}
	return "", 0
}

func contains(all []string, one string) bool {
	for _, x := range all {
		if x == one {
			return true
		}
	}
	return false
}

// caller's shopper: staff see what a member of the lowest tier without points would.
func (a *API) shopper(ctx context.Context) (Shopper, error) {
	who := caller(ctx)
	if !who.hasAny(RoleMember) {
		return a.mall.Shopper(ctx, "")
	}
	return a.mall.Shopper(ctx, who.ID)
}
