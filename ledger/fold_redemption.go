package ledger

import "jifen/topics/pointspb"

func (w *World) foldRedemption(a *Member, e *pointspb.Entry) {
	f := e.Redemption
	r := &Redemption{
		Member: f.Member, Item: f.Item, Quantity: f.Quantity, BodyHash: f.BodyHash, Outcome: Outcome(f.Outcome),
		PriceVersion: f.PriceVersion, At: e.RecordedAt,
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
	}
	w.SetRedemption(f.Id, r)
	a.noteRedemption(e)
}

func (a *Account) countTaken(item string, n int64) {
	for i := range a.Taken {
		if a.Taken[i].Item == item {
			a.Taken[i].Count += n
			return
		}
	}
	a.Taken = append(a.Taken, ItemCount{Item: item, Count: n})
}
