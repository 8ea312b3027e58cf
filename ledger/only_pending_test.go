package ledger_test

import (
	"testing"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestOnlyPendingLeavesWhatWasTheMembersAlready: a return of points that could be spent takes nothing and gives no cap back,
// also when it is decided after their expiry, or when it came before its order (decision 0030).
func TestOnlyPendingLeavesWhatWasTheMembersAlready(t *testing.T) {
	cases := map[string]struct {
		completed    bool // the rule waits for the completion, which is on the first day
		returned     string
		decided      string
		before       bool // the return comes before its order
		taken, spent int64
	}{
		"in time":                       {returned: "2026-06-09 10:00:00", decided: "2026-06-09 10:00:00", spent: 10},
		"after the expiry":              {returned: "2026-06-09 10:00:00", decided: "2027-07-01 10:00:00", spent: 10},
		"expired at its own time":       {returned: "2027-06-20 10:00:00", decided: "2027-07-01 10:00:00", spent: 10},
		"pending then, expired since":   {returned: "2026-06-07 10:00:00", decided: "2027-07-01 10:00:00", taken: 10},
		"before its order":              {returned: "2026-06-09 10:00:00", decided: "2026-06-09 10:00:00", before: true, spent: 10},
		"before its order, pending":     {returned: "2026-06-07 10:00:00", decided: "2026-06-09 10:00:00", before: true, taken: 10},
		"completed, after the expiry":   {completed: true, returned: "2026-06-09 10:00:00", decided: "2027-07-01 10:00:00", spent: 10},
		"before the completion, so too": {completed: true, returned: "2026-06-01 20:00:00", decided: "2027-07-01 10:00:00", taken: 10},
	}
	for name, x := range cases {
		t.Run(name, func(t *testing.T) {
			s := open(t, "2026-06-01 10:00:00").wait(1000, topics.Pending{Days: 7, Completed: x.completed}, nil)
			if x.completed {
				s.book.Rules[0].Pending.Days = 0
			}
			s.book.Clawback = topics.ClawbackOnlyPending
			s.book.Rules[0].Cap = topics.Cap{Points: 100, Per: topics.PerEver}
			paid := s.event("m", "O", line{net: 10000, per: 1000})
			done := s.at("2026-06-02 10:00:00").completed("m", "O", "done")
			back := s.at(x.returned).refunded("m", "O", "R", 10000)
			events := []*pointspb.CreditEvent{paid, done, back}
			if x.before {
				events = []*pointspb.CreditEvent{back, paid, done}
			} else if back.Cause.OccurredAt < done.Cause.OccurredAt {
				events = []*pointspb.CreditEvent{paid, back, done}
			}
			s.at(x.decided)
			for _, ev := range events {
				s.credit(ev)
			}
			var spent, taken int64
			for _, u := range s.world.Member("m").Uses {
				spent += u.Points
			}
			for _, e := range s.entries {
				if e.Kind == pointspb.Kind_REVERSED {
					taken += e.Postings[0].Points
				}
			}
			equal(t, "taken", taken, x.taken)
			equal(t, "left of the cap's use", spent, x.spent)
		})
	}
}
