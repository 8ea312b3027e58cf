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

// request is one for an act, of what is asked for.
func request(member, id, actor string, what ledger.What, f *pointspb.ActFacts) *pointspb.Request {
	r := &pointspb.Request{Account: topics.MemberAccount(member), Id: id, Actor: actor}
	switch what {
	case ledger.Freeze:
		r.What = &pointspb.Request_Freeze{Freeze: f}
	case ledger.Unfreeze:
		r.What = &pointspb.Request_Unfreeze{Unfreeze: f}
	case ledger.Adjust:
		r.What = &pointspb.Request_Adjust{Adjust: f}
	case ledger.Confirm:
		r.What = &pointspb.Request_Confirm{Confirm: f}
	case ledger.Approve:
		r.What = &pointspb.Request_Approve{Approve: f}
	case ledger.Decline:
		r.What = &pointspb.Request_Decline{Decline: f}
	case ledger.Appeal:
		r.What = &pointspb.Request_Appeal{Appeal: f}
	}
	return r
}

func (s *shop) ask(r *pointspb.Request) ledger.Outcome {
	s.t.Helper()
	s.member, _ = topics.MemberOf(r.Account)
	return s.keep(ledger.Handle(s.world, r, s.moment()))
}

// freeze sets lots aside, all if none is named; review is after 30 days.
func (s *shop) freeze(member, id string, lots ...uint32) ledger.Outcome {
	s.t.Helper()
	return s.ask(request(member, id, "sue", ledger.Freeze, &pointspb.ActFacts{
		Scope: ledger.ScopeLots, Lots: lots, Reason: "velocity", Evidence: "case-1", ReviewBy: s.now.AddDate(0, 0, 30).UnixMilli(),
	}))
}

func (s *shop) freezeAccount(member, id string) ledger.Outcome {
	s.t.Helper()
	return s.ask(request(member, id, "sue", ledger.Freeze, &pointspb.ActFacts{
		Scope: ledger.ScopeAccount, Reason: "velocity", Evidence: "case-1", ReviewBy: s.now.AddDate(0, 0, 30).UnixMilli(),
	}))
}

func (s *shop) unfreeze(member, id, freeze string) ledger.Outcome {
	s.t.Helper()
	return s.ask(request(member, id, "ron", ledger.Unfreeze, &pointspb.ActFacts{Of: freeze, Reason: "cleared"}))
}

func (s *shop) adjust(member, id, actor string, points int64) ledger.Outcome {
	s.t.Helper()
	return s.ask(request(member, id, actor, ledger.Adjust, &pointspb.ActFacts{Points: points, Reason: "goodwill", Evidence: "ticket-7"}))
}

func (s *shop) expiries(member string) map[uint32]string {
	out := map[uint32]string{}
	for _, l := range s.world.Member(member).Lots {
		out[l.Number] = "never"
		if l.ExpiresAt != 0 {
			out[l.Number] = time.UnixMilli(l.ExpiresAt).In(s.book.Zone).Format("2006-01-02 15:04:05")
		}
	}
	return out
}

// vectorF1: 100 points that expire on 03-01 are frozen from 02-20 to 03-10.
func vectorF1(t *testing.T) {
	for at, expires := range map[string]string{"2026-03-10 00:00:00": "2026-03-17 00:00:00", "2026-03-10 10:00:00": "2026-03-18 00:00:00"} {
		s := open(t, "2025-02-28 10:00:00")
		s.gift("m", "g", 100)
		equal(t, "before", s.expiries("m"), map[uint32]string{1: "2026-03-01 00:00:00"})
		equal(t, "frozen", s.at("2026-02-20 10:00:00").freeze("m", "f"), ledger.Applied)
		equal(t, "balance", s.balance("m"), ledger.Balance{Frozen: 100})
		equal(t, "spend", s.spend("m", "r", 1), ledger.Insufficient)
		equal(t, "past its expiry", s.at("2026-03-09 23:59:59").balance("m"), ledger.Balance{Frozen: 100})
		equal(t, "unfrozen", s.at(at).unfreeze("m", "u", "f"), ledger.Applied)
		equal(t, "expires", s.expiries("m"), map[uint32]string{1: expires})
		equal(t, "balance", s.balance("m"), ledger.Balance{Available: 100})
		equal(t, "expired", s.at(expires).balance("m"), ledger.Balance{})
	}
	s := open(t, "2026-01-01 10:00:00") // what lives longer anyway keeps its date
	s.gift("m", "g", 100)
	s.freeze("m", "f", 1)
	s.at("2026-01-05 10:00:00").unfreeze("m", "u", "f")
	equal(t, "expires", s.expiries("m"), map[uint32]string{1: "2027-01-02 00:00:00"})
}

// vectorF2: a frozen account spends nothing and goes on earning.
func vectorF2(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.gift("m", "g", 100)
	equal(t, "frozen", s.freezeAccount("m", "f"), ledger.Applied)
	equal(t, "redeem", s.spend("m", "r", 10), ledger.Frozen)
	equal(t, "kept answer", s.world.Redemptions["r"].Outcome, ledger.Frozen)
	equal(t, "earn", s.gift("m", "g2", 50), ledger.Applied)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 150})
	equal(t, "frozen twice", s.freezeAccount("m", "f2"), ledger.Applied)
	equal(t, "released", s.unfreeze("m", "u", "f"), ledger.Applied)
	equal(t, "redeem under the other freeze", s.spend("m", "r2", 10), ledger.Frozen)
	equal(t, "released", s.unfreeze("m", "u2", "f2"), ledger.Applied)
	equal(t, "redeem", s.spend("m", "r3", 10), ledger.Applied)
}

// TestActsAreDecidedOnce: the same request again does nothing, one with another content is a conflict; what an act is about
// must be there and must stand.
func TestActsAreDecidedOnce(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.gift("m", "g", 100)
	s.gift("m", "g2", 30)
	equal(t, "a lot that is not there", s.freeze("m", "f0", 1, 9), ledger.NotFound)
	equal(t, "frozen", s.freeze("m", "f", 1), ledger.Applied)
	equal(t, "again", s.freeze("m", "f", 1), ledger.Duplicate)
	equal(t, "entries", len(s.last.Entries), 0)
	equal(t, "a lot that is frozen", s.freeze("m", "f2", 1), ledger.NotFound)
	r := request("m", "f", "sue", ledger.Freeze, &pointspb.ActFacts{
		Scope: ledger.ScopeAccount, Reason: "velocity", Evidence: "x", ReviewBy: 1, Hash: []byte("another"),
	})
	equal(t, "another content", s.ask(r), ledger.Conflict)
	equal(t, "another word", s.unfreeze("m", "f", "f"), ledger.Conflict)
	equal(t, "unknown", s.unfreeze("m", "u0", "nothing"), ledger.NotFound)
	equal(t, "not a freeze", s.unfreeze("m", "u00", "u0"), ledger.NotFound)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 30, Frozen: 100})
	equal(t, "unfrozen", s.unfreeze("m", "u", "f"), ledger.Applied)
	equal(t, "twice", s.unfreeze("m", "u2", "f"), ledger.Decided)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 130})
}

// TestActsThatNoClientAsksFor are errors, which become dead letters, and change nothing.
func TestActsThatNoClientAsksFor(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	good := func() *pointspb.ActFacts {
		return &pointspb.ActFacts{Scope: ledger.ScopeLots, Reason: "velocity", Evidence: "case-1", ReviewBy: 1}
	}
	for name, spoil := range map[string]func(*pointspb.ActFacts, *pointspb.Request){
		"text as a reason": func(f *pointspb.ActFacts, _ *pointspb.Request) { f.Reason = "Ana Smith called" },
		"text as evidence": func(f *pointspb.ActFacts, _ *pointspb.Request) { f.Evidence = "see the mail of Ana" },
		"no evidence":      func(f *pointspb.ActFacts, _ *pointspb.Request) { f.Evidence = "" },
		"no reason":        func(f *pointspb.ActFacts, _ *pointspb.Request) { f.Reason = "" },
		"no review":        func(f *pointspb.ActFacts, _ *pointspb.Request) { f.ReviewBy = 0 },
		"no scope":         func(f *pointspb.ActFacts, _ *pointspb.Request) { f.Scope = "" },
		"lots of an account": func(f *pointspb.ActFacts, _ *pointspb.Request) {
			f.Scope, f.Lots = ledger.ScopeAccount, []uint32{1}
		},
		"no actor":     func(_ *pointspb.ActFacts, r *pointspb.Request) { r.Actor = "" },
		"no id":        func(_ *pointspb.ActFacts, r *pointspb.Request) { r.Id = "" },
		"of an item":   func(_ *pointspb.ActFacts, r *pointspb.Request) { r.Account = topics.ItemAccount("cup") },
		"of something": func(f *pointspb.ActFacts, _ *pointspb.Request) { f.Of = "x" },
	} {
		f := good()
		r := request("m", "f", "sue", ledger.Freeze, f)
		spoil(f, r)
		if _, err := ledger.Handle(s.world, r, s.moment()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, points := range []int64{0, ledger.AdjustMost + 1, -ledger.AdjustMost - 1, -1 << 63} {
		r := request("m", "a", "sue", ledger.Adjust, &pointspb.ActFacts{Points: points, Reason: "x", Evidence: "y"})
		if _, err := ledger.Handle(s.world, r, s.moment()); err == nil {
			t.Errorf("an adjustment by %d points", points)
		}
	}
	equal(t, "acts", len(s.world.Member("m").Acts), 0)
}

// TestClawbackTakesFromTheFrozenLotOfItsOrder first; what is frozen of other orders it leaves.
func TestClawbackTakesFromTheFrozenLotOfItsOrder(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.order("m", "A", line{net: 10000, per: 100})
	s.order("m", "B", line{net: 5000, per: 100})
	s.gift("m", "g", 20)
	s.freeze("m", "f", 1, 2)
	s.refund("m", "A", "R1", 4000)
	equal(t, "own", s.moved(pointspb.Kind_REVERSED, pointspb.Account_FROZEN_POINTS), int64(-40))
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 20, Frozen: 110})
	s.unfreeze("m", "u", "f")
	s.spend("m", "r", 170-40)
	s.order("m", "C", line{net: 1000, per: 100})
	s.freeze("m", "f2")
	s.refund("m", "B", "R2", 5000)
	equal(t, "others' frozen points stay", s.balance("m"), ledger.Balance{Frozen: 10, Debt: 50})
	s.unfreeze("m", "u2", "f2")
	equal(t, "debt is repaid first", s.balance("m"), ledger.Balance{Debt: 40})
	equal(t, "dated", s.last.Entries, []*pointspb.Entry(nil))
}

// TestAdjustments: a lot with the book's validity, or from available lots and then debt, as the book says.
func TestAdjustments(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	equal(t, "given", s.adjust("m", "a1", "sue", 80), ledger.Applied)
	equal(t, "validity", s.expiries("m"), map[uint32]string{1: "2027-02-21 00:00:00"})
	s.gift("m", "g", 10)
	s.freeze("m", "f", 2)
	equal(t, "taken", s.adjust("m", "a2", "sue", -100), ledger.Applied)
	equal(t, "into debt", s.balance("m"), ledger.Balance{Frozen: 10, Debt: 20})
	equal(t, "given to a debtor", s.adjust("m", "a3", "sue", 50), ledger.Applied)
	equal(t, "repaid", s.balance("m"), ledger.Balance{Available: 30, Frozen: 10})
	s.book.Clawback = topics.ClawbackBalance
	equal(t, "taken without debt", s.adjust("m", "a4", "sue", -90), ledger.Applied)
	equal(t, "as far as it goes", s.balance("m"), ledger.Balance{Frozen: 10})
	equal(t, "nothing to take", s.adjust("m", "a5", "sue", -5), ledger.Applied)
	equal(t, "balance", s.balance("m"), ledger.Balance{Frozen: 10})
}

// TestLargeAdjustmentsTakeTwo: a proposal moves nothing, its proposer cannot decide it, and it is decided once.
func TestLargeAdjustmentsTakeTwo(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	decide := func(id, actor string, what ledger.What, of string) ledger.Outcome {
		f := &pointspb.ActFacts{Of: of}
		if what == ledger.Decline {
			f.Reason = "unfounded"
		}
		return s.ask(request("m", id, actor, what, f))
	}
	equal(t, "at the limit", s.adjust("m", "a0", "sue", 100), ledger.Applied)
	equal(t, "above it", s.adjust("m", "a1", "sue", 101), ledger.Proposed)
	equal(t, "below minus it", s.adjust("m", "a2", "sue", -101), ledger.Proposed)
	equal(t, "nothing moves", s.balance("m"), ledger.Balance{Available: 100})
	equal(t, "the same person", decide("d1", "sue", ledger.Approve, "a1"), ledger.SamePerson)
	equal(t, "nor declines", decide("d2", "sue", ledger.Decline, "a1"), ledger.SamePerson)
	equal(t, "what needs none", decide("d3", "pat", ledger.Approve, "a0"), ledger.NotFound)
	equal(t, "another", decide("d4", "pat", ledger.Approve, "a1"), ledger.Applied)
	e := s.last.Entries[0]
	equal(t, "who", []string{e.Act.Actor, e.Act.Approver, e.Act.Reason, e.Act.Evidence}, []string{"sue", "pat", "goodwill", "ticket-7"})
	equal(t, "again", decide("d4", "pat", ledger.Approve, "a1"), ledger.Duplicate)
	equal(t, "twice", decide("d5", "pia", ledger.Approve, "a1"), ledger.Decided)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 201})
	equal(t, "declined", decide("d6", "pat", ledger.Decline, "a2"), ledger.Applied)
	equal(t, "and done with", decide("d7", "pat", ledger.Approve, "a2"), ledger.Decided)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 201})
}

// TestConfirmedAbuseTakesWhatIsFrozen, always with a second person; a freeze that was released in between stays so.
func TestConfirmedAbuseTakesWhatIsFrozen(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	confirm := func(id, freeze string) ledger.Outcome {
		return s.ask(request("m", id, "sue", ledger.Confirm, &pointspb.ActFacts{Of: freeze, Reason: "farming", Evidence: "case-1"}))
	}
	approve := func(id, of string) ledger.Outcome {
		return s.ask(request("m", id, "pat", ledger.Approve, &pointspb.ActFacts{Of: of}))
	}
	s.gift("m", "g", 30)
	s.gift("m", "g2", 20)
	s.freeze("m", "f", 1)
	s.freeze("m", "f2", 2)
	equal(t, "proposed", confirm("c", "f"), ledger.Proposed)
	equal(t, "proposed", confirm("c2", "f2"), ledger.Proposed)
	equal(t, "approved", approve("d", "c"), ledger.Applied)
	equal(t, "taken", s.moved(pointspb.Kind_ADJUSTED, pointspb.Account_FROZEN_POINTS), int64(-30))
	equal(t, "balance", s.balance("m"), ledger.Balance{Frozen: 20})
	equal(t, "no more to release", s.unfreeze("m", "u", "f"), ledger.Decided)
	s.unfreeze("m", "u2", "f2")
	equal(t, "released before", approve("d2", "c2"), ledger.Decided)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 20})
	s.freezeAccount("m", "f3")
	confirm("c3", "f3")
	equal(t, "an account", approve("d3", "c3"), ledger.Applied)
	equal(t, "keeps its points", s.balance("m"), ledger.Balance{Available: 20})
	equal(t, "and stays frozen", s.spend("m", "r", 1), ledger.Frozen)
	s.unfreeze("m", "u3", "f3")
	equal(t, "until it is released", s.spend("m", "r2", 1), ledger.Applied)
}

// TestReviewAndAppeal: the review date is booked once, at its instant; a member appeals once.
func TestReviewAndAppeal(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.gift("m", "g", 30)
	s.freeze("m", "f")
	appeal := func(id, actor, of string) ledger.Outcome {
		return s.ask(request("m", id, actor, ledger.Appeal, &pointspb.ActFacts{Of: of, Evidence: "letter-" + id}))
	}
	equal(t, "somebody else", appeal("x", "sue", "f"), ledger.NotFound)
	equal(t, "of nothing", appeal("y", "m", "g"), ledger.NotFound)
	equal(t, "appealed", appeal("z", "m", "f"), ledger.Applied)
	equal(t, "twice", appeal("zz", "m", "f"), ledger.LimitReached)
	freeze := func() *ledger.Act { return &s.world.Member("m").Acts[0] }
	equal(t, "kept", freeze().Appeal, "letter-z")
	s.at("2026-03-22 09:59:59").advance("m")
	equal(t, "in time", freeze().PastReview(), false)
	s.at("2026-04-01 00:00:00").advance("m")
	equal(t, "late", freeze().PastReview(), true)
	equal(t, "counted", s.world.Member("m").OverdueAt(), int64(ledger.OverdueBase+1))
	equal(t, "booked", []any{s.last.Entries[0].Kind, s.last.Entries[0].EffectiveAt},
		[]any{pointspb.Kind_REVIEW_DUE, s.time("2026-03-22 10:00:00").UnixMilli()})
	s.at("2026-05-01 00:00:00").advance("m")
	equal(t, "once", len(s.last.Entries), 0)
	s.unfreeze("m", "u", "f")
	equal(t, "done", freeze().PastReview(), false)
	equal(t, "counted no more", s.world.Member("m").OverdueAt(), int64(0))
	equal(t, "too late", appeal("zzz", "m", "f"), ledger.Decided)
}

// TestActsAreBounded: old ones go, those that stand stay.
func TestActsAreBounded(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	for i := range 25 {
		want := ledger.Applied
		if i >= 20 {
			want = ledger.LimitReached
		}
		equal(t, "freeze", s.freezeAccount("m", fmt.Sprint("f", i)), want)
	}
	for i := range 200 {
		s.adjust("m", fmt.Sprint("a", i), "sue", 1)
	}
	acts := s.world.Member("m").Acts
	equal(t, "kept", []any{len(acts), acts[0].ID, acts[19].ID, acts[20].ID}, []any{100, "f0", "f19", "a120"})
	equal(t, "sound", s.world.Member("m").Check(s.now.UnixMilli()), error(nil))
}

// drawAct does a random act by hand.
func (s *shop) drawAct(r *rapid.T, m string) {
	id := fmt.Sprint("act", len(s.entries))
	of := ""
	if acts := s.world.Member(m).Acts; len(acts) > 0 {
		x := rapid.SampledFrom(acts).Draw(r, "act")
		if of = x.ID; rapid.IntRange(0, 9).Draw(r, "again") == 0 {
			id = x.ID
		}
	}
	actor := rapid.SampledFrom([]string{"sue", "pat", m}).Draw(r, "actor")
	what := rapid.IntRange(0, 6).Draw(r, "what")
	if of == "" && what > 2 {
		what = 1
	}
	switch what {
	case 0:
		var lots []uint32
		if all := s.world.Member(m).Lots; len(all) > 0 && rapid.Bool().Draw(r, "named") {
			lots = []uint32{rapid.SampledFrom(all).Draw(r, "lot").Number}
		}
		s.freeze(m, id, lots...)
	case 1:
		s.freezeAccount(m, id)
	case 2:
		s.adjust(m, id, actor, rapid.OneOf(rapid.Int64Range(-200, -1), rapid.Int64Range(1, 200)).Draw(r, "points"))
	case 3:
		s.ask(request(m, id, actor, ledger.Confirm, &pointspb.ActFacts{Of: of, Reason: "farming", Evidence: "case-1"}))
	case 4:
		s.ask(request(m, id, actor, ledger.Approve, &pointspb.ActFacts{Of: of}))
	case 5:
		s.unfreeze(m, id, of)
	case 6:
		s.ask(request(m, id, actor, ledger.Appeal, &pointspb.ActFacts{Of: of, Evidence: "letter-1"}))
	}
}

// frozenIsApart checks that nothing of a frozen account is spent (I13), and that what is frozen only goes where it may.
func frozenIsApart(r *rapid.T, s *shop) {
	for _, e := range s.last.Entries {
		var frozen int64
		for _, p := range e.Postings {
			if p.Account == pointspb.Account_FROZEN_POINTS {
				frozen += p.Points
			}
		}
		switch e.Kind {
		case pointspb.Kind_REDEEMED:
			if frozen != 0 || s.world.Member(s.member).Frozen {
				r.Fatalf("%v was redeemed of a frozen member", e)
			}
		case pointspb.Kind_EXPIRED, pointspb.Kind_REPAID, pointspb.Kind_ACTIVATED, pointspb.Kind_GRANTED:
			if frozen != 0 {
				r.Fatalf("%v moved frozen points", e)
			}
		}
	}
}
