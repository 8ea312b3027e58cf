package ledger_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// version is another version of the shop's book, published under a name.
func (s *shop) version(name string) *topics.Rulebook {
	b := *s.book
	b.Version, b.From = name, b.From.AddDate(-1, 0, 0)
	s.more = append(s.more, &b)
	return &b
}

// retro asks what a run makes of an order; event is the order's, evaluated under the run's version.
func (s *shop) retro(run string, event *pointspb.CreditEvent, undo bool) ledger.Outcome {
	s.t.Helper()
	s.member, _ = topics.MemberOf(event.Account)
	return s.keep(ledger.Handle(s.world, &pointspb.Request{
		Account: event.Account, Id: run, What: &pointspb.Request_Retro{Retro: &pointspb.RetroRequest{Run: run, Undo: undo, Credit: event}},
	}, s.moment()))
}

// under is an event as a version evaluates it, by rules of one name per line: per minor units earn one point.
func under(version string, ev *pointspb.CreditEvent, per map[string]int64) *pointspb.CreditEvent {
	again, _ := proto.Clone(ev).(*pointspb.CreditEvent)
	again.Version = version
	var found []*pointspb.Candidate
	for _, c := range again.Candidates {
		if n, ok := per[c.Rule]; ok {
			c.Per = n
			found = append(found, c)
		}
	}
	again.Candidates = found
	return again
}

// given sums what the last decision granted and took back.
func (s *shop) given() int64 {
	return -s.moved(pointspb.Kind_GRANTED, pointspb.Account_ISSUED) - s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS)
}

// vectorV3 is a run of 1/¥8 over an order that earned 1/¥10: 29 becomes 37, once, and 29 again.
func vectorV3(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	paid := s.event("m", "O", line{net: 29900, per: 1000})
	s.credit(paid)
	equal(t, "earned", s.balance("m").Available, int64(29))
	s.version("1/8")
	s.at("2026-06-26 11:00:00")
	run := under("1/8", paid, map[string]int64{"per-1000": 800})
	equal(t, "run", s.retro("R1", run, false), ledger.Applied)
	equal(t, "change", s.given(), int64(8))
	for _, e := range s.last.Entries {
		equal(t, "tagged", e.Cause.Run, "R1")
		if e.Kind == pointspb.Kind_GRANTED {
			n, err := ledger.Explain(e.Arithmetic)
			equal(t, "explained", []any{n, err, e.Arithmetic.Before}, []any{int64(8), error(nil), int64(29)})
			equal(t, "expires", e.Lot.ExpiresAt, s.time("2027-05-27 00:00:00").UnixMilli())
		}
	}
	equal(t, "balance", s.balance("m").Available, int64(37))
	equal(t, "again", s.retro("R1", run, false), ledger.Duplicate)
	equal(t, "entries of it", len(s.last.Entries), 0)
	equal(t, "another run of the version", s.retro("R2", run, false), ledger.Unchanged)
	equal(t, "change", s.given(), int64(0))
	equal(t, "its undoing", s.retro("R2", run, true), ledger.Unchanged)
	equal(t, "undone", s.retro("R1", run, true), ledger.Applied)
	equal(t, "change", s.given(), int64(-8))
	equal(t, "balance", s.balance("m").Available, int64(29))
	equal(t, "undone again", s.retro("R1", run, true), ledger.Duplicate)
	equal(t, "run after its undoing", s.retro("R1", run, false), ledger.Duplicate)
	equal(t, "balance", s.balance("m").Available, int64(29))
}

// TestAReturnAfterARunLeavesWhatTheVersionGives: and after the run is undone what the version before it gives.
func TestAReturnAfterARunLeavesWhatTheVersionGives(t *testing.T) {
	for name, x := range map[string]struct{ per, after, back, undone, whole int64 }{
		"more":        {800, 37, 18, 14, 29},
		"less":        {2000, 14, 7, 14, 29},
		"fewer steps": {20000, 1, 0, 14, 29},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, "2026-05-26 11:00:00")
			paid := s.event("m", "O", line{net: 29900, per: 1000})
			s.credit(paid)
			s.version("x")
			run := under("x", paid, map[string]int64{"per-1000": x.per})
			s.retro("R", run, false)
			equal(t, "after the run", s.balance("m").Available, x.after)
			s.refund("m", "O", "half", 14950)
			equal(t, "after the return", s.balance("m").Available, x.back)
			s.retro("R", run, true)
			equal(t, "after the undoing", s.balance("m").Available, x.undone)
			s.refund("m", "O", "rest", 14950)
			equal(t, "in the end", s.balance("m"), ledger.Balance{})
		})
	}
}

// TestARunTakesWhatItsVersionLacks and gives what only that has; undone, all is as it was.
func TestARunTakesWhatItsVersionLacks(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	paid := s.event("m", "O", line{net: 10000, per: 1000}, line{net: 10000, per: 100})
	first := under("1", paid, map[string]int64{"per-1000": 1000})
	s.credit(first)
	s.version("x")
	run := under("x", paid, map[string]int64{"per-100": 100})
	equal(t, "spend", s.spend("m", "cup", 10), ledger.Applied)
	s.retro("R", run, false)
	equal(t, "after the run", s.balance("m"), ledger.Balance{Available: 90})
	s.retro("R", run, true)
	equal(t, "undone", s.balance("m"), ledger.Balance{})
	equal(t, "of another event", s.retro("R2", under("x", s.event("m", "O", line{net: 5, per: 100}), nil), false), ledger.Conflict)
	equal(t, "of no order", s.retro("R2", under("x", s.event("m", "P", line{net: 5, per: 100}), nil), false), ledger.UnknownOrder)
}

// TestARunGoesByTheTierBeforeTheOrder and not by that to which the order itself led.
func TestARunGoesByTheTierBeforeTheOrder(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	paid := s.event("m", "O", line{net: 600000, per: 1000})
	s.credit(paid)
	equal(t, "tier", s.tier("m"), "silver")
	s.version("x")
	equal(t, "same rules", s.retro("R", under("x", paid, map[string]int64{"per-1000": 1000}), false), ledger.Unchanged)
	equal(t, "balance", s.balance("m").Available, int64(600))
	equal(t, "twice", s.retro("R2", under("x", paid, map[string]int64{"per-1000": 500}), false), ledger.Applied)
	equal(t, "balance", s.balance("m").Available, int64(1200))
	equal(t, "tier", s.tier("m"), "silver")
}

// TestARunOfThePast: what a run gives for an old order expires as that order's points did, and its undoing takes nothing
// that expired; what a run takes comes from what the member has, and comes back to live for a while.
func TestARunOfThePast(t *testing.T) {
	s := open(t, "2025-05-26 11:00:00")
	paid := s.event("m", "O", line{net: 10000, per: 1000})
	s.credit(paid)
	s.at("2026-05-26 11:00:00")
	equal(t, "spend", s.spend("m", "cup", 10), ledger.Applied)
	s.gift("m", "g", 100)
	s.version("x")
	s.at("2026-06-10 11:00:00")
	double := under("x", paid, map[string]int64{"per-1000": 500})
	s.retro("more", double, false)
	equal(t, "given and expired", s.balance("m"), ledger.Balance{Available: 100})
	s.retro("more", double, true)
	equal(t, "undone", s.balance("m"), ledger.Balance{Available: 100})
	none := under("x", paid, nil)
	s.retro("less", none, false)
	equal(t, "taken", s.balance("m"), ledger.Balance{Available: 90})
	s.retro("less", none, true)
	equal(t, "given back", s.balance("m"), ledger.Balance{Available: 100})
	equal(t, "a week later", s.at("2026-06-17 11:00:00").balance("m"), ledger.Balance{Available: 90})
}

// TestRunsKeepTheBooks: over random histories with runs and their undoings every invariant holds; a run of the version
// that is in force gives and takes nothing; a run and its undoing leave what the member has, and debt, as they were.
func TestRunsKeepTheBooks(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := open(t, "2024-01-01 00:00:00").windows(r)
		s.version("same")
		s.version("other")
		s.orders = map[string]*pointspb.CreditEvent{}
		for n := range rapid.IntRange(1, 60).Draw(r, "operations") {
			s.now = s.now.Add(301 * time.Second) // no event is from before another's: it could lead to another tier
			operate(r, s)
			sound(r, s)
			retroOperation(r, s, n)
			sound(r, s)
			metricIsOfOrders(r, s)
		}
		replayed := ledger.NewWorld()
		for _, e := range s.entries {
			ledger.Fold(replayed, e)
		}
		same(r, replayed, s.world)
		conserved(r, s)
	})
}

// retroOperation draws an order, and a run over it or the undoing of one.
func retroOperation(r *rapid.T, s *shop, n int) {
	if len(s.orders) == 0 {
		return
	}
	key := rapid.SampledFrom(slices.Sorted(maps.Keys(s.orders))).Draw(r, "order")
	ev, run := s.orders[key], fmt.Sprint("run ", n)
	s.member, _ = topics.MemberOf(ev.Account)
	s.advance(s.member)
	before, retros := s.worth(), s.world.Order(key).Retros
	switch rapid.IntRange(0, 3).Draw(r, "retro") {
	case 0:
		per := map[string]int64{}
		for _, c := range ev.Candidates {
			per[c.Rule] = c.Per
		}
		outcome := s.retro(run, under("same", ev, per), false)
		if len(retros) == 0 && (outcome != ledger.Unchanged || s.given() != 0) {
			r.Fatalf("order %q: the same rules changed %d points (%s)", key, s.given(), outcome)
		}
	case 1, 2:
		other := under("other", ev, drawn(r, ev))
		s.retro(run, other, false)
		if len(retros) == 0 {
			givesWhatIsKept(r, s, key)
		}
		if rapid.Bool().Draw(r, "undone at once") {
			s.retro(run, other, true)
			if after := s.worth(); after != before {
				r.Fatalf("order %q: a run and its undoing led from %d to %d", key, before, after)
			}
		}
	case 3:
		if len(retros) > 0 {
			s.retro(rapid.SampledFrom(retros).Draw(r, "run").Run, under("other", ev, nil), true)
		}
	}
}

// drawn are other rates of the order's rules; some are gone.
func drawn(r *rapid.T, ev *pointspb.CreditEvent) map[string]int64 {
	per := map[string]int64{}
	for _, c := range ev.Candidates {
		if n := rapid.SampledFrom([]int64{0, 1, 3, 100, 700}).Draw(r, c.Rule); n > 0 {
			per[c.Rule] = n
		}
	}
	return per
}

// worth is what the member has, less debt.
func (s *shop) worth() int64 {
	b := s.world.Member(s.member).Booked()
	return b.Available + b.Pending + b.Frozen - b.Debt
}

// givesWhatIsKept checks the first run of an order: each rule has given what the run's version gives for what is kept.
func givesWhatIsKept(r *rapid.T, s *shop, key string) {
	o := s.world.Order(key)
	for _, t := range o.Retros {
		p := t.Pin
		var kept, net, want int64
		for _, n := range p.Lines {
			kept += o.Lines[n].Kept
		}
		for _, g := range o.Grants {
			if g.Rule == p.Rule {
				net += g.Awarded - g.Reversed
			}
		}
		if kept > 0 {
			var err error
			if want, err = topics.Award(topics.Mode(p.Mode), p.Points, p.Per, kept, 0, topics.Ratio{Num: p.Num, Den: p.Den}); err != nil {
				r.Fatal(err)
			}
		}
		bounded := slices.ContainsFunc(s.book.Rules, func(x topics.Rule) bool {
			return x.ID == p.Rule && (x.Cap != topics.Cap{} || x.Limit != topics.Limit{})
		})
		if net > want || net < want && !bounded {
			r.Fatalf("order %q: rule %s has given %d, and its version gives %d for what is kept", key, p.Rule, net, want)
		}
	}
}

// TestARunLeavesReferralsAlone: what a rule gives to the referrer is not the buyer's (D6).
func TestARunLeavesReferralsAlone(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00")
	paid := s.through("sharer", s.event("m", "O", line{net: 29900, per: 1000}))
	s.credit(paid)
	s.carry()
	s.version("retro")
	s.retro("cheaper", under("retro", paid, map[string]int64{"per-1000": 800, "referral": 1}), false)
	equal(t, "the buyer's", s.balance("m").Available, int64(37))
	equal(t, "the sharer's", s.balance("sharer").Available, int64(50))
}

// TestARunLeavesWhatABudgetGaveAPartOf: only the budget could say what is left for the rule.
func TestARunLeavesWhatABudgetGaveAPartOf(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").doubling(1000)
	paid := s.event("m", "O", line{net: 29900, per: 1000})
	s.credit(paid)
	s.version("retro")
	for _, when := range []string{"asked", "answered"} {
		before := s.balance("m")
		s.retro(when, under("retro", paid, map[string]int64{"per-1000": 800}), false)
		equal(t, when+": given", s.given(), int64(0))
		equal(t, when+": balance", s.balance("m"), before)
		s.deliver()
	}
	equal(t, "in the end", s.balance("m").Available, int64(58))
}
