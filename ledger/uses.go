package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Use counts what a rule gave in one calendar period: points for its cap, times for its limit (semantics §8).
type Use struct {
	Rule          string
	Per           topics.Period
	First         int32  // the period's first day in the program's zone, such as 20260601; 0 = ever
	By            string // what the limit counts by
	Points, Times int64
	Day           int32 // of the newest award that it counts, by the clock that recorded it, from 1970 on
}

// usesKept is how many days a counter is kept by the clock, after its period and after the newest award that it counts: the
// events of a history are counted together, whichever topic of it is read first, and people have time to let late ones in.
const usesKept = 90

func compareUses(x, y Use) int {
	return cmp.Or(cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Per, y.Per), cmp.Compare(x.First, y.First), cmp.Compare(x.By, y.By))
}

// used is what a counter stands at.
func (a *Account) used(rule string, u *pointspb.Use) (points, times int64) {
	if i, ok := slices.BinarySearchFunc(a.Uses, useOf(rule, u), compareUses); ok {
		return a.Uses[i].Points, a.Uses[i].Times
	}
	return 0, 0
}

func useOf(rule string, u *pointspb.Use) Use {
	return Use{Rule: rule, Per: topics.Period(u.Per), First: u.Period, By: u.By}
}

// use folds what an entry uses of its rule's cap and limit. A counter that stands at nothing leaves no trace; those of
// periods long over when something was used are dropped.
func (a *Account) use(e *pointspb.Entry) {
	var more bool
	day := dayOfUse(e.RecordedAt)
	for _, used := range e.Uses {
		u := useOf(e.Rule, used)
		if used.Points > 0 || used.Times > 0 {
			u.Day, more = day, true
		}
		a.count(u, used.Points, used.Times)
	}
	if more {
		a.forgetUses(day)
	}
}

// count adds to a counter; u names it, and the day of the award that is counted, 0 = none is.
func (a *Account) count(u Use, points, times int64) {
	i, ok := slices.BinarySearchFunc(a.Uses, u, compareUses)
	if !ok {
		// The account is kept from batch to batch, and must not hold on to the memory of an event.
		a.Uses = slices.Insert(a.Uses, i, Use{Rule: strings.Clone(u.Rule), Per: period(u.Per), First: u.First, By: strings.Clone(u.By)})
	}
	a.Uses[i].Day = max(a.Uses[i].Day, u.Day)
	a.Uses[i].Points += points
	a.Uses[i].Times += times
	if a.Uses[i].Points == 0 && a.Uses[i].Times == 0 {
		a.Uses = slices.Delete(a.Uses, i, i+1)
	}
}

// checkUses says what is wrong with the counters (I16): each is above 0, and stands there once.
func (a *Account) checkUses() error {
	for i, u := range a.Uses {
		if u.Points < 0 || u.Times < 0 || u.Points == 0 && u.Times == 0 || i > 0 && compareUses(a.Uses[i-1], u) >= 0 {
			return fmt.Errorf("I16: %d points and %d times of rule %s per %s from %d on", u.Points, u.Times, u.Rule, u.Per, u.First)
		}
	}
	return nil
}

// period is the same period in memory of the program's own.
func period(p topics.Period) topics.Period {
	if i := slices.Index(topics.Periods(), p); i >= 0 {
		return topics.Periods()[i]
	}
	return topics.Period(strings.Clone(string(p)))
}

// uses writes the counters; the rule of the one before is not written again.
func (s *state) uses(all []Use) {
	s.count(len(all))
	rule := ""
	for i := range all {
		u := &all[i]
		s.flags(u.Rule != rule, u.By != "", u.Points != 0, u.Times != 0)
		s.period(u.Per)
		s.int(int64(u.First))
		if u.Rule != rule {
			s.text(u.Rule)
		}
		if u.By != "" {
			s.text(u.By)
		}
		if u.Points != 0 {
			s.int(u.Points)
		}
		if u.Times != 0 {
			s.int(u.Times)
		}
		s.int(int64(u.Day))
		rule = u.Rule
	}
}

// period is written as its place among the periods, from 1 on; 0: a word follows that is none of them.
func (s *state) period(p topics.Period) {
	n := slices.Index(topics.Periods(), p) + 1
	if s.count(n); n == 0 {
		s.text(string(p))
	}
}

func (r *reading) period() topics.Period {
	switch n := r.mask(); {
	case n == 0:
		return topics.Period(r.text())
	case n <= uint64(len(topics.Periods())):
		return topics.Periods()[n-1]
	}
	r.fail()
	return ""
}

// uses reads what uses wrote.
func (r *reading) uses() []Use {
	rule := ""
	return many(r, func() (u Use) {
		var named, by, points, times bool
		r.flags(&named, &by, &points, &times)
		u.Per = r.period()
		u.First = int32(r.int())
		if named {
			rule = r.text()
		}
		u.Rule = rule
		if by {
			u.By = r.text()
		}
		if points {
			u.Points = r.int()
		}
		if times {
			u.Times = r.int()
		}
		u.Day = int32(r.int())
		return u
	})
}
