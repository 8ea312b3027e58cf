package ledger

import "jifen/topics/pointspb"

// GiveRebate does what a fulfilment does to a redemption's rebate.
func GiveRebate(w *World, member, redemption string, m Moment) *Decision {
	d := begin(w, m, &pointspb.Cause{Source: "jifen", Id: "fulfilled-" + redemption, Type: "jifen.fulfilled", OccurredAt: m.Now})
	a := w.Member(member)
	d.advance(a)
	d.giveRebate(a, redemption)
	return d
}
