package ledger_test

import (
	"testing"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// doubling lets a campaign with a budget double what is earned.
func (s *shop) doubling(points int64) *shop {
	s.double = "june"
	s.book.Campaigns = []topics.Campaign{{ID: "june", Multiplier: topics.Ratio{Num: 2, Den: 1}, Budget: points}}
	return s
}

func (s *shop) doubled(ev *pointspb.CreditEvent) {
	for _, c := range ev.Candidates {
		if s.double != "" {
			c.Campaign, c.Campaigns = &pointspb.Ratio{Num: 2, Den: 1}, []string{s.double}
			c.Budget = &pointspb.CandidateBudget{Campaign: s.double, Less: &pointspb.Ratio{Num: 1, Den: 1}}
		}
	}
}

// deliver decides what is on its way to other shards, until nothing is.
func (s *shop) deliver() *shop {
	s.t.Helper()
	for len(s.queue) > 0 {
		s.deliverAt(0)
	}
	return s
}

func (s *shop) deliverAt(i int) {
	s.t.Helper()
	q := s.queue[i]
	s.queue = append(s.queue[:i:i], s.queue[i+1:]...)
	s.keep(ledger.Handle(s.world, q, s.moment()))
}

// deliverSome decides some of it, those of different accounts in any order.
func (s *shop) deliverSome(r *rapid.T) {
	for len(s.queue) > 0 && rapid.Bool().Draw(r, "deliver") {
		i := rapid.IntRange(0, len(s.queue)-1).Draw(r, "request")
		for j := range i {
			if s.queue[j].Account == s.queue[i].Account {
				i = j
				break
			}
		}
		s.deliverAt(i)
	}
}

// spent is what stands in the budget's state.
func (s *shop) spent() int64 {
	if b := s.world.Budgets["june"]; b != nil {
		return b.Awarded
	}
	return 0
}

// budgets gives a history a campaign with a budget, or none.
func (s *shop) budgets(r *rapid.T) *shop {
	if rapid.Bool().Draw(r, "budgeted") {
		s.doubling(rapid.SampledFrom([]int64{1, 50, 1000, 100000, 1 << 40}).Draw(r, "budget"))
		s.book.MaxMultiplier = rapid.SampledFrom([]topics.Ratio{{Num: 10, Den: 1}, {Num: 5, Den: 2}, {Num: 1, Den: 1}}).Draw(r, "highest")
	}
	return s
}

// budgetsHold checks by the entries that the budget is what members got of it and still have, and that each entry's
// amount is explained.
func budgetsHold(r *rapid.T, s *shop) {
	var members int64
	for _, e := range s.entries {
		if x := e.Arithmetic; x != nil && (e.Kind == pointspb.Kind_GRANTED || e.Kind == pointspb.Kind_RECORDED) {
			if n, err := ledger.Explain(x); err != nil || n != x.Desired || x.Awarded > n || x.Awarded < n != (x.Bound != "") {
				r.Fatalf("%s of %d, %d explained: %v %v", e.Kind, x.Awarded, n, err, x)
			}
		}
		if _, member := topics.MemberOf(e.Account); member {
			members += e.Budget.GetAwarded()
		}
	}
	if members != s.spent() {
		r.Fatalf("members have %d of a budget that gave %d", members, s.spent())
	}
	for key, o := range s.world.Orders() {
		if len(o.Asked) > 0 {
			r.Fatalf("order %q still waits for %v", key, o.Asked)
		}
	}
}

func vectorB2(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").doubling(15)
	s.share("m", "first", "")
	s.deliver()
	equal(t, "left", 15-s.spent(), int64(5))
	s.share("m", "second", "")
	equal(t, "at once", s.amounts(), [][2]int64{{10, 10}})
	s.deliver()
	equal(t, "desired, awarded", s.amounts(), [][2]int64{{10, 5}})
	x := s.last.Entries[0].Arithmetic
	equal(t, "why", []any{x.Bound, x.Left}, []any{"budget", int64(5)})
	s.share("m", "third", "")
	s.deliver()
	equal(t, "stopped", s.amounts(), [][2]int64{{10, 0}})
	equal(t, "balance", s.balance("m").Available, int64(45))
	equal(t, "budget", *s.world.Budgets["june"], ledger.Budget{Campaign: "june", Awarded: 15, Limit: 15})
}

// TestABudgetIsWhatTheVersionInForceSays, for awards of events under an earlier version, too.
func TestABudgetIsWhatTheVersionInForceSays(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").doubling(5)
	s.share("m", "a", "")
	s.deliver()
	s.share("m", "b", "") // asked under version 1
	raised := *s.book
	raised.Version, raised.From = "2", s.now.AddDate(0, 0, 1)
	raised.Campaigns = []topics.Campaign{{ID: "june", Multiplier: topics.Ratio{Num: 2, Den: 1}, Budget: 12}}
	books := topics.NewBooks(s.book, &raised)
	for len(s.queue) > 0 {
		q := s.queue[0]
		s.queue = s.queue[1:]
		s.keep(ledger.Handle(s.world, q, ledger.Moment{Now: s.now.AddDate(0, 0, 1).UnixMilli(), Books: books}))
	}
	equal(t, "desired, awarded", s.amounts(), [][2]int64{{10, 7}})
	equal(t, "budget", s.world.Budgets["june"].Limit, int64(12))
}

// TestARefundBetweenQuestionAndAnswerLeavesNothingTooMuch: what is kept is what the grant's own arithmetic gives for it.
func TestARefundBetweenQuestionAndAnswerLeavesNothingTooMuch(t *testing.T) {
	for name, c := range map[string]struct{ back, available, spent int64 }{
		"nothing": {0, 600, 300}, "half": {15000, 300, 150}, "all": {30000, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, "2026-06-01 10:00:00").doubling(1000)
			s.bounded("per-100", topics.Cap{Points: 5000, Per: topics.PerDay}, topics.Limit{Times: 1, Per: topics.PerDay})
			s.order("m", "O", line{net: 30000, per: 100})
			equal(t, "asked", s.world.Order("m\x1f/shops/t\x1fO").Asked, []string{"per-100"})
			if c.back > 0 {
				s.refund("m", "O", "R", c.back)
			}
			s.deliver()
			equal(t, "balance", s.balance("m"), ledger.Balance{Available: c.available})
			equal(t, "budget", s.spent(), c.spent)
			var points, times int64
			for _, u := range s.world.Member("m").Uses {
				points, times = points+u.Points, times+u.Times
			}
			equal(t, "cap", points, c.available)
			equal(t, "limit", times, min(1, c.available))
		})
	}
}

// TestCapsComeBeforeBudgets: what the cap does not leave is not asked of the budget, and what the budget does not give
// leaves the cap.
func TestCapsComeBeforeBudgets(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").doubling(3).bounded("share", topics.Cap{Points: 36, Per: topics.PerDay}, topics.Limit{Times: 4, Per: topics.PerDay})
	s.share("m", "a", "") // 10 + 10 reserved, 3 of the budget
	s.deliver()
	equal(t, "desired, awarded", s.amounts(), [][2]int64{{10, 3}})
	s.share("m", "b", "")
	s.share("m", "c", "") // 13 + 20 are given or asked
	equal(t, "what the cap leaves", s.amounts(), [][2]int64{{10, 3}, {10, 0}})
	s.deliver()
	s.share("m", "d", "") // the budget gave nothing of what b asked
	equal(t, "the rest of the cap", s.amounts(), [][2]int64{{10, 10}, {10, 0}})
	equal(t, "balance", s.balance("m").Available, int64(36))
	equal(t, "nothing asked", len(s.queue), 0)
}

// TestARequestWithoutAnAwardIsRefused: it becomes a dead letter, and stops nothing.
func TestARequestWithoutAnAwardIsRefused(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").doubling(3)
	award := func() *pointspb.BudgetAward {
		return &pointspb.BudgetAward{Account: "member:m", Cause: s.cause("e", "t"), Version: "1", Rule: "r", Asked: 1, Arithmetic: &pointspb.Arithmetic{Mode: "fixed", Points: 1, Desired: 1}}
	}
	for name, r := range map[string]*pointspb.Request{
		"take of a member":     {Account: "member:m", What: &pointspb.Request_Take{Take: &pointspb.TakeRequest{Award: award()}}},
		"take without award":   {Account: "campaign:june", What: &pointspb.Request_Take{Take: &pointspb.TakeRequest{}}},
		"award of a campaign":  {Account: "campaign:june", What: &pointspb.Request_Award{Award: &pointspb.AwardRequest{Award: award()}}},
		"award without award":  {Account: "member:m", What: &pointspb.Request_Award{}},
		"give of a member":     {Account: "member:m", What: &pointspb.Request_Give{Give: &pointspb.GiveRequest{Cause: s.cause("e", "t"), Points: 1}}},
		"give without a cause": {Account: "campaign:june", What: &pointspb.Request_Give{Give: &pointspb.GiveRequest{Points: 1}}},
		"give of nothing":      {Account: "campaign:june", What: &pointspb.Request_Give{Give: &pointspb.GiveRequest{Cause: s.cause("e", "t"), Points: -1}}},
	} {
		if d, err := ledger.Handle(s.world, r, s.moment()); err == nil || len(d.Entries)+len(d.Requests) > 0 {
			t.Errorf("%s: got %+v, %v", name, d, err)
		}
	}
}

// TestAnAnswerFindsItsOrder of a member who was two others before, one of whom sent an order of the same id.
func TestAnAnswerFindsItsOrder(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").doubling(1000)
	s.order("k", "O", line{net: 10000, per: 100})
	s.deliver()
	s.order("m", "O", line{net: 30000, per: 100})
	for _, to := range [][2]string{{"m", "n"}, {"n", "k"}} {
		s.keep(ledger.Handle(s.world, &pointspb.Request{
			Account: "member:" + to[0], Id: to[0], What: &pointspb.Request_Merge{Merge: &pointspb.MergeRequest{Into: to[1], At: s.now.UnixMilli()}},
		}, s.moment()))
		s.keep(ledger.Handle(s.world, s.last.Requests[0], s.moment()))
	}
	s.deliver()
	equal(t, "nothing waits", len(s.world.Order("k\x1f/shops/t\x1fO\x1en").Asked), 0)
	equal(t, "balance", s.balance("k"), ledger.Balance{Available: 800})
}

// TestAnAnswerFollowsItsMember that turned out to be another one meanwhile.
func TestAnAnswerFollowsItsMember(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").doubling(1000)
	s.order("m", "O", line{net: 30000, per: 100})
	s.keep(ledger.Handle(s.world, &pointspb.Request{
		Account: "member:m", Id: "merge", What: &pointspb.Request_Merge{Merge: &pointspb.MergeRequest{Into: "n", At: s.now.UnixMilli()}},
	}, s.moment()))
	s.keep(ledger.Handle(s.world, s.last.Requests[0], s.moment()))
	s.deliver()
	equal(t, "balance", s.balance("n"), ledger.Balance{Available: 600})
	equal(t, "nothing waits", len(s.world.Order("n\x1f/shops/t\x1fO").Asked), 0)
	s.refund("n", "O", "R", 30000)
	s.deliver()
	equal(t, "after the return", s.balance("n"), ledger.Balance{})
	equal(t, "budget", s.spent(), int64(0))
}
