package ledger

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// A member can ask to be forgotten (decision 0028). Their account is closed by one entry, and nothing of it stays but when
// that was: whatever names the id later finds it closed, and ends as Erased.

// ended decides an event of a member who is another one, or of whom nothing is kept. A second erasure has no effect.
func (c *credit) ended(ev *pointspb.CreditEvent) (*Decision, error) {
	switch {
	case c.m.MergedInto != "":
		return c.forward(ev)
	case ev.Erased:
		return c.refuse(Duplicate), nil
	}
	return c.refuse(Erased), nil
}

// elsewhere ends a request on an account that is not there any more: it is sent on to the member whom it became, or refused.
func (d *Decision) elsewhere(r *pointspb.Request, a *Member) bool {
	switch {
	case a.MergedInto != "":
		d.request(r, topics.MemberAccount(a.MergedInto), &pointspb.Request{What: r.What})
		d.refuse(Forwarded)
	case a.Erased != 0:
		d.refuse(Erased)
	default:
		return false
	}
	return true
}

// eraseOld decides the erasure of an id that the erased member once had. It may be one of whom nothing is known here.
func (d *Decision) eraseOld(r *pointspb.Request, q *pointspb.EraseRequest) (*Decision, error) {
	id, ok := topics.MemberOf(r.Account)
	if !ok {
		return nil, fmt.Errorf("request %q erases %q, which is no member's account", r.Id, r.Account)
	}
	a := d.world.Member(id)
	if a.Erased != 0 {
		return d.refuse(Duplicate), nil
	}
	return d.erase(a, q.At), nil
}

// erase closes an account: what is due is booked, coupons that were not used are revoked, points that are left become
// breakage, and a debt is written off. The world must hold all orders of the member. The ids that the member once had are
// asked to be forgotten in the same transaction.
func (d *Decision) erase(a *Member, at int64) *Decision {
	d.advance(a)
	account := topics.MemberAccount(a.ID)
	for _, k := range a.Coupons {
		if !k.Used && !k.Revoked {
			d.emitOf(a, &pointspb.Entry{
				Account: account, Kind: pointspb.Kind_COUPON_REVOKED, EffectiveAt: at,
				Milestone: &pointspb.MilestoneFacts{
					Milestone: k.Milestone, Template: k.Template, Coupon: k.id(k.N), Period: k.Period, N: k.N, Lot: k.Lot, Threshold: k.Threshold,
				},
			})
		}
	}
	d.unsee(a)
	for _, from := range a.MergedFrom {
		d.Requests = append(d.Requests, &pointspb.Request{
			Account: topics.MemberAccount(from), Id: d.cause.Id, Traceparent: d.cause.Traceparent,
			What: &pointspb.Request_Erase{Erase: &pointspb.EraseRequest{At: at}},
		})
	}
	e := &pointspb.Entry{Account: account, Kind: pointspb.Kind_ERASED, EffectiveAt: at, Postings: left(&a.Account)}
	for id := range a.Redemptions() {
		e.Forgotten = append(e.Forgotten, id)
	}
	slices.Sort(e.Forgotten)
	d.emitOf(a, e)
	return d
}

// giveUp gives a campaign's budget back what it awarded to a member who was erased meanwhile.
func (d *Decision) giveUp(r *pointspb.Request, a *pointspb.BudgetAward) *Decision {
	id, _ := topics.MemberOf(r.Account)
	c := &credit{Decision: d, m: d.world.Member(id), event: &pointspb.CreditEvent{Account: r.Account, Cause: a.Cause}}
	c.give(&Grant{Campaign: a.Campaign, Rule: a.Rule, Version: a.Version}, a.Cause, a.Arithmetic.Awarded)
	return d.refuse(Erased)
}

// left are the postings that empty an account: points to breakage, debt to what was adjusted.
func left(a *Account) []*pointspb.Posting {
	var postings []*pointspb.Posting
	var sum int64
	for _, l := range a.Lots {
		postings = append(postings, &pointspb.Posting{Account: booked(l), Points: -l.Remaining, Lot: l.Number})
		sum += l.Remaining
	}
	if sum > 0 {
		postings = append(postings, &pointspb.Posting{Account: pointspb.Account_BREAKAGE, Points: sum})
	}
	if a.Debt > 0 {
		postings = append(postings,
			&pointspb.Posting{Account: pointspb.Account_ADJUSTED_POINTS, Points: -a.Debt}, &pointspb.Posting{Account: pointspb.Account_DEBT, Points: a.Debt})
	}
	return postings
}

// reerase is what an erasure leaves of an account: lots give to breakage, a debt is written off.
func reerase(e *pointspb.Entry) (sums, error) {
	held := make([]*pointspb.Posting, 0, len(e.Postings))
	var debt int64
	for _, p := range e.Postings {
		switch p.Account {
		case pointspb.Account_DEBT:
			if debt += p.Points; p.Points < 0 {
				return sums{}, fmt.Errorf("%d of debt", p.Points)
			}
		case pointspb.Account_ADJUSTED_POINTS: // what is written off
		default:
			held = append(held, p)
		}
	}
	all, err := fromLots(pointspb.Account_BREAKAGE, pointspb.Account_AVAILABLE, pointspb.Account_PENDING, pointspb.Account_FROZEN_POINTS)(&pointspb.Entry{Postings: held})
	all[pointspb.Account_DEBT], all[pointspb.Account_ADJUSTED_POINTS] = debt, -debt
	return all, err
}

// foldEnd folds what makes two members one, or forgets one.
func (w *World) foldEnd(m *Member, e *pointspb.Entry) {
	switch e.Kind {
	case pointspb.Kind_MERGED_OUT:
		w.end(m, e, Account{MergedInto: e.Merged.Into})
	case pointspb.Kind_ERASED:
		w.end(m, e, Account{Erased: max(e.EffectiveAt, 1)})
	case pointspb.Kind_MERGED_IN:
		w.take(m, e)
	}
}

// end empties the account, of which only what is given stays, and forgets its orders, seen events and the redemptions that
// the entry names.
func (w *World) end(m *Member, e *pointspb.Entry, stays Account) {
	for _, id := range e.Forgotten {
		w.forgetRedemption(id)
	}
	m.noteBoards()
	stays.NextLot = m.NextLot
	*m = Member{
		ID: m.ID, Account: stays, Whole: true, Known: &Hashes{},
		written: written{changed: true}, changed: m.changed, rescheduled: true, cleared: true,
		boards: m.boards,
	}
}

// Redemptions are the ids of those redemptions of the member that are held: each has a place among the orders, so that all
// of a member's can be found.
func (m *Member) Redemptions() iter.Seq[string] {
	prefix := topics.RedemptionKey(m.ID, "")
	return func(yield func(string) bool) {
		for key := range m.Orders() {
			if id, ok := strings.CutPrefix(key, prefix); ok && !yield(id) {
				return
			}
		}
	}
}

// noteRedemption gives a redemption its place among the orders.
func (m *Member) noteRedemption(e *pointspb.Entry) {
	m.ChangeOrder(topics.RedemptionKey(m.ID, e.Redemption.Id)).Written = e.RecordedAt
	m.kept(e)
}

// Ends says that a request empties an account, or brings what another one had: all that the member has is concerned.
func Ends(r *pointspb.Request) bool {
	return r.GetMerge() != nil || r.GetAbsorb() != nil || r.GetErase() != nil
}

func (s *state) ends(a *Account) {
	s.int(a.Erased)
	s.texts(a.MergedFrom)
}

func (r *reading) ends(a *Account) {
	a.Erased = r.int()
	a.MergedFrom = many(r, r.text)
}
