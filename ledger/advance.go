package ledger

import (
	"strconv"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Advance books what the clock has made due for a member, in the order of its effective time: activation, expiry,
// evaluation of the tier, notices. It runs before every decision and every read, so a late job changes no balance (L4).
func Advance(w *World, member string, m Moment) *Decision {
	d := begin(w, m, nil)
	d.advance(w.Member(member))
	return d
}

func (d *Decision) advance(a *Member) {
	for a.Due != 0 && a.Due <= d.moment.Now {
		at := a.Due
		if i, ok := a.dueLot(at); ok {
			d.bookLot(a, a.Lots[i])
			continue
		}
		if a.pendingAt(at) {
			d.bookPending(a, at)
			continue
		}
		if x := a.overdue(at); x != nil {
			d.bookReview(a, x)
			continue
		}
		if a.EvaluateAt != at {
			d.notify(a, at)
			continue
		}
		d.evaluate(a, at)
	}
}

// dueLot finds the lot that made Due: the first in spend order, so that a replay books in the same order.
func (a *Account) dueLot(at int64) (int, bool) {
	for i := range a.Lots {
		if a.Lots[i].due() == at {
			return i, true
		}
	}
	return 0, false
}

func (d *Decision) bookLot(a *Member, l Lot) {
	if l.Pending && l.ActiveAt != 0 && (l.ExpiresAt == 0 || l.ActiveAt < l.ExpiresAt) {
		cause := due("activation "+lotName(l.Number), l.ActiveAt)
		x := d.approachAt(a, l)
		d.activate(a, l, &pointspb.Entry{EffectiveAt: l.ActiveAt, Cause: cause})
		d.reach(a, x.by(cause, l.Number, ""))
		return
	}
	if d.withoutNotice(a, l) {
		d.extend(a, l.ExpiresAt)
		return
	}
	// A pending lot expires, too: its validity counts from earning, and its order was not completed in time.
	e := &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_EXPIRED, EffectiveAt: l.ExpiresAt,
		Cause: due("expiry "+lotName(l.Number), l.ExpiresAt),
		Postings: []*pointspb.Posting{
			{Account: booked(l), Points: -l.Remaining, Lot: l.Number},
			{Account: pointspb.Account_BREAKAGE, Points: l.Remaining, Lot: l.Number},
		},
	}
	d.emitOf(a, e)
}

func lotName(number uint32) string { return strconv.Itoa(int(number)) }

// repay pays debt from a lot that has just become available (§4: debt is repaid first).
func (d *Decision) repay(a *Member, number uint32, cause *pointspb.Cause) {
	if a.Debt == 0 {
		return
	}
	i, ok := a.lot(number)
	if !ok || !a.Lots[i].open(d.moment.Now) {
		return
	}
	d.repayAt(a, number, cause, a.Lots[i].ActiveAt)
}

// repayAt is repay from an instant on, of a lot that became available by hand.
func (d *Decision) repayAt(a *Member, number uint32, cause *pointspb.Cause, at int64) {
	i, ok := a.lot(number)
	if a.Debt == 0 || !ok || !a.Lots[i].open(d.moment.Now) {
		return
	}
	n := min(a.Debt, a.Lots[i].Remaining)
	d.emitOf(a, &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_REPAID, EffectiveAt: at, Cause: cause,
		Postings: []*pointspb.Posting{
			{Account: pointspb.Account_AVAILABLE, Points: -n, Lot: number},
			{Account: pointspb.Account_DEBT, Points: n},
		},
	})
}

// due is the cause of what the clock does: its id names the state and the instant, so the same work has the same id.
func due(id string, at int64) *pointspb.Cause {
	return &pointspb.Cause{
		Source: "jifen", Id: id + " " + time.UnixMilli(at).UTC().Format(time.RFC3339), Type: "jifen.due", OccurredAt: at,
	}
}
