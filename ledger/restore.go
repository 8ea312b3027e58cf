package ledger

import (
	"slices"

	"jifen/topics/pointspb"
)

// Return is what a step of a redemption gave back. Those of entries of earlier builds may have been refused.
type Return struct {
	_       struct{} `cbor:",toarray"`
	ID      string
	Points  int64
	Outcome Outcome
}

// Returned is what the returns of a redemption have given back so far.
func (r *Redemption) Returned() (points int64) {
	for _, x := range r.Returns {
		if x.Outcome == Applied {
			points += x.Points
		}
	}
	return points
}

// giveBack names the lots that get points of a redemption back: the last consumed first, but for what earlier returns gave back
// (§4, C7). What died meanwhile has days of grace.
func (d *Decision) giveBack(a *Member, x *Redemption, e *pointspb.Entry) {
	skip, left := x.Returned(), e.Return.Points
	e.Postings = []*pointspb.Posting{{Account: pointspb.Account_REDEEMED_POINTS, Points: -left}}
	for i := len(x.Lots) - 1; i >= 0 && left > 0; i-- {
		u := &x.Lots[i]
		before := min(skip, u.Points)
		skip -= before
		n := min(left, u.Points-before)
		if n == 0 {
			continue
		}
		left -= n
		l := Lot{Number: u.Number, ActiveAt: u.ActiveAt, ExpiresAt: u.ExpiresAt, Priority: u.Priority, Frozen: a.holds(u.Number)}
		if j, ok := a.lot(u.Number); ok {
			l = a.Lots[j] // it may be frozen, and may live longer than it did
		}
		if u.ExpiresAt != 0 && u.ExpiresAt <= d.moment.Now && l.ExpiresAt != 0 && !l.Frozen {
			l.ExpiresAt = max(l.ExpiresAt, d.moment.Now+d.moment.Policy.RestoreGrace)
		}
		e.Postings = append(e.Postings, &pointspb.Posting{Account: booked(l), Points: n, Lot: l.Number})
		e.Lots = append(e.Lots, &pointspb.Lot{Number: l.Number, ActiveAt: l.ActiveAt, ExpiresAt: l.ExpiresAt, Priority: l.Priority})
	}
}

// foldReturn keeps a return, and puts what it gives back into its lots; one that was spent up is made anew.
func (w *World) foldReturn(a *Account, e *pointspb.Entry) {
	r := w.Redemptions[e.Redemption.Id]
	if r == nil {
		return
	}
	x := *r
	x.Returns = append(slices.Clone(r.Returns), Return{ID: e.Return.Id, Points: e.Return.Points, Outcome: Outcome(e.Return.Outcome)})
	w.SetRedemption(e.Redemption.Id, &x)
	if e.Redemption.Uncounted > 0 { // of earlier builds
		a.uncount(e.Redemption)
	}
	for n, to := range e.Lots {
		l := Lot{Number: to.Number, Priority: to.Priority, ActiveAt: to.ActiveAt}
		if i, ok := a.lot(to.Number); ok {
			l = a.Lots[i]
			a.Lots = slices.Delete(a.Lots, i, i+1)
		} else if i := slices.IndexFunc(r.Lots, func(u LotUse) bool { return u.Number == to.Number }); i >= 0 {
			l.Ordered = r.Lots[i].Ordered
			l.Frozen = e.Postings[n+1].Account == pointspb.Account_FROZEN_POINTS
		}
		l.Remaining, l.ExpiresAt = l.Remaining+e.Postings[n+1].Points, to.ExpiresAt
		a.addLot(l)
	}
}
