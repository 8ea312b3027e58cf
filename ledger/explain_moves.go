package ledger

import (
	"fmt"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// redeem is the price of one unit times the units; that of a campaign is its part of the list price, rounded down.
func redeem(e *pointspb.Entry) (sums, error) {
	f := e.GetRedemption()
	if c := f.GetPriceRatio(); c != nil && f.UnitPrice != ratio(c).Of(f.ListPrice) {
		return sums{}, fmt.Errorf("%s of %d is %d, not %d", ratio(c), f.ListPrice, ratio(c).Of(f.ListPrice), f.UnitPrice)
	}
	price, ok := topics.MulPoints(f.GetUnitPrice(), f.GetQuantity())
	if !ok {
		return sums{}, topics.ErrOverflow
	}
	all, err := fromLots(pointspb.Account_REDEEMED_POINTS, pointspb.Account_AVAILABLE)(e)
	if err == nil && all[pointspb.Account_REDEEMED_POINTS] != price {
		return sums{}, fmt.Errorf("the price is %d, paid %d", price, all[pointspb.Account_REDEEMED_POINTS])
	}
	return all, err
}

// fromLots is the sum of what lots give, each by one posting, to one account.
func fromLots(to pointspb.Account, from ...pointspb.Account) func(*pointspb.Entry) (sums, error) {
	return func(e *pointspb.Entry) (sums, error) {
		all := sums{}
		for _, p := range e.Postings {
			if p.Account == to {
				continue
			}
			if !slices.Contains(from, p.Account) || p.Points > 0 || p.Lot == 0 && p.Account != pointspb.Account_DEBT {
				return sums{}, fmt.Errorf("%d from %s, lot %d", p.Points, p.Account, p.Lot)
			}
			all[p.Account] += p.Points
			all[to] -= p.Points
		}
		return all, nil
	}
}

// rerestore is what a return of a redemption gives back: all that it says, to lots alone (§4).
func rerestore(e *pointspb.Entry) (sums, error) {
	all, err := toLots(e, pointspb.Account_REDEEMED_POINTS, pointspb.Account_AVAILABLE, pointspb.Account_FROZEN_POINTS)
	if n := e.GetReturn().GetPoints(); err == nil && all[pointspb.Account_REDEEMED_POINTS] != -n {
		return sums{}, fmt.Errorf("the return gives %d, given back %d", n, -all[pointspb.Account_REDEEMED_POINTS])
	}
	return all, err
}

// readjust is what an adjustment says that it gives, to one lot, or the most that it takes: less, where the lots have no
// more and the book has no debt.
func readjust(e *pointspb.Entry) (sums, error) {
	n := e.GetAct().GetPoints()
	if n > 0 {
		var all sums
		all[pointspb.Account_ADJUSTED_POINTS], all[pointspb.Account_AVAILABLE] = -n, n
		return all, nil
	}
	all, err := fromLots(pointspb.Account_ADJUSTED_POINTS, pointspb.Account_AVAILABLE, pointspb.Account_FROZEN_POINTS, pointspb.Account_DEBT)(e)
	if err == nil && all[pointspb.Account_ADJUSTED_POINTS] > -n {
		return sums{}, fmt.Errorf("the adjustment is by %d, taken %d", n, all[pointspb.Account_ADJUSTED_POINTS])
	}
	return all, err
}

// remove is all that a member had, issued to another one: what their lots held, less their debt.
func remove(e *pointspb.Entry) (sums, error) {
	held := make([]*pointspb.Posting, 0, len(e.Postings))
	var debt int64
	for _, p := range e.Postings {
		if p.Account != pointspb.Account_DEBT {
			held = append(held, p)
			continue
		}
		if debt += p.Points; p.Points < 0 {
			return sums{}, fmt.Errorf("%d of debt", p.Points)
		}
	}
	all, err := fromLots(pointspb.Account_ISSUED, pointspb.Account_AVAILABLE, pointspb.Account_PENDING, pointspb.Account_FROZEN_POINTS)(&pointspb.Entry{Postings: held})
	all[pointspb.Account_DEBT] += debt
	all[pointspb.Account_ISSUED] -= debt
	return all, err
}

// retake is what the account that came with the entry holds.
func retake(e *pointspb.Entry) (sums, error) {
	from, err := openCarried(e.GetMerged().GetCarried())
	if err != nil {
		return sums{}, err
	}
	var all sums
	for _, p := range moved(from, 1, e.Merged.LotsFrom) {
		all.add(p.Account, p.Points)
	}
	return all, nil
}

// rebudget moves no points: a budget gives at most what was asked and what it has, and gets back what it gave.
func rebudget(e *pointspb.Entry) (sums, error) {
	f := e.GetBudget()
	if n := f.GetAwarded(); e.Kind == pointspb.Kind_TAKEN && (n <= 0 || n > f.GetDesired() || n > f.GetLimit()) || e.Kind == pointspb.Kind_GIVEN && n >= 0 {
		return sums{}, fmt.Errorf("asked %d of a budget of %d, awarded %d", f.GetDesired(), f.GetLimit(), n)
	}
	return sums{}, nil
}

// toLots is the sum of what lots are given, each by one posting, from one account.
func toLots(e *pointspb.Entry, from pointspb.Account, to ...pointspb.Account) (sums, error) {
	all := sums{}
	for _, p := range e.Postings {
		if p.Account == from {
			continue
		}
		if !slices.Contains(to, p.Account) || p.Points < 0 || p.Lot == 0 {
			return sums{}, fmt.Errorf("%d to %s, lot %d", p.Points, p.Account, p.Lot)
		}
		all[p.Account] += p.Points
		all[from] -= p.Points
	}
	return all, nil
}
