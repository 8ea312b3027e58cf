package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"jifen/topics"
)

// ForgottenUses are the periods whose counters are dropped, the first days of the oldest and of the newest: none between
// them is known to have room.
type ForgottenUses struct {
	Rule     string
	Per      topics.Period
	From, To int32
}

func compareForgotten(x, y ForgottenUses) int {
	return cmp.Or(cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Per, y.Per))
}

// dayOfUse is the day of an instant (Unix ms), from 1970 on.
func dayOfUse(t int64) int32 { return int32(t / (24 * time.Hour).Milliseconds()) }

// over says that by the clock's day a counter has been kept long enough.
func (u *Use) over(day int32) bool {
	return u.Per != topics.PerEver && u.Day+usesKept < day && dayOfUse(u.Per.End(u.First).UnixMilli())+usesKept < day
}

// forgetUses drops the counters that have been kept long enough, and remembers which periods those were.
func (a *Account) forgetUses(day int32) {
	a.Uses = slices.DeleteFunc(a.Uses, func(u Use) bool {
		over := u.over(day)
		if over {
			a.forgetPeriods(ForgottenUses{Rule: u.Rule, Per: u.Per, From: u.First, To: u.First})
		}
		return over
	})
}

// forgetPeriods adds periods to those that are forgotten.
func (a *Account) forgetPeriods(f ForgottenUses) {
	i, ok := slices.BinarySearchFunc(a.ForgottenUses, f, compareForgotten)
	if !ok {
		a.ForgottenUses = slices.Insert(a.ForgottenUses, i, f)
		return
	}
	x := &a.ForgottenUses[i]
	x.From, x.To = min(x.From, f.From), max(x.To, f.To)
}

// forgot says that nobody knows what a rule gave in a period: its counters may have been dropped.
func (a *Account) forgot(rule string, per topics.Period, first int32) bool {
	if len(a.ForgottenUses) == 0 {
		return false
	}
	i, ok := slices.BinarySearchFunc(a.ForgottenUses, ForgottenUses{Rule: rule, Per: per}, compareForgotten)
	return ok && a.ForgottenUses[i].From <= first && first <= a.ForgottenUses[i].To
}

// mergeUses adds another account's counters, and the periods that it forgot.
func (a *Account) mergeUses(from *Account) {
	for _, u := range from.Uses {
		a.count(u, u.Points, u.Times)
	}
	for _, f := range from.ForgottenUses {
		f.Rule = strings.Clone(f.Rule)
		a.forgetPeriods(f)
	}
}

func (a *Account) checkForgotten() error {
	for i, f := range a.ForgottenUses {
		if f.From > f.To || f.Per == topics.PerEver || i > 0 && compareForgotten(a.ForgottenUses[i-1], f) >= 0 {
			return fmt.Errorf("I16: periods of rule %s per %s are forgotten from %d to %d", f.Rule, f.Per, f.From, f.To)
		}
	}
	return nil
}

func (s *state) forgotten(all []ForgottenUses) {
	s.count(len(all))
	for _, f := range all {
		s.text(f.Rule)
		s.period(f.Per)
		s.int(int64(f.From))
		s.int(int64(f.To))
	}
}

func (r *reading) forgotten() ForgottenUses {
	return ForgottenUses{Rule: r.text(), Per: r.period(), From: int32(r.int()), To: int32(r.int())}
}
