package ledger_test

import (
	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// windows gives some of the rules of operate one, of each kind.
func (s *shop) windows(r *rapid.T) *shop {
	short := &topics.Validity{Days: 20, FromEarning: true}
	s.book.Tiers.CountPending = rapid.Bool().Draw(r, "count pending")
	return s.wait(2, topics.Pending{Days: 7}, nil).wait(3, topics.Pending{Completed: true}, nil).
		wait(5, topics.Pending{Days: 15}, short).wait(11, topics.Pending{Completed: true}, short)
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
		if pending < 0 && (debt != 0 || e.Kind != pointspb.Kind_ACTIVATED && e.Kind != pointspb.Kind_REVERSED && e.Kind != pointspb.Kind_EXPIRED) {
			r.Fatalf("%s took %d pending points, and %d of debt", e.Kind, pending, debt)
		}
	}
	if s.last.Outcome == ledger.Duplicate {
		return // it did not even look at the clock
	}
	now := s.now.UnixMilli()
	for _, l := range s.world.Member(s.member).Lots {
		if l.Pending && (l.ActiveAt != 0 && l.ActiveAt <= now || l.ExpiresAt != 0 && l.ExpiresAt <= now) {
			r.Fatalf("member %s: lot %+v is still pending", s.member, l)
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
