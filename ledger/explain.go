package ledger

import (
	"errors"
	"fmt"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// errNoReason is an entry with amounts and without what tells of them.
var errNoReason = errors.New("nothing says how the amounts came about")

// keptQuantity is how much of what a grant counted is kept: in mode fixed 1, or 0 where nothing is.
func keptQuantity(g *Grant, kept, net int64) int64 {
	switch {
	case net == 0:
		return 0
	case topics.Mode(g.Mode) == topics.ModeFixed:
		return 1
	case g.Eligible > 0:
		return topics.Scale(g.Quantity, kept, g.Eligible)
	}
	return g.Quantity
}

// keptPoints is what is kept would earn by a grant's own arithmetic, of a budgeted campaign's part by that part's.
func keptPoints(x *pointspb.Arithmetic) (int64, error) {
	if topics.Mode(x.Mode) == topics.ModeFixed && x.Quantity == 0 {
		return 0, nil
	}
	return Explain(x)
}

// Recompute says what is wrong with an entry's amounts, by what the entry itself tells of how they came about (R65). An
// entry of a kind that recomputation does not know has no amounts.
func Recompute(e *pointspb.Entry) error {
	again := recomputation(e.Kind)
	switch {
	case again == nil && len(e.Postings) > 0:
		again = func(*pointspb.Entry) (sums, error) { return sums{}, errNoReason }
	case again == nil:
		return nil
	}
	want, err := again(e)
	if err != nil {
		return fmt.Errorf("%s of seq %d of %s: %w", e.Kind, e.Seq, e.Account, err)
	}
	var got sums
	for _, p := range e.Postings {
		if !got.add(p.Account, p.Points) {
			return fmt.Errorf("%s of seq %d of %s: account %d", e.Kind, e.Seq, e.Account, p.Account)
		}
	}
	for a := range got {
		if got[a] != want[a] {
			return fmt.Errorf("%s of seq %d of %s: posted %d to %s, recomputed %d", e.Kind, e.Seq, e.Account, got[a], pointspb.Account(a), want[a])
		}
	}
	return nil
}

// sums are points by account.
type sums [pointspb.Account_ADJUSTED_POINTS + 1]int64

func (s *sums) add(a pointspb.Account, points int64) bool {
	if a < 0 || int(a) >= len(s) {
		return false
	}
	s[a] += points
	return true
}

// recomputation tells the amounts of a kind of entries again; nil: nothing in them does.
func recomputation(k pointspb.Kind) func(*pointspb.Entry) (sums, error) {
	switch k {
	case pointspb.Kind_GRANTED, pointspb.Kind_RECORDED, pointspb.Kind_REBATED:
		return regrant
	case pointspb.Kind_REVERSED, pointspb.Kind_REBATE_REVERSED:
		return rereverse
	case pointspb.Kind_EXPIRED:
		return fromLots(pointspb.Account_BREAKAGE, pointspb.Account_AVAILABLE, pointspb.Account_PENDING)
	case pointspb.Kind_ACTIVATED:
		return fromLots(pointspb.Account_AVAILABLE, pointspb.Account_PENDING)
	case pointspb.Kind_REPAID:
		return fromLots(pointspb.Account_DEBT, pointspb.Account_AVAILABLE)
	case pointspb.Kind_FROZEN:
		return fromLots(pointspb.Account_FROZEN_POINTS, pointspb.Account_AVAILABLE)
	case pointspb.Kind_UNFROZEN:
		return fromLots(pointspb.Account_AVAILABLE, pointspb.Account_FROZEN_POINTS)
	case pointspb.Kind_REDEEMED:
		return redeem
	case pointspb.Kind_RESTORED:
		return rerestore
	case pointspb.Kind_ADJUSTED:
		return readjust
	case pointspb.Kind_MERGED_OUT:
		return remove
	case pointspb.Kind_MERGED_IN:
		return retake
	case pointspb.Kind_ERASED:
		return reerase
	case pointspb.Kind_TAKEN, pointspb.Kind_GIVEN:
		return rebudget
	}
	return nil
}

// regrant is the arithmetic of semantics §1: what it gives is desired, and no more of it is awarded.
func regrant(e *pointspb.Entry) (sums, error) {
	x := e.Arithmetic
	if x == nil {
		return sums{}, nil
	}
	n, err := Explain(x)
	if err != nil {
		return sums{}, err
	}
	if n != x.Desired || !awardedOf(x, n) {
		return sums{}, fmt.Errorf("desired %d and awarded %d, recomputed %d, of which %q leaves %d", x.Desired, x.Awarded, n, x.Bound, x.Left)
	}
	to := pointspb.Account_AVAILABLE
	if len(e.Postings) > 1 && e.Postings[1].Account == pointspb.Account_PENDING {
		to = pointspb.Account_PENDING
	}
	var all sums
	all[pointspb.Account_ISSUED], all[to] = -x.Awarded, x.Awarded
	return all, nil
}

// awardedOf says that an award is what a rule gives, cut to what its bound leaves; one of a hold-out is none. A campaign's
// part may be given up for the budget beside it.
func awardedOf(x *pointspb.Arithmetic, n int64) bool {
	switch {
	case x.Holdout:
		n = 0
	case x.Bound != "":
		n = min(n, x.Left)
	}
	return x.Awarded == n || x.Less != nil && x.Awarded == 0
}

// rereverse is the law of §4: the grant less what is kept of it, less what was taken back before; of it the policy takes
// what is found, from lots, their expired parts, and debt.
func rereverse(e *pointspb.Entry) (sums, error) {
	x := e.Arithmetic
	if x == nil {
		return sums{}, errNoReason
	}
	would, err := keptPoints(x)
	if err != nil {
		return sums{}, err
	}
	if x.Before > 0 {
		return rereverseRun(e, would)
	}
	if delta := e.Granted - min(e.Granted, would) - x.ReversedBefore; would != x.KeptPoints || delta != x.Desired || x.Awarded > delta {
		return sums{}, fmt.Errorf("kept %d, desired %d and awarded %d, recomputed %d and %d", x.KeptPoints, x.Desired, x.Awarded, would, delta)
	}
	return clawedBack(e)
}

func clawedBack(e *pointspb.Entry) (sums, error) {
	all, err := fromLots(pointspb.Account_REVERSED_POINTS, pointspb.Account_AVAILABLE, pointspb.Account_PENDING, pointspb.Account_FROZEN_POINTS, pointspb.Account_BREAKAGE, pointspb.Account_DEBT)(e)
	if err == nil && all[pointspb.Account_REVERSED_POINTS] != e.Arithmetic.Awarded {
		return sums{}, fmt.Errorf("awarded %d, taken %d", e.Arithmetic.Awarded, all[pointspb.Account_REVERSED_POINTS])
	}
	return all, err
}

// rereverseRun is rereverse under a rule that a retro run came to: what the rule's grants have given together, less what the run's
// arithmetic gives for what is kept, from this grant as far as it reaches.
func rereverseRun(e *pointspb.Entry, would int64) (sums, error) {
	x := e.Arithmetic
	if topics.Mode(x.Mode) != topics.ModeFixed || x.Quantity != 0 {
		would += x.Before // Explain took it off
	}
	if delta := min(x.Before-x.KeptPoints, e.Granted-x.ReversedBefore); x.KeptPoints > would || delta != x.Desired || x.Awarded > delta {
		return sums{}, fmt.Errorf("kept %d, desired %d and awarded %d, recomputed %d and %d", x.KeptPoints, x.Desired, x.Awarded, would, delta)
	}
	return clawedBack(e)
}

func ratio(r *pointspb.Ratio) topics.Ratio {
	if r == nil {
		return topics.One()
	}
	return topics.Ratio{Num: r.Num, Den: r.Den}
}
