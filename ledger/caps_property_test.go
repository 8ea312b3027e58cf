package ledger_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// caps gives some of the rules of operate a cap, a limit or both.
func (s *shop) caps(r *rapid.T) *shop {
	per := func() topics.Period { return rapid.SampledFrom(topics.Periods()).Draw(r, "per") }
	for _, rule := range []string{"per-100", "per-3", "per-11"} {
		var most topics.Cap
		var often topics.Limit
		if rapid.Bool().Draw(r, "capped") {
			most = topics.Cap{Points: rapid.Int64Range(1, 3000).Draw(r, "cap"), Per: per()}
		}
		if rapid.Bool().Draw(r, "limited") {
			often = topics.Limit{Times: rapid.Int64Range(1, 3).Draw(r, "times"), Per: per()}
		}
		s.bounded(rule, most, often)
	}
	return s
}

// given is what a rule gave a member in one period.
type given struct {
	member, rule string
	per          topics.Period
	first        int32
}

// capsHold checks, by the entries alone, that no rule gave more in a period than its cap and its limit say, and that the
// counters that are kept say what it gave.
func capsHold(r *rapid.T, s *shop) {
	if s.merging {
		return // two members who are one may have got more than one may
	}
	points, times, counted := map[given]int64{}, map[given]int64{}, map[string]bool{}
	for _, g := range s.grants() {
		rule := s.rule(g.rule)
		if rule == nil || g.left == 0 {
			continue
		}
		at := func(p topics.Period) given { return given{g.member, g.rule, p, p.First(g.at, s.book.Zone)} }
		if rule.Cap.Points > 0 {
			if points[at(rule.Cap.Per)] += g.left; points[at(rule.Cap.Per)] > rule.Cap.Points {
				r.Fatalf("%+v gave %d of a cap of %d", at(rule.Cap.Per), points[at(rule.Cap.Per)], rule.Cap.Points)
			}
		}
		if once := g.member + "\x1f" + g.rule + "\x1f" + g.event; rule.Limit.Times > 0 && !counted[once] { // whatever a budget adds
			counted[once] = true
			if times[at(rule.Limit.Per)]++; times[at(rule.Limit.Per)] > rule.Limit.Times {
				r.Fatalf("%+v gave %d times of %d", at(rule.Limit.Per), times[at(rule.Limit.Per)], rule.Limit.Times)
			}
		}
	}
	for _, m := range s.world.Members {
		for _, u := range m.Uses {
			k := given{m.ID, u.Rule, u.Per, u.First}
			if u.Points != points[k] || u.Times != times[k] {
				r.Fatalf("%+v is %+v, and gave %d points, %d times", k, u, points[k], times[k])
			}
		}
	}
}

func (s *shop) rule(id string) *topics.Rule {
	if i := slices.IndexFunc(s.book.Rules, func(r topics.Rule) bool { return r.ID == id }); i >= 0 {
		return &s.book.Rules[i]
	}
	return nil
}

// granted is a grant and what is left of it.
type granted struct {
	member, rule, event string
	at                  time.Time
	left                int64
}

// grants are all that the entries tell of.
func (s *shop) grants() map[string]*granted {
	all := map[string]*granted{}
	key := func(e *pointspb.Entry, lot uint32) string {
		return e.Account + "\x1f" + e.Rule + "\x1f" + string(rune(lot))
	}
	for _, e := range s.entries {
		switch e.Kind {
		case pointspb.Kind_GRANTED:
			member, _ := topics.MemberOf(e.Account)
			all[key(e, e.Lot.Number)] = &granted{member, e.Rule, e.Cause.Id, time.UnixMilli(e.Cause.OccurredAt), e.Arithmetic.Awarded}
		case pointspb.Kind_REVERSED:
			all[key(e, e.Arithmetic.Lot)].left -= e.Arithmetic.Awarded
		}
	}
	return all
}

// withoutPast leaves out the counters of periods that are long over at an instant, and when each was counted last.
func withoutPast(a *ledger.Account, t time.Time) {
	a.Uses = slices.DeleteFunc(a.Uses, func(u ledger.Use) bool {
		return u.Per != topics.PerEver && u.Per.End(u.First).AddDate(0, 0, 90).Before(t)
	})
	for i := range a.Uses {
		a.Uses[i].Day = 0
	}
	a.ForgottenUses = nil
}
