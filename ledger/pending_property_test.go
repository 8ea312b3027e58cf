package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// windows gives some of the rules of operate one, of each kind, and some of them caps and limits.
func (s *shop) windows(r *rapid.T) *shop {
	short := &topics.Validity{Days: 20, FromEarning: true}
	s.book.Tiers.CountPending = rapid.Bool().Draw(r, "count pending")
	s.wait(2, topics.Pending{Days: 7}, nil).wait(3, topics.Pending{Completed: true}, nil).
		wait(5, topics.Pending{Days: 15}, short).wait(11, topics.Pending{Completed: true}, short)
	return s.caps(r)
}

// pendingIsApart checks that nothing pending was spent, and that no return of what was pending left a debt (§3).
func pendingIsApart(r *rapid.T, s *shop) {
	for _, e := range s.last.Entries {
		var pending, debt int64
		for _, p := range e.Postings {
			switch p.Account {
			case pointspb.Account_PENDING:
				pending += p.Points
			case pointspb.Account_DEBT:
				debt += p.Points
			}
		}
		if pending < 0 && (debt != 0 || e.Kind != pointspb.Kind_ACTIVATED && e.Kind != pointspb.Kind_REVERSED && e.Kind != pointspb.Kind_REBATE_REVERSED && e.Kind != pointspb.Kind_EXPIRED) &&
			e.Kind != pointspb.Kind_ERASED {
			r.Fatalf("%s took %d pending points, and %d of debt", e.Kind, pending, debt)
		}
	}
	if s.last.Outcome == ledger.Duplicate || s.last.Outcome == ledger.Conflict {
		return // it did not even look at the clock
	}
	now := s.now.UnixMilli()
	for _, l := range s.world.Member(s.member).Lots {
		if l.Pending && (l.ActiveAt != 0 && l.ActiveAt <= now || l.ExpiresAt != 0 && l.ExpiresAt <= now) {
			r.Fatalf("member %s: lot %+v is still pending", s.member, l)
		}
	}
	for _, p := range s.world.Member(s.member).PendingOrders {
		if !p.Looked && p.At != 0 && p.At <= now {
			r.Fatalf("member %s: %+v does not count", s.member, p)
		}
	}
}

// metricIsOfOrders checks that what counts in the tier metric, and what will, is what is kept of the orders.
func metricIsOfOrders(r *rapid.T, s *shop) {
	if s.now.Year() > 2035 {
		return // the twelve years from 2024 on are kept
	}
	m := s.world.Member(s.member)
	var got, want int64
	for _, y := range m.Years {
		if got += y.Spend; y.Spend < 0 || y.Orders < 0 {
			r.Fatalf("member %s: %+v", m.ID, y)
		}
	}
	for _, p := range m.PendingOrders {
		got += p.Spend
	}
	for _, o := range m.Orders() {
		for _, l := range o.Lines {
			want += l.Kept // nothing is paid with points here
		}
	}
	if got != want {
		r.Fatalf("member %s: a metric of %d, of orders of %d", m.ID, got, want)
	}
	if s.book.Tiers.CountPending && len(m.PendingOrders) > 0 {
		r.Fatalf("member %s: %+v do not count", m.ID, m.PendingOrders)
	}
}

// TestHistoryComesToWhatWouldHaveBeen: events in their order give every order the same points, and every member the same
// balance and tier, whether each is decided at its time or all of them much later.
func TestHistoryComesToWhatWouldHaveBeen(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		live, late := open(t, "2025-11-20 00:00:00"), open(t, "2025-11-20 00:00:00")
		live.windows(r).tierWindow(r)
		live.book.Clawback = rapid.SampledFrom([]topics.Clawback{
			topics.ClawbackDebt, topics.ClawbackBalance, topics.ClawbackOnlyPending,
		}).Draw(r, "clawback")
		late.book = live.book
		var events []*pointspb.CreditEvent
		for range rapid.IntRange(1, 60).Draw(r, "operations") {
			live.now = live.now.Add(time.Duration(rapid.IntRange(1, 4*24*60).Draw(r, "minutes")) * time.Minute)
			ev := live.draw(r)
			live.credit(ev)
			events = append(events, ev)
		}
		live.now = live.now.Add(time.Duration(rapid.IntRange(0, 40*24*60).Draw(r, "minutes")) * time.Minute)
		late.now = live.now
		for _, ev := range events {
			late.credit(ev)
		}
		for m := range live.world.Members {
			got, want := fmt.Sprint(late.balance(m), late.tier(m)), fmt.Sprint(live.balance(m), live.tier(m))
			if got != want {
				r.Fatalf("member %s: %s late, %s in time", m, got, want)
			}
			for key, o := range live.world.Member(m).Orders() {
				x := late.world.Member(m).Order(key)
				for i, g := range o.Grants {
					if i >= len(x.Grants) || x.Grants[i].Awarded != g.Awarded || x.Grants[i].Reversed != g.Reversed {
						r.Fatalf("order %q: %+v late, %+v in time", key, x.Grants, o.Grants)
					}
				}
			}
		}
	})
}

// draw is a random event of an order, at the clock's instant.
func (s *shop) draw(r *rapid.T) *pointspb.CreditEvent {
	m := fmt.Sprint("m", rapid.IntRange(0, 1).Draw(r, "member"))
	id := fmt.Sprint(rapid.IntRange(0, 12).Draw(r, "id"))
	switch rapid.IntRange(0, 3).Draw(r, "operation") {
	case 0:
		n := func() int64 { return rapid.SampledFrom([]int64{0, 20000, 400000}).Draw(r, "back") }
		return s.refunded(m, id, fmt.Sprint(id, "-", rapid.IntRange(0, 4).Draw(r, "return")), n(), n(), n())
	case 1:
		return s.completed(m, id, m+id)
	}
	l := func() line {
		return line{rapid.Int64Range(0, 400000).Draw(r, "net"), rapid.SampledFrom([]int64{100, 2, 3, 5, 11}).Draw(r, "per"), topics.ModeStep}
	}
	return s.event(m, id, l(), l(), l())
}
