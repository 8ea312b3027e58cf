package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// bounded gives a rule a cap and a limit; a zero one is none.
func (s *shop) bounded(rule string, cap topics.Cap, limit topics.Limit) *shop {
	for i := range s.book.Rules {
		if r := &s.book.Rules[i]; r.ID == rule {
			r.Cap, r.Limit = cap, limit
			return s
		}
	}
	s.book.Rules = append(s.book.Rules, topics.Rule{ID: rule, Cap: cap, Limit: limit})
	return s
}

// share credits 10 points under the rule share, as of the shop's time.
func (s *shop) share(member, id, product string) ledger.Outcome {
	s.t.Helper()
	return s.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Cause: s.cause(id, topics.TypeShareCreated), Version: s.book.Version,
		Candidates: []*pointspb.Candidate{{Rule: "share", Mode: string(topics.ModeFixed), Points: 10, By: product}},
	})
}

// amounts are desired and awarded of the last decision's awards.
func (s *shop) amounts() (all [][2]int64) {
	for _, e := range s.last.Entries {
		if x := e.Arithmetic; x != nil && e.Kind != pointspb.Kind_REVERSED {
			all = append(all, [2]int64{x.Desired, x.Awarded})
		}
	}
	return all
}

func vectorB1(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").bounded("share", topics.Cap{Points: 30, Per: topics.PerDay}, topics.Limit{})
	var got [][2]int64
	for i := range 4 {
		s.share("m", fmt.Sprint("s", i), "")
		got = append(got, s.amounts()...)
	}
	equal(t, "desired, awarded", got, [][2]int64{{10, 10}, {10, 10}, {10, 10}, {10, 0}})
	x := s.last.Entries[0].Arithmetic
	equal(t, "why", []any{x.Bound, x.Left}, []any{"cap", int64(0)})
	s.at("2026-06-02 00:00:00").share("m", "next", "")
	equal(t, "next day", s.amounts(), [][2]int64{{10, 10}})
	equal(t, "balance", s.balance("m").Available, int64(40))
}

// vectorB5 decides a share of 23:59:59.9 three seconds after midnight: it counts to the earlier day.
func vectorB5(t *testing.T) {
	s := open(t, "2026-06-01 12:00:00").bounded("share", topics.Cap{Points: 25, Per: topics.PerDay}, topics.Limit{})
	s.share("m", "a", "")
	s.share("m", "b", "")
	s.at("2026-06-02 00:00:03").ahead = -3100e6
	s.share("m", "late", "")
	equal(t, "of the earlier day", s.amounts(), [][2]int64{{10, 5}})
	s.ahead = 0
	s.share("m", "c", "")
	s.share("m", "d", "")
	equal(t, "all of the later day", s.balance("m").Available, int64(45))
}

func TestPeriodsAreOfTheCalendar(t *testing.T) {
	for _, c := range []struct {
		per       topics.Period
		one, same string // of one period
		next      string // the first instant after it
	}{
		{topics.PerDay, "2026-06-01 00:00:00", "2026-06-01 23:59:59.999", "2026-06-02 00:00:00"},
		{topics.PerWeek, "2026-06-01 00:00:00", "2026-06-07 23:59:59.999", "2026-06-08 00:00:00"}, // a Monday
		{topics.PerWeek, "2025-12-29 10:00:00", "2026-01-04 23:59:59.999", "2026-01-05 00:00:00"},
		{topics.PerMonth, "2024-02-01 00:00:00", "2024-02-29 23:59:59.999", "2024-03-01 00:00:00"},
		{topics.PerYear, "2026-01-01 00:00:00", "2026-12-31 23:59:59.999", "2027-01-01 00:00:00"},
	} {
		s := open(t, c.one).bounded("share", topics.Cap{}, topics.Limit{Times: 1, Per: c.per})
		s.share("m", "one", "")
		s.at(c.same).share("m", "same", "")
		equal(t, string(c.per)+" "+c.same, s.amounts(), [][2]int64{{10, 0}})
		equal(t, "why", s.last.Entries[0].Arithmetic.Bound, "limit")
		s.at(c.next).share("m", "next", "")
		equal(t, string(c.per)+" "+c.next, s.amounts(), [][2]int64{{10, 10}})
	}
	s := open(t, "2020-01-01 00:00:00").bounded("share", topics.Cap{Points: 15, Per: topics.PerEver}, topics.Limit{})
	s.share("m", "one", "")
	s.at("2026-01-01 00:00:00").share("m", "two", "")
	equal(t, "ever", s.amounts(), [][2]int64{{10, 5}})
}

// TestALimitIsOfEachValueThatItCountsBy and used up only by an award above 0.
func TestALimitIsOfEachValueThatItCountsBy(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").bounded("share", topics.Cap{Points: 20, Per: topics.PerWeek}, topics.Limit{Times: 1, Per: topics.PerDay, By: "product"})
	s.share("m", "1", "cup")
	s.share("m", "2", "cup")
	equal(t, "again", s.amounts(), [][2]int64{{10, 0}})
	s.share("m", "3", "hat")
	s.share("m", "4", "bag")
	equal(t, "after the cap", s.amounts(), [][2]int64{{10, 0}})
	for _, u := range s.world.Member("m").Uses {
		if u.By == "bag" {
			t.Errorf("an award of nothing used up %+v", u)
		}
	}
	equal(t, "counters", len(s.world.Member("m").Uses), 3)
}

// TestAWholeRefundGivesCapAndLimitBack whatever the period it happens in: the order's contribution to its period is 0.
func TestAWholeRefundGivesCapAndLimitBack(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").bounded("per-100", topics.Cap{Points: 50, Per: topics.PerDay}, topics.Limit{Times: 2, Per: topics.PerDay})
	s.order("m", "A", line{net: 3000, per: 100})
	before := s.world.Member("m").Clone()
	s.order("m", "B", line{net: 4000, per: 100})
	equal(t, "truncated", s.amounts(), [][2]int64{{40, 20}})
	s.order("m", "C", line{net: 1000, per: 100})
	equal(t, "none left", s.amounts(), [][2]int64{{10, 0}})
	s.refund("m", "B", "half", 2000)
	equal(t, "what is kept earns what was awarded", s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS), int64(0))
	s.refund("m", "B", "more", 1500)
	equal(t, "what is kept earns 5", s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS), int64(15))
	s.order("m", "D", line{net: 4000, per: 100})
	equal(t, "the limit is used up", s.amounts(), [][2]int64{{40, 0}})
	s.at("2026-06-03 10:00:00").refund("m", "B", "rest", 500)
	equal(t, "as before", s.world.Member("m").Uses, before.Uses)
	s.at("2026-06-01 23:00:00").order("m", "E", line{net: 4000, per: 100})
	equal(t, "room again", s.amounts(), [][2]int64{{40, 20}})
}

// TestWhatAPolicyDoesNotTakeKeepsItsCap: who spends points and returns the goods has had them.
func TestWhatAPolicyDoesNotTakeKeepsItsCap(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").bounded("per-100", topics.Cap{Points: 50, Per: topics.PerMonth}, topics.Limit{Times: 3, Per: topics.PerDay})
	s.book.Clawback = topics.ClawbackBalance
	s.order("m", "A", line{net: 5000, per: 100})
	s.spend("m", "r", 40)
	s.refund("m", "A", "R", 5000)
	want := []ledger.Use{
		{Rule: "per-100", Per: topics.PerDay, First: 20260601, Times: 1, Day: 20605},
		{Rule: "per-100", Per: topics.PerMonth, First: 20260601, Points: 40, Day: 20605},
	}
	equal(t, "counters", s.world.Member("m").Uses, want)
}

// TestCountersOfPeriodsLongOverAreDropped by the clock, and not while events of them may still come.
func TestCountersOfPeriodsLongOverAreDropped(t *testing.T) {
	s := open(t, "2026-01-01 10:00:00").bounded("share", topics.Cap{Points: 10, Per: topics.PerDay}, topics.Limit{})
	for day := range 200 {
		s.at("2026-01-01 10:00:00").now = s.now.AddDate(0, 0, day)
		s.share("m", fmt.Sprint("s", day), "")
		s.ahead = -80 * 24 * 3600e9
		s.share("m", fmt.Sprint("late", day), "")
		if s.ahead = 0; day >= 80 {
			equal(t, "80 days late", s.amounts(), [][2]int64{{10, 0}})
		}
		if n := len(s.world.Member("m").Uses); n > 172 {
			t.Fatalf("%d counters on day %d", n, day)
		}
	}
}

// TestHistoryIsCountedTogether whatever of it is read first, for periods that were over long ago by all that came before.
func TestHistoryIsCountedTogether(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").bounded("share", topics.Cap{Points: 10, Per: topics.PerDay}, topics.Limit{})
	s.bounded("per-100", topics.Cap{Points: 50, Per: topics.PerDay}, topics.Limit{})
	past := func(days int) { s.ahead = -time.Duration(days) * 24 * time.Hour }
	past(900)
	s.share("m", "a", "")
	past(1)
	s.order("m", "O", line{net: 3000, per: 100})
	s.share("m", "b", "")
	past(900)
	s.share("m", "c", "")
	equal(t, "given already", s.amounts(), [][2]int64{{10, 0}})
	past(899)
	s.share("m", "d", "")
	equal(t, "a day of its own", s.amounts(), [][2]int64{{10, 10}})
}

// TestAForgottenPeriodGivesNothing more: nobody knows what it gave. Older ones, which it never counted, have room.
func TestAForgottenPeriodGivesNothing(t *testing.T) {
	for _, limit := range []topics.Limit{{}, {Times: 5, Per: topics.PerDay}} {
		s := open(t, "2026-01-01 10:00:00").bounded("share", topics.Cap{Points: 10, Per: topics.PerDay}, topics.Limit{})
		if limit.Times > 0 {
			s.bounded("share", topics.Cap{}, limit)
		}
		s.share("m", "a", "")
		s.at("2026-01-03 10:00:00").share("m", "b", "")
		s.at("2026-05-01 10:00:00").share("m", "c", "")
		equal(t, "counters", len(s.world.Member("m").Uses), 1)
		for id, want := range map[string]int64{"2026-01-01": 0, "2026-01-02": 0, "2026-01-03": 0, "2025-12-31": 10, "2026-01-04": 10} {
			s.ahead = s.time(id + " 10:00:00").Sub(s.now)
			s.share("m", id, "")
			equal(t, id, s.amounts(), [][2]int64{{10, want}})
		}
	}
}

// TestALaterVersionsCapHolds: a rule goes on counting under its id.
func TestALaterVersionsCapHolds(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").bounded("share", topics.Cap{Points: 10, Per: topics.PerDay}, topics.Limit{})
	s.share("m", "a", "")
	later := *s.book
	later.Version, later.Rules = "2", nil
	s.book = &later
	s.bounded("share", topics.Cap{Points: 15, Per: topics.PerDay}, topics.Limit{})
	s.share("m", "b", "")
	equal(t, "raised", s.amounts(), [][2]int64{{10, 5}})
	s.book.Rules[0].Cap.Points = 5
	s.share("m", "c", "")
	equal(t, "lowered", s.amounts(), [][2]int64{{10, 0}})
}

// TestCountersOfMergedMembersAdd up: what either got is of one cap.
func TestCountersOfMergedMembersAdd(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").bounded("share", topics.Cap{Points: 30, Per: topics.PerDay}, topics.Limit{})
	s.share("on", "a", "")
	s.share("off", "b", "")
	s.merge("on", "off")
	s.route()
	s.share("on", "c", "")
	equal(t, "the third", s.amounts(), [][2]int64{{10, 10}})
	s.share("on", "d", "")
	equal(t, "the fourth", s.amounts(), [][2]int64{{10, 0}})

	s = open(t, "2026-06-01 10:00:00").bounded("share", topics.Cap{Points: 30, Per: topics.PerDay}, topics.Limit{})
	s.share("off", "b", "")
	s.merge("on", "off")
	s.route()
	s.share("on", "c", "")
	s.share("on", "d", "")
	equal(t, "the third, where only the old id had any", s.amounts(), [][2]int64{{10, 10}})
}
