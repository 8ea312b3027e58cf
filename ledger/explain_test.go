package ledger_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestChangedAmountIsNotWhatTheEntryExplains: "Why 179?" has one answer (R65). Every amount of every entry of a history is
// changed by one, and so is whatever it is computed from.
func TestChangedAmountIsNotWhatTheEntryExplains(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00")
	s.order("m", "A", line{600000, 1000, ""}, line{45500, 500, "proportional"})
	s.gift("m", "g", 7)
	s.spend("m", "r", 600)
	s.refund("m", "A", "R", 300000)
	s.refund("m", "A", "S", 300000, 45500)
	s.at("2026-06-02 10:00:00").gift("m", "h", 5000)
	s.at("2027-06-30 10:00:00").advance("m")
	kinds := map[pointspb.Kind]int{}
	for _, e := range s.entries {
		if err := ledger.Recompute(e); err != nil {
			t.Fatal(err)
		}
		if len(e.Postings) == 0 {
			continue
		}
		kinds[e.Kind]++
		mustAllCount(t, e)
		if x := e.Arithmetic; x != nil {
			for _, change := range []func(*pointspb.Arithmetic){
				func(x *pointspb.Arithmetic) { x.Points++ }, func(x *pointspb.Arithmetic) { x.Desired++ }, func(x *pointspb.Arithmetic) { x.Awarded++ },
				func(x *pointspb.Arithmetic) { x.Eligible += 1000 },
			} {
				changed := proto.CloneOf(e)
				if change(changed.Arithmetic); x.Eligible > 0 {
					mustDiffer(t, changed)
				}
			}
		}
	}
	for _, k := range []pointspb.Kind{pointspb.Kind_GRANTED, pointspb.Kind_REVERSED, pointspb.Kind_EXPIRED, pointspb.Kind_REPAID, pointspb.Kind_REDEEMED} {
		if kinds[k] == 0 {
			t.Errorf("the history has no %s", k)
		}
	}
}

// TestEveryEntryWithAmountsIsRecomputed: what is done by hand, given back, carried to another member or given by a budget
// tells its amounts as well, and an entry of a kind that nothing recomputes has none.
func TestEveryEntryWithAmountsIsRecomputed(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").doubling(1050)
	s.book.Rules = []topics.Rule{{ID: "per-500", Pending: topics.Pending{Days: 7}}}
	s.order("m", "A", line{600000, 1000, ""})
	s.order("m", "B", line{400000, 1000, ""})
	s.order("m", "P", line{30000, 500, ""})
	s.deliver() // of 1060 more the budget gives 1050
	s.spend("m", "r", 1900)
	s.giveBack("m", "r", "1", 60)
	s.freeze("m", "f")
	s.refund("m", "A", "R", 100000) // from the frozen lot
	s.deliver()
	s.unfreeze("m", "u", "f")
	s.at("2026-06-09 10:00:00").advance("m")
	s.adjust("m", "more", "sue", 50)
	s.adjust("m", "less", "sue", -20)
	s.freeze("m", "g")
	s.ask(request("m", "c", "sue", ledger.Confirm, &pointspb.ActFacts{Of: "g", Reason: "abuse", Evidence: "case-1"}))
	s.ask(request("m", "a", "ron", ledger.Approve, &pointspb.ActFacts{Of: "c"}))
	s.refund("m", "B", "S", 400000)
	s.deliver()
	s.gift("m", "h", 5000)
	s.order("m", "Q", line{30000, 500, ""})
	s.deliver()
	s.merge("n", "m")
	s.route()
	s.at("2027-06-30 10:00:00").advance("n")
	kinds := map[pointspb.Kind]bool{}
	for _, e := range s.entries {
		kinds[e.Kind] = true
		mustAllCount(t, e)
		switch e.Kind {
		case pointspb.Kind_TAKEN:
			mustChange(t, e, func(e *pointspb.Entry) { e.Budget.Awarded = e.Budget.Desired + 1 })
		case pointspb.Kind_GIVEN:
			mustChange(t, e, func(e *pointspb.Entry) { e.Budget.Awarded = 1 })
		case pointspb.Kind_RESTORED:
			mustChange(t, e, func(e *pointspb.Entry) { e.Return.Points++ })
		case pointspb.Kind_ADJUSTED:
			mustChange(t, e, func(e *pointspb.Entry) { e.Act.Points++ })
		case pointspb.Kind_MERGED_IN:
			mustChange(t, e, func(e *pointspb.Entry) { e.Merged.Carried.Account = nil })
		}
		if e.Arithmetic != nil && e.Arithmetic.Bound == ledger.BoundBudget && e.Arithmetic.Awarded > 0 {
			mustChange(t, e, func(e *pointspb.Entry) { e.Arithmetic.Left-- })
		}
		if len(e.Postings) > 0 {
			mustChange(t, e, func(e *pointspb.Entry) { e.Kind = pointspb.Kind_TIER_KEPT })
		}
	}
	for _, k := range []pointspb.Kind{
		pointspb.Kind_GRANTED, pointspb.Kind_ACTIVATED, pointspb.Kind_EXPIRED, pointspb.Kind_REVERSED, pointspb.Kind_REPAID, pointspb.Kind_REDEEMED,
		pointspb.Kind_FROZEN, pointspb.Kind_UNFROZEN, pointspb.Kind_ADJUSTED, pointspb.Kind_RESTORED, pointspb.Kind_MERGED_OUT, pointspb.Kind_MERGED_IN,
		pointspb.Kind_TAKEN, pointspb.Kind_GIVEN,
	} {
		if !kinds[k] {
			t.Errorf("the history has no %s", k)
		}
	}
}

// mustAllCount changes each posting.
func mustAllCount(t *testing.T, e *pointspb.Entry) {
	t.Helper()
	for i := range e.Postings {
		mustChange(t, e, func(e *pointspb.Entry) { e.Postings[i].Points++ })
	}
}

func mustChange(t *testing.T, e *pointspb.Entry, change func(*pointspb.Entry)) {
	t.Helper()
	changed := proto.CloneOf(e)
	change(changed)
	mustDiffer(t, changed)
}

func mustDiffer(t *testing.T, e *pointspb.Entry) {
	t.Helper()
	if err := ledger.Recompute(e); err == nil {
		t.Errorf("%s with %v and %v explains itself", e.Kind, e.Arithmetic, e.Postings)
	}
}
