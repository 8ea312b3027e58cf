package ledger

import (
	"errors"
	"fmt"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// CheckEntry says what is wrong with an entry by itself: postings that do not sum to zero (I1).
func CheckEntry(e *pointspb.Entry) error {
	var sum int64
	for _, p := range e.Postings {
		sum += p.Points
	}
	if sum != 0 {
		return fmt.Errorf("I1: postings of seq %d of %s sum to %d", e.Seq, e.Account, sum)
	}
	return nil
}

// CheckRedeemed says what is wrong with an entry that follows a world: a redemption of a frozen account (I13).
func CheckRedeemed(w *World, e *pointspb.Entry) error {
	if e.Kind != pointspb.Kind_REDEEMED {
		return nil
	}
	if member, ok := topics.MemberOf(e.Account); ok && w.Member(member).Frozen {
		return fmt.Errorf("I13: seq %d redeems of %s, which is frozen", e.Seq, e.Account)
	}
	return nil
}

// Check says what is wrong with an account (I3): every lot > 0, in spend order, debt >= 0, never spendable points and debt.
func (a *Account) Check(now int64) error {
	for i := range a.Lots {
		if a.Lots[i].Remaining <= 0 {
			return fmt.Errorf("I3: lot %d holds %d points", a.Lots[i].Number, a.Lots[i].Remaining)
		}
		if i > 0 && compareLots(a.Lots[i-1], a.Lots[i]) >= 0 {
			return fmt.Errorf("I3: lot %d stands after lot %d", a.Lots[i].Number, a.Lots[i-1].Number)
		}
	}
	if a.MergedInto != "" && (len(a.Lots) > 0 || a.Debt != 0 || a.Due != 0) {
		return fmt.Errorf("I3: %d lots and a debt of %d beside an account that is part of %s", len(a.Lots), a.Debt, a.MergedInto)
	}
	if a.Erased != 0 && (len(a.Lots) > 0 || a.Debt != 0 || a.Due != 0 || a.Sweep != 0 || len(a.MergedFrom) > 0 || a.MergedInto != "") {
		return fmt.Errorf("I3: an account that was erased holds %d lots and a debt of %d, due at %d", len(a.Lots), a.Debt, sooner(a.Due, a.Sweep))
	}
	if b := a.Balance(now); b.Debt < 0 || b.Debt > 0 && b.Available > 0 {
		return fmt.Errorf("I3: %d available beside a debt of %d", b.Available, b.Debt)
	}
	for _, p := range a.PendingOrders {
		if p.Spend < 0 || p.Orders < 0 || p.Spend == 0 && p.Orders == 0 || p.Looked && p.At == 0 {
			return fmt.Errorf("I3: %d in %d orders of %d, of lot %d, count from %d", p.Spend, p.Orders, p.Year, p.Lot, p.At)
		}
	}
	if err := errors.Join(a.checkUses(), a.checkForgotten(), a.checkActs(), checkCoupons(a.Coupons), a.checkWatched(), a.checkIdentities(), a.checkTaken()); err != nil {
		return err
	}
	for i, d := range a.Days {
		if d.Spend < 0 || d.Orders < 0 || d.Spend == 0 && d.Orders == 0 || i > 0 && d.From <= a.Days[i-1].From {
			return fmt.Errorf("I3: %d in %d orders of the day from %d", d.Spend, d.Orders, d.From)
		}
	}
	for i, x := range a.Earned {
		if x.Points <= 0 || i > 0 && a.Earned[i-1].Period >= x.Period {
			return fmt.Errorf("I3: %d points on the leaderboard of %d", x.Points, x.Period)
		}
	}
	if due := a.dueAt(); due != a.Due {
		return fmt.Errorf("I2: due at %d, noted as %d", due, a.Due)
	}
	return nil
}

// Check says what is wrong with an item (I4): loaded = free + reserved + sold, each >= 0.
func (i *Item) Check() error {
	var open int64
	for n, r := range i.Open {
		open += r.Quantity
		if i.reservation(r.Redemption, r.BodyHash) != n {
			return fmt.Errorf("I5: item %s is held twice for %s", i.ID, r.Redemption)
		}
	}
	if i.Loaded != i.Free+i.Reserved+i.Sold || i.Free < 0 || i.Reserved < 0 || i.Sold < 0 || open != i.Reserved {
		return fmt.Errorf("I4: item %s: loaded %d, free %d, reserved %d (open %d), sold %d", i.ID, i.Loaded, i.Free, i.Reserved, open, i.Sold)
	}
	if i.fulfilment() == FulfilCodes && i.Free != i.Pool.free() {
		return fmt.Errorf("I4: item %s: %d free, %d codes", i.ID, i.Free, i.Pool.free())
	}
	return i.Pool.check(i.ID, i.Open)
}

// Check says what is wrong with an order (I6): taken back <= granted, kept within what was paid.
func (o *Order) Check() error {
	for _, g := range o.Grants {
		if g.Reversed < 0 || g.Reversed > g.Awarded {
			return fmt.Errorf("I6: rule %s granted %d, took back %d", g.Rule, g.Awarded, g.Reversed)
		}
	}
	for _, l := range o.Lines {
		if l.Kept < 0 || l.Kept > l.Net {
			return fmt.Errorf("I6: line %s of %d keeps %d", l.ID, l.Net, l.Kept)
		}
	}
	return o.checkRetros()
}
