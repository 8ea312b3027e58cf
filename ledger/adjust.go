package ledger

import (
	"jifen/topics"
	"jifen/topics/pointspb"
)

// AdjustMost is the most that one adjustment gives or takes, points.
const AdjustMost = 1_000_000_000_000

// adjust gives or takes points by hand; more than the policy's limit wait for a second person.
func (d *Decision) adjust(a *Member, e *pointspb.Entry) Outcome {
	if n := e.Act.Points; max(n, -n) > d.moment.Policy.FourEyesAbove {
		return a.propose(e)
	}
	d.adjusted(a, e)
	return Applied
}

// propose keeps an adjustment until a second person decides.
func (a *Account) propose(e *pointspb.Entry) Outcome {
	if a.countActs(func(x *Act) bool { return x.Standing == AdjustmentProposed }) >= proposalsMost {
		return LimitReached
	}
	e.Kind = pointspb.Kind_PROPOSED
	return Proposed
}

// adjusted books an adjustment: a lot of its own, or from the available lots in spend order, then debt where the book has
// it (§4). Less is taken where the book has no debt.
func (d *Decision) adjusted(a *Member, e *pointspb.Entry) {
	e.Kind = pointspb.Kind_ADJUSTED
	now, n := d.moment.Now, e.Act.Points
	book := d.moment.Books.At(d.moment.Time())
	if n > 0 {
		e.Lot = &pointspb.Lot{Number: a.NextLot + 1, ActiveAt: now}
		if book != nil {
			e.Version = book.Version
			e.Lot.ExpiresAt = new(calendar).expiresAt(book.Validity, book.Zone, now)
		}
		e.Postings = []*pointspb.Posting{
			{Account: pointspb.Account_ADJUSTED_POINTS, Points: -n}, {Account: pointspb.Account_AVAILABLE, Points: n, Lot: e.Lot.Number},
		}
		return
	}
	taken := &pointspb.Posting{Account: pointspb.Account_ADJUSTED_POINTS}
	postings := []*pointspb.Posting{taken}
	take := func(from pointspb.Account, lot uint32, most int64) {
		if n := min(-e.Act.Points-taken.Points, most); n > 0 {
			taken.Points += n
			postings = append(postings, &pointspb.Posting{Account: from, Points: -n, Lot: lot})
		}
	}
	for i := range a.Lots {
		if l := &a.Lots[i]; l.open(now) {
			take(pointspb.Account_AVAILABLE, l.Number, l.Remaining)
		}
	}
	if book == nil || book.Clawback == "" || book.Clawback == topics.ClawbackDebt {
		take(pointspb.Account_DEBT, 0, -n)
	}
	if taken.Points > 0 {
		e.Postings = postings
	}
}

// confirm proposes to take away what a freeze holds.
func (d *Decision) confirm(a *Member, e *pointspb.Entry) Outcome {
	x := a.freezeNamed(e.Act.Of)
	switch {
	case x == nil:
		return NotFound
	case x.Standing != FreezeOpen:
		return Decided
	}
	for _, l := range a.frozenBy(x) {
		e.Act.Points -= l.Remaining
	}
	return a.propose(e)
}

// second is the decision of the second person about a proposal. The entry says who asked and why, as the proposal did.
func (d *Decision) second(a *Member, e *pointspb.Entry, what What) Outcome {
	f := e.Act
	p := a.actNamed(f.Of)
	switch {
	case p == nil || p.Outcome != Proposed:
		return NotFound
	case p.Standing != AdjustmentProposed:
		return Decided
	case p.Actor == f.Actor:
		return SamePerson
	}
	x := a.freezeNamed(p.Of)
	if what == Approve && p.What == Confirm && (x == nil || x.Standing != FreezeOpen) {
		return Decided
	}
	f.Approver, f.Actor, f.Evidence, f.Points = f.Actor, p.Actor, p.Evidence, p.Points
	if what == Decline {
		e.Kind = pointspb.Kind_DECLINED
		return Applied
	}
	f.Reason = p.Reason
	if p.What == Confirm {
		a.confirmed(e, x)
	} else {
		d.adjusted(a, e)
	}
	return Applied
}

// confirmed takes what a freeze holds: all of it, also what came to it after the proposal.
func (a *Account) confirmed(e *pointspb.Entry, x *Act) {
	e.Kind = pointspb.Kind_ADJUSTED
	taken := &pointspb.Posting{Account: pointspb.Account_ADJUSTED_POINTS}
	for _, l := range a.frozenBy(x) {
		taken.Points += l.Remaining
		e.Postings = append(e.Postings, &pointspb.Posting{Account: pointspb.Account_FROZEN_POINTS, Points: -l.Remaining, Lot: l.Number})
	}
	e.Act.Points = -taken.Points
	if taken.Points > 0 {
		e.Postings = append(e.Postings, taken)
	}
}
