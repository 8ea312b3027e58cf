package ledger

import (
	"cmp"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Offer is what one unit of an item costs members of a tier, and what of the points paid for it is given back.
type Offer struct {
	List, Unit     int64          // of the tier's price list; of the best campaign
	Campaign       *topics.Redeem // nil: none makes it cheaper
	Rebate         topics.Ratio   // multiplier included; the zero Ratio: nothing is given back
	RebateCampaign *topics.Redeem // nil: none multiplies it
}

// OfferOf is the price of a list for members of a tier at an instant: that of the tier, then the single best campaign's part of it,
// rounded down (D11, X1, X2). The book may be nil.
func OfferOf(book *topics.Rulebook, l *pointspb.PriceList, o topics.Offered, tier string, at int64) Offer {
	x := Offer{List: priceFor(l, tier)}
	x.Unit = x.List
	if book == nil {
		return x
	}
	t := time.UnixMilli(at)
	if len(book.Redeem) > 0 {
		if x.Campaign = book.BestPrice(o, tier, t); x.Campaign != nil {
			x.Unit = x.Campaign.Price.Of(x.List)
		}
	}
	x.Rebate, x.RebateCampaign = book.RebateOf(o, tier, t)
	return x
}

// price notes what the redemption costs, by the campaigns as of its quote or of now.
func (d *Decision) price(q *pointspb.DebitRequest, tier string, facts *pointspb.RedemptionFacts) {
	at := cmp.Or(q.QuotedAt, d.moment.Now)
	book := d.moment.Books.At(time.UnixMilli(at))
	x := OfferOf(book, q.Prices, topics.Offered{Item: q.Item, Categories: q.Categories, Zones: q.Zones}, tier, at)
	facts.UnitPrice, facts.ListPrice, facts.PriceVersion, facts.Tier = x.Unit, x.List, q.Prices.GetVersion(), tier
	if c := x.Campaign; c != nil {
		facts.Campaign, facts.PriceRatio = c.ID, &pointspb.Ratio{Num: c.Price.Num, Den: c.Price.Den}
	}
	if x.Rebate.Num > 0 {
		facts.RebateRate = &pointspb.Ratio{Num: x.Rebate.Num, Den: x.Rebate.Den}
		if x.RebateCampaign != nil {
			facts.RebateCampaign = x.RebateCampaign.ID
		}
	}
}

// modePrice is the arithmetic of a redemption: the tier's price of one unit, times the best campaign, rounded down.
const modePrice = "price"

// priced is the "why" of what a redemption costs.
func priced(f *pointspb.RedemptionFacts) *pointspb.Arithmetic {
	x := &pointspb.Arithmetic{Mode: modePrice, Points: f.ListPrice, Quantity: f.Quantity, Tier: f.Tier, Campaign: f.PriceRatio}
	if f.Campaign != "" {
		x.Campaigns = []string{f.Campaign}
	}
	return x
}

// limitReached says whether the redemption would take the member beyond the item's limit, and notes in which period it counts: by the
// calendar of the book in force, at the decision.
func (d *Decision) limitReached(a *Account, q *pointspb.DebitRequest, facts *pointspb.RedemptionFacts) bool {
	per := topics.Period(cmp.Or(q.LimitPer, string(topics.PerEver)))
	taken := a.taken(q.Item)
	if per != topics.PerEver {
		zone := time.UTC
		if book := d.moment.Books.At(d.moment.Time()); book != nil && book.Zone != nil {
			zone = book.Zone
		}
		facts.LimitPer, facts.LimitPeriod = string(per), per.First(d.moment.Time(), zone)
		taken = a.takenIn(q.Item, facts.LimitPer, facts.LimitPeriod)
	}
	return q.LimitPerMember > 0 && q.Quantity > q.LimitPerMember-taken
}

// TakenOf is how many units of an item count in a member's limit now.
func (a *Account) TakenOf(item, per string, zone *time.Location, now int64) int64 {
	p := topics.Period(cmp.Or(per, string(topics.PerEver)))
	if p == topics.PerEver {
		return a.taken(item)
	}
	return a.takenIn(item, per, p.First(time.UnixMilli(now), zone))
}
