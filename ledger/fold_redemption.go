package ledger

import "jifen/topics/pointspb"

// foldRedeemed changes a redemption as an entry says that names it.
func (w *World) foldRedeemed(a *Member, e *pointspb.Entry) {
	switch e.Kind {
	case pointspb.Kind_REDEEMED, pointspb.Kind_REFUSED, pointspb.Kind_RESTORED, pointspb.Kind_STEPPED:
		switch {
		case e.Step != nil:
			w.foldStep(a, e)
		case e.Return != nil:
			w.foldReturn(&a.Account, e)
		default:
			w.foldRedemption(a, e)
		}
	case pointspb.Kind_REBATED, pointspb.Kind_ACTIVATED, pointspb.Kind_REBATE_REVERSED:
		w.foldRebate(e)
	}
}

func (w *World) foldRedemption(a *Member, e *pointspb.Entry) {
	f := e.Redemption
	r := &Redemption{
		Member: f.Member, Item: f.Item, Quantity: f.Quantity, BodyHash: f.BodyHash, Outcome: Outcome(f.Outcome),
		PriceVersion: f.PriceVersion, At: e.RecordedAt, ListPrice: f.ListPrice, Campaign: f.Campaign, LimitPer: f.LimitPer, LimitPeriod: f.LimitPeriod,
		Until: f.Until,
	}
	if e.Kind == pointspb.Kind_REDEEMED {
		r.Parts = takenParts(f.Parts)
		r.Points = f.UnitPrice * f.Quantity
		for _, p := range e.Postings {
			if i, ok := a.lot(p.Lot); ok && p.Account == pointspb.Account_AVAILABLE {
				l := &a.Lots[i]
				r.Lots = append(r.Lots, LotUse{
					Number: p.Lot, Points: -p.Points, ExpiresAt: l.ExpiresAt, ActiveAt: l.ActiveAt, Priority: l.Priority, Ordered: l.Ordered,
				})
			}
		}
		a.countTaken(f.Item, f.Quantity)
		a.countIn(f.Item, f.LimitPer, f.LimitPeriod, f.Quantity)
	}
	w.SetRedemption(f.Id, r)
	a.noteRedemption(e)
	a.placeRedemption(f.Id, r)
}
