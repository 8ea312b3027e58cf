package ledger

import (
	"bytes"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// settle is step (3): the reservation becomes a sale, or its units are free again. A reservation that is gone was settled before.
func (d *Decision) settle(r *pointspb.Request, q *pointspb.SettleRequest) *Decision {
	id, _ := topics.ItemOf(r.Account)
	i := d.world.item(id)
	n := i.reservation(q.Redemption, q.BodyHash)
	if n < 0 {
		return d.refuse(Duplicate)
	}
	units, codes := i.Open[n].Quantity, heldSpans(i.Open[n].Codes)
	e := &pointspb.Entry{
		Account: r.Account, Kind: pointspb.Kind_RELEASED, EffectiveAt: d.moment.Now,
		Redemption: &pointspb.RedemptionFacts{Id: q.Redemption, Item: id, Quantity: units, BodyHash: q.BodyHash},
		Item:       &pointspb.ItemFacts{Free: units, Reserved: -units, Codes: codes},
	}
	if i.fulfilment() == FulfilCodes && len(codes) == 0 { // held before it was: the unit is none of the pool's
		e.Item.Loaded, e.Item.Free = -units, 0
	}
	if q.Sold {
		e.Kind, e.Item = pointspb.Kind_SOLD, &pointspb.ItemFacts{Sold: units, Reserved: -units}
	}
	d.emit(e)
	return d
}

func sameBytes(x, y *pointspb.ItemDefinition) bool {
	a, errA := x.MarshalVT()
	b, errB := y.MarshalVT()
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

func (i *Item) samePrices(d *pointspb.ItemDefinition) bool {
	return i.Prices.Version > 0 && i.Prices.Base == d.BasePrice &&
		slices.EqualFunc(i.Prices.Tiers, d.TierPrices, func(x TierPrice, y *pointspb.TierPrice) bool {
			return x.Tier == y.Tier && x.Points == y.Points
		})
}

func foldItem(i *Item, e *pointspb.Entry) {
	if f := e.Item; f != nil {
		i.Loaded += f.Loaded
		i.Free += f.Free
		i.Reserved += f.Reserved
		i.Sold += f.Sold
		if f.Definition != nil {
			i.define(f, e.RecordedAt)
		}
	}
	r := e.Redemption
	switch e.Kind {
	case pointspb.Kind_RESERVED:
		i.Open = append(i.Open, Reservation{Redemption: r.Id, BodyHash: r.BodyHash, Quantity: r.Quantity, Codes: spansOf(e.Item.GetCodes())})
	case pointspb.Kind_SOLD, pointspb.Kind_RELEASED:
		if n := i.reservation(r.Id, r.BodyHash); n >= 0 {
			i.Open = slices.Delete(i.Open, n, n+1)
		}
	case pointspb.Kind_ITEM_SET, pointspb.Kind_REFUSED:
		if e.Codes != nil {
			return
		}
		i.LastID, i.LastResult = r.Id, Outcome(r.Outcome)
		i.noteAsked(Asked{ID: r.Id, Add: e.Item.GetLoaded(), Outcome: Outcome(r.Outcome)})
	}
}

// define takes over a definition; a price list that it replaces stays for as long as a quote may name it.
func (i *Item) define(f *pointspb.ItemFacts, now int64) {
	d := f.Definition
	i.ID, i.NameZh, i.NameEn, i.Kind, i.OnSale = d.Id, d.NameZh, d.NameEn, d.Kind, d.OnSale
	i.Tiers, i.PerMember, i.Fulfilment = d.Tiers, d.LimitPerMember, d.Fulfilment
	i.describe(d, now)
	if f.PriceVersion == i.Prices.Version {
		return
	}
	if old := i.Prices; old.Version > 0 {
		old.Until = now
		i.Previous = slices.DeleteFunc(i.Previous, func(p Prices) bool { return p.Until+QuoteWindow <= now })
		i.Previous = append(i.Previous, old)
	}
	i.Prices = Prices{Version: f.PriceVersion, Base: d.BasePrice}
	for _, t := range d.TierPrices {
		i.Prices.Tiers = append(i.Prices.Tiers, TierPrice{Tier: t.Tier, Points: t.Points})
	}
}
