package ledger

import (
	"slices"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// unfrozenLife is how long lots live at least after they were unfrozen (D13).
const unfrozenLife = 7 * 24 * time.Hour

// freeze holds an account, or sets available lots aside: those that are named, or all.
func (d *Decision) freeze(a *Member, e *pointspb.Entry) Outcome {
	f := e.Act
	if a.countActs((*Act).InForce) >= freezesMost {
		return LimitReached
	}
	e.Kind = pointspb.Kind_FROZEN
	if f.Scope == ScopeAccount {
		return Applied
	}
	named := f.Lots
	f.Lots = nil
	for i := range a.Lots {
		l := &a.Lots[i]
		if !l.open(d.moment.Now) || len(named) > 0 && !slices.Contains(named, l.Number) {
			continue
		}
		f.Lots = append(f.Lots, l.Number)
		e.Postings = append(e.Postings, move(l, pointspb.Account_AVAILABLE, pointspb.Account_FROZEN_POINTS)...)
	}
	for _, n := range named {
		if !slices.Contains(f.Lots, n) {
			f.Lots = named
			return NotFound // what is pending, frozen or gone cannot be set aside
		}
	}
	if len(f.Lots) == 0 {
		return NotFound
	}
	return Applied
}

// move posts all that a lot holds from one account to another.
func move(l *Lot, from, to pointspb.Account) []*pointspb.Posting {
	return []*pointspb.Posting{
		{Account: from, Points: -l.Remaining, Lot: l.Number}, {Account: to, Points: l.Remaining, Lot: l.Number},
	}
}

// freezeNamed is a freeze of an account by its id; nil: it has none of that name.
func (a *Account) freezeNamed(id string) *Act {
	if x := a.actNamed(id); x != nil && x.What == Freeze && x.Outcome == Applied {
		return x
	}
	return nil
}

// frozenBy are the lots that a freeze holds still: a return may have taken some of them back.
func (a *Account) frozenBy(x *Act) []*Lot {
	var lots []*Lot
	for _, n := range x.Lots {
		if i, ok := a.lot(n); ok && a.Lots[i].Frozen {
			lots = append(lots, &a.Lots[i])
		}
	}
	return lots
}

// holds says that a freeze in force names a lot, also one of which nothing was left.
func (a *Account) holds(lot uint32) bool {
	return slices.ContainsFunc(a.Acts, func(x Act) bool { return x.InForce() && slices.Contains(x.Lots, lot) })
}

// unfreeze ends a freeze. Its lots become available, for some days at least (D13).
func (d *Decision) unfreeze(a *Member, e *pointspb.Entry) Outcome {
	x := a.freezeNamed(e.Act.Of)
	switch {
	case x == nil:
		return NotFound
	case !x.InForce():
		return Decided
	}
	e.Kind = pointspb.Kind_UNFROZEN
	if x.Account {
		return Applied
	}
	least := d.midnightFrom(d.moment.Now + unfrozenLife.Milliseconds())
	for _, l := range a.frozenBy(x) {
		e.Act.Lots = append(e.Act.Lots, l.Number)
		e.Postings = append(e.Postings, move(l, pointspb.Account_FROZEN_POINTS, pointspb.Account_AVAILABLE)...)
		to := &pointspb.Lot{Number: l.Number, ActiveAt: l.ActiveAt, Priority: l.Priority}
		if l.ExpiresAt != 0 {
			to.ExpiresAt = max(l.ExpiresAt, least)
		}
		e.Lots = append(e.Lots, to)
	}
	return Applied
}

// midnightFrom is the first midnight of the program's zone that is not before t.
func (d *Decision) midnightFrom(t int64) int64 {
	zone := time.UTC
	if book := d.moment.Books.At(d.moment.Time()); book != nil {
		zone = book.Zone
	}
	y, m, day := time.UnixMilli(t).In(zone).Date()
	if at := time.Date(y, m, day, 0, 0, 0, 0, zone).UnixMilli(); at >= t {
		return at
	}
	return time.Date(y, m, day+1, 0, 0, 0, 0, zone).UnixMilli()
}

// foldFrozen sets lots aside, in their place of the spend order.
func (a *Account) foldFrozen(e *pointspb.Entry) {
	for _, n := range e.Act.Lots {
		if i, ok := a.lot(n); ok {
			a.Lots[i].Frozen = true
		}
	}
}

// foldUnfrozen makes lots available again, as the entry says.
func (a *Account) foldUnfrozen(e *pointspb.Entry) {
	for _, to := range e.Lots {
		if i, ok := a.lot(to.Number); ok {
			l := a.Lots[i]
			l.Frozen, l.ExpiresAt = false, to.ExpiresAt
			a.Lots = slices.Delete(a.Lots, i, i+1)
			a.addLot(l)
		}
	}
}

// appeal is the member's word against a freeze: once, and by a reference to what is kept elsewhere.
func (d *Decision) appeal(a *Member, e *pointspb.Entry) Outcome {
	x := a.freezeNamed(e.Act.Of)
	switch {
	case x == nil || e.Act.Actor != a.ID:
		return NotFound
	case !x.InForce():
		return Decided
	case x.Appeal != "":
		return LimitReached
	}
	e.Kind = pointspb.Kind_APPEALED
	return Applied
}

// overdue is the freeze whose review has become due at an instant.
func (a *Account) overdue(at int64) *Act {
	for i := range a.Acts {
		if a.Acts[i].reviewDue() == at {
			return &a.Acts[i]
		}
	}
	return nil
}

// bookReview says once of a freeze that its review date has passed.
func (d *Decision) bookReview(a *Member, x *Act) {
	d.emitOf(a, &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_REVIEW_DUE, EffectiveAt: x.ReviewBy,
		Cause: due("review "+x.ID, x.ReviewBy), Act: &pointspb.ActFacts{Of: x.ID, ReviewBy: x.ReviewBy},
	})
}
