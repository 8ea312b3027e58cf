package ledger

import (
	"slices"
	"strings"

	"jifen/topics/pointspb"
)

// A merged member's redemptions go along, so that a return finds them where the points are.

// carriedRedemptions are those of a member that are kept. The world must hold them.
func (w *World) carriedRedemptions(m *Member) (all []*pointspb.CarriedRedemption) {
	for id := range m.Redemptions() {
		r := w.Redemptions[id]
		if r == nil {
			continue // it was forgotten before its place was
		}
		c := &pointspb.CarriedRedemption{
			Id: id, Item: r.Item, Quantity: r.Quantity, BodyHash: r.BodyHash, Outcome: string(r.Outcome), Points: r.Points,
			PriceVersion: r.PriceVersion, At: r.At,
		}
		for _, u := range r.Lots {
			c.Lots = append(c.Lots, &pointspb.CarriedUse{
				Lot:    &pointspb.Lot{Number: u.Number, ActiveAt: u.ActiveAt, ExpiresAt: u.ExpiresAt, Priority: u.Priority},
				Points: u.Points, Ordered: u.Ordered,
			})
		}
		for _, x := range r.Returns {
			c.Returns = append(c.Returns, &pointspb.ReturnFacts{Id: x.ID, Points: x.Points, Outcome: string(x.Outcome)})
		}
		c.Parts, c.Rebate = partsOf(r.Parts), carriedRebate(r.Rebate)
		if r.ListPrice != 0 || r.Campaign != "" || r.LimitPer != "" {
			c.Terms = &pointspb.RedemptionFacts{ListPrice: r.ListPrice, Campaign: r.Campaign, LimitPer: r.LimitPer, LimitPeriod: r.LimitPeriod}
		}
		c.Steps, c.Until = carriedSteps(r.Steps), r.Until
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y *pointspb.CarriedRedemption) int { return strings.Compare(x.Id, y.Id) })
	return all
}

func idsOf(all []*pointspb.CarriedRedemption) (ids []string) {
	for _, c := range all {
		ids = append(ids, c.Id)
	}
	return ids
}

// takeRedemptions takes in the redemptions that came with another account, whose lots were numbered on.
func (w *World) takeRedemptions(m *Member, e *pointspb.Entry) {
	for _, c := range e.Merged.Carried.Redemptions {
		r := &Redemption{
			Member: m.ID, Item: c.Item, Quantity: c.Quantity, BodyHash: c.BodyHash, Outcome: Outcome(c.Outcome), Points: c.Points,
			PriceVersion: c.PriceVersion, At: c.At,
		}
		for _, u := range c.Lots {
			l := u.GetLot()
			r.Lots = append(r.Lots, LotUse{
				Number: l.GetNumber() + e.Merged.LotsFrom, Points: u.Points, ExpiresAt: l.GetExpiresAt(), ActiveAt: l.GetActiveAt(),
				Priority: l.GetPriority(), Ordered: u.Ordered,
			})
		}
		for _, x := range c.Returns {
			r.Returns = append(r.Returns, Return{ID: x.Id, Points: x.Points, Outcome: Outcome(x.Outcome)})
		}
		r.Parts, r.Rebate = takenParts(c.Parts), takenRebate(c.Rebate, e.Merged.LotsFrom)
		if t := c.Terms; t != nil {
			r.ListPrice, r.Campaign, r.LimitPer, r.LimitPeriod = t.ListPrice, t.Campaign, t.LimitPer, t.LimitPeriod
		}
		r.Steps, r.Until = takenSteps(c.Steps), c.Until
		w.SetRedemption(c.Id, r)
	}
}

func partsOf(all []Part) (parts []*pointspb.Part) {
	for _, p := range all {
		parts = append(parts, &pointspb.Part{Item: p.Item, Quantity: p.Quantity, Fulfilment: p.Fulfilment, Codes: p.Codes})
	}
	return parts
}

func takenParts(all []*pointspb.Part) (parts []Part) {
	for _, p := range all {
		parts = append(parts, Part{Item: p.Item, Quantity: p.Quantity, Fulfilment: p.Fulfilment, Codes: p.Codes})
	}
	return parts
}
