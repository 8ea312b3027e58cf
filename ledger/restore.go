package ledger

import (
	"fmt"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Return is what a return of a redemption gave back, or why it did not.
type Return struct {
	_       struct{} `cbor:",toarray"`
	ID      string
	Points  int64
	Outcome Outcome
}

// returnsMost is how many returns of a redemption are kept.
const returnsMost = 100

// Returned is what the returns of a redemption have given back so far.
func (r *Redemption) Returned() (points int64) {
	for _, x := range r.Returns {
		if x.Outcome == Applied {
			points += x.Points
		}
	}
	return points
}

// restore gives points of a redemption back: to the lots that paid, the last one first, in sum never more than was paid;
// the same return again does nothing (§4, C7, C8). What is given back repays debt first.
func (d *Decision) restore(r *pointspb.Request, q *pointspb.RestoreRequest) (*Decision, error) {
	member, ok := topics.MemberOf(r.Account)
	if !ok || q.Points <= 0 || !isReference(q.ReturnId) {
		return nil, fmt.Errorf("return %q of redemption %q of %s gives %d points back", q.ReturnId, q.Redemption, r.Account, q.Points)
	}
	a := d.world.Member(member)
	if d.elsewhere(r, a) {
		return d, nil
	}
	d.advance(a)
	x := d.world.Redemptions[q.Redemption]
	if x == nil || x.Member != member || x.Outcome != Applied {
		return d.refuse(NotFound), nil
	}
	if i := slices.IndexFunc(x.Returns, func(k Return) bool { return k.ID == q.ReturnId }); i >= 0 {
		if x.Returns[i].Points != q.Points {
			return d.refuse(Conflict), nil
		}
		return d.refuse(Duplicate), nil
	}
	if len(x.Returns) >= returnsMost {
		return d.refuse(LimitReached), nil
	}
	e := &pointspb.Entry{
		Account: r.Account, Kind: pointspb.Kind_RESTORED, EffectiveAt: d.moment.Now,
		Redemption: &pointspb.RedemptionFacts{Id: q.Redemption, Member: member, Item: x.Item, Outcome: string(x.Outcome)},
		Return:     &pointspb.ReturnFacts{Id: q.ReturnId, Points: q.Points},
	}
	if q.Points > x.Points-x.Returned() {
		d.Outcome, e.Kind = TooMuch, pointspb.Kind_REFUSED
	} else {
		d.giveBack(a, x, e)
	}
	if d.Outcome == Applied && q.Points == x.Points-x.Returned() {
		x.uncounts(e.Redemption)
	}
	e.Return.Outcome = string(d.Outcome)
	d.emitOf(a, e)
	d.repayFrom(a, e)
	d.takeRebate(a, q.Redemption)
	d.advance(a) // what is dead on arrival
	return d, nil
}

// giveBack names the lots: the last consumed first, but for what earlier returns gave back.
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
	if e.Redemption.Uncounted > 0 {
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
