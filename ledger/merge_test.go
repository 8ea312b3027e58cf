package ledger_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// merge tells that one member is another one; route then takes the requests from shard to shard.
func (s *shop) merge(into, from string) ledger.Outcome {
	s.t.Helper()
	return s.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(into), Cause: s.cause(fmt.Sprint("merged:", into, ":", from, " ", s.now.UnixMilli()), topics.TypeMerged), Version: s.book.Version, MergedFrom: from,
	})
}

// route decides the requests that the last decision sent to members, and theirs.
func (s *shop) route() ledger.Outcome {
	s.t.Helper()
	waiting := s.last.Requests
	for len(waiting) > 0 {
		r := waiting[0]
		if member, ok := topics.MemberOf(r.Account); ok && r.GetAward() == nil && r.GetSuspect() == nil { // those wait in the queue
			s.member = member
			s.keep(ledger.Handle(s.world, r, s.moment()))
			waiting = append(waiting, s.last.Requests...)
		}
		waiting = waiting[1:]
	}
	return s.last.Outcome
}

// merged is a shop whose member off turned out to be on.
func merged(t *testing.T, before func(s *shop)) *shop {
	s := open(t, "2026-05-01 10:00:00")
	before(s)
	if got := s.merge("on", "off"); got != ledger.Applied {
		t.Fatalf("merge: %s", got)
	}
	s.route()
	if got := s.world.Member("off").Account; !cmp.Equal(got, ledger.Account{MergedInto: "on", NextLot: got.NextLot}) {
		t.Errorf("what is left of the old one: %+v", got)
	}
	return s
}

func (s *shop) wants(what string, member string, want ledger.Balance, tier string) {
	s.t.Helper()
	if got := s.balance(member); got != want || s.tier(member) != tier {
		s.t.Errorf("%s: %s has %+v as %s, want %+v as %s", what, member, got, s.tier(member), want, tier)
	}
}

// TestMergedMembersAreOne: lots, metric, orders and seen events of the old id are the new one's, whichever id later events
// name (R68).
func TestMergedMembersAreOne(t *testing.T) {
	s := merged(t, func(s *shop) {
		s.order("on", "1", line{net: 300000, per: 1000})
		s.order("off", "2", line{net: 250000, per: 1000})
		s.spend("off", "r", 50)
	})
	s.wants("after", "on", ledger.Balance{Available: 500}, "silver") // ¥3,000 and ¥2,500
	s.wants("after", "off", ledger.Balance{}, "normal")
	s.order("off", "2", line{net: 250000, per: 1000})
	if got := s.route(); got != ledger.Duplicate {
		t.Errorf("the old order once more: %s", got)
	}
	s.order("off", "3", line{net: 10000, per: 1000})
	s.route()
	s.wants("an order of the old id", "on", ledger.Balance{Available: 515}, "silver")
	if got := s.refund("on", "2", "x", 100000); got != ledger.Applied {
		t.Errorf("refund by the new id: %s", got)
	}
	s.refund("off", "2", "y", 150000)
	s.route()
	s.wants("the old order returned", "on", ledger.Balance{Available: 265}, "silver")
	if s.spend("off", "r2", 1); s.last.Outcome != ledger.Merged {
		t.Errorf("the old id spends: %s", s.last.Outcome)
	}
	s.merge("on", "off")
	s.now = s.now.Add(1)
	again := s.merge("off", "on")
	s.route()
	if again != ledger.Forwarded || s.last.Outcome != ledger.Unchanged {
		t.Errorf("merged the other way: %s, %s", again, s.last.Outcome)
	}
	s.at("2027-01-01 00:00:00")
	s.wants("¥3,100 of last year", "on", ledger.Balance{Available: 265}, "normal")
	s.at("2027-05-02 00:00:00")
	s.wants("all expired", "on", ledger.Balance{}, "normal")
}

// TestMergedDebtIsRepaidAndTheHigherTierKept: one's debt is paid by the other's points, and an order that waits waits on.
func TestMergedDebtIsRepaidAndTheHigherTierKept(t *testing.T) {
	s := merged(t, func(s *shop) {
		s.order("off", "1", line{net: 600000, per: 1000})
		s.spend("off", "r", 600)
		s.refund("off", "1", "x", 600000)
		s.order("on", "2", line{net: 400000, per: 1000})
	})
	s.wants("debt", "on", ledger.Balance{Debt: 200}, "silver") // until the evaluation
	s.at("2026-05-02 00:00:00")
	s.wants("evaluated", "on", ledger.Balance{Debt: 200}, "normal")
	s.gift("off", "g", 300)
	s.route()
	s.wants("repaid", "on", ledger.Balance{Available: 100}, "normal")
}

// TestRedemptionOfAMergedMemberIsReturned: to the lots that paid, whatever their numbers now, under either id, once; what
// was returned before the merge stays returned.
func TestRedemptionOfAMergedMemberIsReturned(t *testing.T) {
	s := merged(t, func(s *shop) {
		s.order("on", "1", line{net: 10000, per: 100})
		s.order("off", "2", line{net: 20000, per: 100})
		s.order("off", "3", line{net: 5000, per: 50})
		s.spend("off", "r", 250)
		equal(s.t, "before", s.giveBack("off", "r", "before", 20), ledger.Applied)
	})
	s.wants("merged", "on", ledger.Balance{Available: 170}, "normal")
	equal(t, "sent on", s.giveBack("off", "r", "first", 60), ledger.Forwarded)
	equal(t, "returned", s.route(), ledger.Applied)
	equal(t, "lots", s.lots("on"), map[uint32]int64{1: 100, 2: 30, 3: 100})
	equal(t, "again", s.giveBack("on", "r", "first", 60), ledger.Duplicate)
	equal(t, "more than was paid", s.giveBack("on", "r", "second", 171), ledger.TooMuch)
	equal(t, "the rest", s.giveBack("on", "r", "third", 170), ledger.Applied)
	equal(t, "all lots", s.lots("on"), map[uint32]int64{1: 100, 2: 200, 3: 100})
	equal(t, "the same key", s.spend("on", "r", 1), ledger.Duplicate)
	s.merge("third", "on")
	s.route()
	equal(t, "merged once more", s.giveBack("off", "r", "third", 170), ledger.Forwarded)
	equal(t, "known there", s.route(), ledger.Duplicate)
	replayed := ledger.NewWorld()
	for _, e := range s.entries {
		ledger.Fold(replayed, e)
	}
	same(t, replayed, s.world)
}

// TestReturnOfADayThatWasDroppedTakesNothingOffTheOthers: of two members who are one the first has dropped that day from what
// counts, the second has not.
func TestReturnOfADayThatWasDroppedTakesNothingOffTheOthers(t *testing.T) {
	s := open(t, "2024-01-03 10:00:00")
	s.book.Tiers.Window = topics.Rolling
	s.order("on", "1", line{net: 90000, per: 100})
	s.order("off", "2", line{net: 500, per: 100})
	s.at("2026-05-01 10:00:00").order("on", "3", line{net: 700, per: 100})
	s.merge("on", "off")
	s.route()
	equal(t, "returned", s.refund("on", "1", "late", 90000), ledger.Applied)
	if err := s.world.Member("on").Check(s.now.UnixMilli()); err != nil {
		t.Error(err)
	}
	days := s.world.Member("on").Days
	if len(days) != 1 || days[0].Spend != 700 {
		t.Errorf("days that count: %v", days)
	}
}
