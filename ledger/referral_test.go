package ledger_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// through is an order that came through a share, under a rule of 50 points for the sharer.
func (s *shop) through(sharer string, ev *pointspb.CreditEvent) *pointspb.CreditEvent {
	ev.Referral = &pointspb.ReferralFacts{Sharer: sharer, Product: "A-1", IssuedAt: s.now.AddDate(0, 0, -1).UnixMilli()}
	ev.Candidates = append(ev.Candidates, &pointspb.Candidate{Rule: "referral", Mode: string(topics.ModeFixed), Points: 50, ToReferrer: true})
	return ev
}

// carry carries the last decision's requests to their shards, as the transaction would, and returns how they ended.
func (s *shop) carry() (outcomes []ledger.Outcome) {
	s.t.Helper()
	for _, r := range s.last.Requests {
		d, err := ledger.Handle(s.world, r, s.moment())
		outcomes = append(outcomes, s.keep(d, err))
	}
	return outcomes
}

// buys places an order through a share, and lets the sharer's shard decide.
func (s *shop) buys(buyer, order, sharer string, lines ...line) []ledger.Outcome {
	s.t.Helper()
	s.credit(s.through(sharer, s.event(buyer, order, lines...)))
	return s.carry()
}

func (s *shop) returns(member, order, id string, nets ...int64) []ledger.Outcome {
	s.t.Helper()
	s.refund(member, order, id, nets...)
	return s.carry()
}

// referred is what became of the last order's referral.
func (s *shop) referred() (all []string) {
	for _, e := range s.last.Entries {
		if e.Kind == pointspb.Kind_REFERRED {
			all = append(all, e.Referral.Outcome)
		}
	}
	return all
}

var (
	applied = []ledger.Outcome{ledger.Applied}
	none    []ledger.Outcome
)

// TestReferral is D6: 50 for the sharer of the first paid order of somebody else, until that order is refunded in full.
func TestReferral(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	equal(t, "first order", s.buys("ben", "B", "ana", line{net: 10000, per: 1000}, line{net: 5000, per: 1000}), applied)
	grant := s.last.Entries[0]
	equal(t, "a grant under the order's cause", []any{grant.Kind, grant.Cause.Id, grant.Rule, grant.Account, grant.First},
		[]any{pointspb.Kind_GRANTED, "paid:B", "referral", "member:ana", false})
	equal(t, "sharer", s.balance("ana"), ledger.Balance{Available: 50})
	equal(t, "buyer", s.balance("ben"), ledger.Balance{Available: 15})
	equal(t, "second order", s.buys("ben", "B2", "ana", line{net: 10000, per: 1000}), none)
	equal(t, "a part back", s.returns("ben", "B", "R1", 10000), none)
	equal(t, "sharer keeps", s.balance("ana"), ledger.Balance{Available: 50})
	s.spend("ana", "r", 30)
	equal(t, "the rest back", s.returns("ben", "B", "R2", 0, 5000), applied)
	equal(t, "sharer owes", s.balance("ana"), ledger.Balance{Debt: 30})
	equal(t, "nothing more to return", s.returns("ben", "B", "R3", 0, 5000), none)
	equal(t, "sharer owes the same", s.balance("ana"), ledger.Balance{Debt: 30})
	s.replayed()
}

// TestReferralThatIsNone: the order earns for its buyer all the same, and the entry says why.
func TestReferralThatIsNone(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*shop, *pointspb.CreditEvent)
		outcome string
	}{
		"own share":      {func(_ *shop, ev *pointspb.CreditEvent) { ev.Referral.Sharer = "ben" }, topics.ReferralSelf},
		"bad signature":  {func(_ *shop, ev *pointspb.CreditEvent) { ev.Referral.Outcome = topics.ReferralInvalid }, topics.ReferralInvalid},
		"ordered before": {func(s *shop, _ *pointspb.CreditEvent) { s.order("ben", "earlier", line{net: 1, per: 1000}) }, topics.ReferralNotFirst},
		"pays nothing": {func(_ *shop, ev *pointspb.CreditEvent) {
			ev.Order.Lines[0].Net, ev.Order.Lines[0].Eligible, ev.Candidates[0].Eligible = 0, 0, 10000
		}, topics.ReferralUnpaid},
		"no rule":             {func(_ *shop, ev *pointspb.CreditEvent) { ev.Candidates = ev.Candidates[:1] }, topics.ReferralNoRule},
		"another tier's rule": {func(_ *shop, ev *pointspb.CreditEvent) { ev.Candidates[1].Tiers = []string{"gold"} }, topics.ReferralNoRule},
	} {
		s := open(t, "2026-05-26 11:00:00")
		ev := s.through("ana", s.event("ben", "B", line{net: 10000, per: 1000}))
		c.change(s, ev)
		equal(t, name, s.credit(ev), ledger.Applied)
		equal(t, name+": entry", s.referred(), []string{c.outcome})
		equal(t, name+": requests", s.carry(), none)
		equal(t, name+": buyer", s.balance("ben"), ledger.Balance{Available: 10})
		equal(t, name+": full refund", s.returns("ben", "B", "R", 10000), none)
		s.replayed()
	}
}

// TestReferralAfterAFullRefund: who has returned everything has not ordered, and the next order is the first.
func TestReferralAfterAFullRefund(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	s.order("ben", "A", line{net: 1000, per: 1000})
	s.refund("ben", "A", "R", 1000)
	equal(t, "first order", s.buys("ben", "B", "ana", line{net: 10000, per: 1000}), applied)
	equal(t, "sharer", s.balance("ana"), ledger.Balance{Available: 50})
}

// TestRefundBeforeItsReferredOrder: the sharer's points come and go in the order in which they were asked for.
func TestRefundBeforeItsReferredOrder(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	s.refund("ben", "B", "R", 10000)
	equal(t, "order", s.buys("ben", "B", "ana", line{net: 10000, per: 1000}), []ledger.Outcome{ledger.Applied, ledger.Applied})
	equal(t, "sharer", s.balance("ana"), ledger.Balance{})
	s.replayed()
}

// TestReferralOfAWindow: the sharer's points wait as the rule says, and a full refund before that voids them only.
func TestReferralOfAWindow(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	s.book.Rules = []topics.Rule{{ID: "referral", Pending: topics.Pending{Days: 7}}}
	s.buys("ben", "B", "ana", line{net: 10000, per: 1000})
	s.buys("cat", "C", "ana", line{net: 10000, per: 1000})
	equal(t, "pending", s.balance("ana"), ledger.Balance{Pending: 100})
	s.returns("ben", "B", "R", 10000)
	equal(t, "one voided", s.balance("ana"), ledger.Balance{Pending: 50})
	equal(t, "the other", s.at("2026-06-02 11:00:00").balance("ana"), ledger.Balance{Available: 50})
	s.replayed()
}

// TestRequestsAboutReferralsThatAreWrong change nothing.
func TestRequestsAboutReferralsThatAreWrong(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	s.credit(s.through("ana", s.event("ben", "B", line{net: 10000, per: 1000})))
	asked := s.last.Requests[0]
	equal(t, "asked", s.carry(), applied)
	again, err := ledger.Handle(s.world, asked, s.moment())
	equal(t, "twice", s.keep(again, err), ledger.Duplicate)
	unknown := &pointspb.RecallRequest{Referral: &pointspb.ReferralFacts{Buyer: "x", Order: "y"}, Cause: s.cause("c", "t"), OrderSource: "/shops/t"}
	d, err := ledger.Handle(s.world, &pointspb.Request{Account: "member:ana", What: &pointspb.Request_Recall{Recall: unknown}}, s.moment())
	equal(t, "of no referral", s.keep(d, err), ledger.Unchanged)
	for name, r := range map[string]*pointspb.Request{
		"no facts":      {Account: "member:ana", What: &pointspb.Request_Refer{Refer: &pointspb.ReferRequest{}}},
		"no recall":     {Account: "member:ana", What: &pointspb.Request_Recall{Recall: &pointspb.RecallRequest{}}},
		"of an item":    {Account: "item:cup", What: asked.What},
		"unread":        {Account: "member:zoe", What: &pointspb.Request_Refer{Refer: &pointspb.ReferRequest{Referral: unknown.Referral, Cause: unknown.Cause, Arithmetic: &pointspb.Arithmetic{}, Version: "none"}}},
		"beyond counts": {Account: "member:ana", What: &pointspb.Request_Refer{Refer: &pointspb.ReferRequest{Referral: unknown.Referral, Cause: unknown.Cause, Arithmetic: &pointspb.Arithmetic{Awarded: 1<<63 - 1}, Version: "1"}}},
	} {
		if _, err := ledger.Handle(s.world, r, s.moment()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	equal(t, "sharer", s.balance("ana"), ledger.Balance{Available: 50})
	s.replayed()
}

// TestLawOfReturnsHoldsForReferrals: random histories of three members who refer each other; an order through a share and
// its full refund, with nothing of the two between them, leave both accounts as before (§4's law).
func TestLawOfReturnsHoldsForReferrals(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := open(t, "2026-01-01 00:00:00")
		for i := range rapid.IntRange(0, 40).Draw(r, "operations") {
			s.now = s.now.Add(time.Duration(rapid.IntRange(1, 20*24*60).Draw(r, "minutes")) * time.Minute)
			m, other := fmt.Sprint("m", rapid.IntRange(0, 2).Draw(r, "member")), fmt.Sprint("m", rapid.IntRange(0, 2).Draw(r, "other"))
			id := fmt.Sprint(rapid.IntRange(0, 4).Draw(r, "order"))
			switch rapid.IntRange(0, 5).Draw(r, "operation") {
			case 0, 1:
				s.buys(m, id, other, line{net: rapid.Int64Range(0, 400000).Draw(r, "net"), per: 1000})
			case 2:
				s.returns(m, id, fmt.Sprint("R", i), rapid.SampledFrom([]int64{100, 200000, 400000}).Draw(r, "back"))
			case 3:
				s.spend(m, fmt.Sprint(m, "r", i), rapid.Int64Range(1, 100).Draw(r, "price"))
			case 4:
				s.reviewed(m, "V"+id, id, rapid.Bool().Draw(r, "verified"))
			case 5:
				s.removed(m, "V"+id, fmt.Sprint("gone", i))
			}
			sound(r, s)
		}
		law(r, s)
		s.replayed()
		conserved(r, s)
	})
}

// law places an order through a share and returns all of it.
func law(r *rapid.T, s *shop) {
	buyer := rapid.SampledFrom([]string{"m0", "m1", "m2", "new"}).Draw(r, "buyer")
	sharer := rapid.SampledFrom([]string{"m0", "m1", "m2"}).Draw(r, "sharer")
	net := rapid.Int64Range(0, 3000000).Draw(r, "net of the order")
	view := func() map[string]any {
		all := map[string]any{}
		for _, m := range []string{buyer, sharer} {
			b := s.balance(m)
			a := s.world.Member(m)
			all[m] = []any{b.Available, b.Pending, b.Debt, slices.Clone(a.Years), a.Ordered}
		}
		return all
	}
	before := view()
	first := !s.world.Member(buyer).Ordered && buyer != sharer && net > 0
	outcomes := s.buys(buyer, "law", sharer, line{net: net, per: 1000})
	if first != (len(outcomes) == 1) {
		r.Fatalf("first %v, requests %v", first, outcomes)
	}
	s.now = s.now.Add(time.Second)
	s.returns(buyer, "law", "law", net)
	if d := cmp.Diff(view(), before, cmpopts.EquateEmpty()); d != "" {
		r.Fatalf("%s through %s's share (-got +want):\n%s", buyer, sharer, d)
	}
}

// TestOnceForEachBuyerWhoeverShared is `limit: {times: 1, per: ever, by: buyer}` of the contract's rulebook: a buyer brings points once,
// to one of all sharers, years later too; a full refund gives that back, and the next order may bring them to another one.
func TestOnceForEachBuyerWhoeverShared(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	equal(t, "the first", s.buys("ben", "B1", "ana", line{net: 10000, per: 1000}), applied)
	equal(t, "the same sharer", s.buys("ben", "B2", "ana", line{net: 10000, per: 1000}), none)
	equal(t, "another sharer", s.buys("ben", "B3", "cleo", line{net: 10000, per: 1000}), none)
	equal(t, "another buyer", s.buys("dan", "D1", "ana", line{net: 10000, per: 1000}), applied)
	s.at("2030-05-26 11:00:00").advance("ben")
	equal(t, "years later", s.buys("ben", "B4", "cleo", line{net: 10000, per: 1000}), none)
	equal(t, "cleo", s.balance("cleo"), ledger.Balance{})

	s = open(t, "2026-05-26 11:00:00")
	s.buys("ben", "B1", "ana", line{net: 10000, per: 1000})
	equal(t, "all of it back", s.returns("ben", "B1", "R", 10000), applied)
	equal(t, "ana", s.balance("ana"), ledger.Balance{})
	equal(t, "the next one", s.buys("ben", "B2", "cleo", line{net: 10000, per: 1000}), applied)
	equal(t, "cleo has them", s.balance("cleo"), ledger.Balance{Available: 50})
	equal(t, "and nobody else", s.buys("ben", "B3", "ana", line{net: 10000, per: 1000}), none)
	s.replayed()
}
