package ledger_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// erase is the wish of a member to be forgotten.
func (s *shop) erase(member string) ledger.Outcome {
	s.t.Helper()
	return s.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Cause: s.cause(fmt.Sprint("erased:", member, " ", s.now.UnixMilli()), topics.TypeErased),
		Version: s.book.Version, Erased: true,
	})
}

// forgotten checks that of some ids nothing is left but that they were erased, and that a replay comes to the same.
func (s *shop) forgotten(ids ...string) {
	s.t.Helper()
	replayed := ledger.NewWorld()
	for _, e := range s.entries {
		ledger.Fold(replayed, e)
	}
	for _, w := range []*ledger.World{s.world, replayed} {
		for _, id := range ids {
			a := w.Member(id).Account
			if want := (ledger.Account{Erased: a.Erased, NextLot: a.NextLot}); a.Erased == 0 || !cmp.Equal(a, want) {
				s.t.Errorf("%s has %+v", id, a)
			}
			for range w.Member(id).Buckets() {
				s.t.Errorf("%s has seen events", id)
			}
			for key := range w.Orders() {
				if strings.HasPrefix(key, id+"\x1f") {
					s.t.Errorf("%s has the order %q", id, key)
				}
			}
			for name, r := range w.Redemptions {
				if r.Member == id {
					s.t.Errorf("%s has the redemption %s", id, name)
				}
			}
		}
	}
	same(s.t, replayed, s.world)
}

// TestErasedMemberIsForgotten: what is left is breakage, whatever held it, and nothing else of the account stays.
func TestErasedMemberIsForgotten(t *testing.T) {
	s := milestones(t, "2026-03-01 10:00:00", topics.PerYear).wait(7, topics.Pending{Days: 7}, nil)
	s.book.Leaderboard = topics.Leaderboard{Month: true}
	s.order("m", "1", line{net: 5500, per: 1}, line{net: 7000, per: 7})
	s.gift("m", "g", 100)
	s.spend("m", "r", 300)
	s.spend("m", "refused", 1<<40)
	s.freeze("m", "f", 3)
	s.refund("m", "later", "early", 100)
	coupon := s.issued("m")[0].Coupon
	had := s.balance("m")
	equal(t, "had", had, ledger.Balance{Available: 5200, Pending: 1000, Frozen: 100})
	equal(t, "erased", s.erase("m"), ledger.Applied)
	equal(t, "breakage", s.moved(pointspb.Kind_ERASED, pointspb.Account_BREAKAGE), had.Available+had.Pending+had.Frozen)
	gone := s.of("m", pointspb.Kind_COUPON_REVOKED)
	equal(t, "coupons revoked", []any{len(gone), gone[0].Milestone.Coupon}, []any{1, coupon})
	s.forgotten("m")
	equal(t, "boards", s.world.Member("m").ChangedBoards(), []int32{202603})
}

// TestDebtOfAnErasedMemberIsWrittenOff.
func TestDebtOfAnErasedMemberIsWrittenOff(t *testing.T) {
	s := open(t, "2026-03-01 10:00:00")
	s.order("m", "1", line{net: 10000, per: 100})
	s.spend("m", "r", 80)
	s.refund("m", "1", "x", 10000)
	equal(t, "owes", s.balance("m"), ledger.Balance{Debt: 80})
	s.erase("m")
	equal(t, "written off", s.moved(pointspb.Kind_ERASED, pointspb.Account_ADJUSTED_POINTS), int64(-80))
	equal(t, "breakage", s.moved(pointspb.Kind_ERASED, pointspb.Account_BREAKAGE), int64(0))
	s.forgotten("m")
}

// TestNothingRevivesAnErasedMember: not even one of whom nothing was known. All that names the id later ends as erased.
func TestNothingRevivesAnErasedMember(t *testing.T) {
	s := open(t, "2026-03-01 10:00:00")
	s.order("m", "1", line{net: 10000, per: 100})
	s.spend("m", "r", 10)
	for _, m := range []string{"m", "unknown"} {
		equal(t, "erased", s.erase(m), ledger.Applied)
		s.now = s.now.Add(1e9)
		entries := len(s.entries)
		equal(t, "again", s.erase(m), ledger.Duplicate)
		equal(t, "an order known", s.order(m, "1", line{net: 10000, per: 100}), ledger.Erased)
		equal(t, "a late refund", s.refund(m, "1", "x", 10000), ledger.Erased)
		equal(t, "a registration", s.gift(m, "registered", 50), ledger.Erased)
		equal(t, "a merge into it", s.merge(m, "other"), ledger.Erased)
		equal(t, "a freeze", s.freeze(m, "f"), ledger.Erased)
		equal(t, "a return", s.giveBack(m, "r", "1", 10), ledger.Erased)
		equal(t, "a preference", s.ask(&pointspb.Request{Account: topics.MemberAccount(m), Id: "p", What: &pointspb.Request_Preference{
			Preference: &pointspb.PreferenceRequest{LeaderboardHidden: true},
		}}), ledger.Erased)
		equal(t, "a redemption", s.spend(m, "r2", 0), ledger.Erased)
		equal(t, "whose stock is released", []any{len(s.last.Requests), s.last.Requests[0].GetSettle().GetSold()}, []any{1, false})
		equal(t, "entries", len(s.entries), entries)
		s.forgotten(m)
	}
	equal(t, "merged into another", s.merge("other", "m"), ledger.Applied)
	equal(t, "nothing to carry", s.route(), ledger.Erased)
	s.forgotten("m")
}

// TestErasureReachesEveryIDOfAMember: whichever it names, and however many mergers there were.
func TestErasureReachesEveryIDOfAMember(t *testing.T) {
	for _, named := range []string{"first", "second", "third"} {
		s := open(t, "2026-03-01 10:00:00")
		for i, m := range []string{"first", "second", "third"} {
			s.order(m, fmt.Sprint(i), line{net: 10000, per: 100})
			s.spend(m, "r"+m, 10)
		}
		for _, ids := range [][2]string{{"second", "first"}, {"third", "second"}} {
			s.merge(ids[0], ids[1])
			s.route()
		}
		equal(t, "has", s.balance("third"), ledger.Balance{Available: 270})
		s.spend("first", "late", 1) // refused as merged: the answer is kept
		s.erase(named)
		s.route()
		s.forgotten("first", "second", "third")
		equal(t, "again", []any{s.erase("first"), s.erase("third")}, []any{ledger.Duplicate, ledger.Duplicate})
	}
}

// TestErasureOvertakesAMerge: what was on its way is forgotten when it comes.
func TestErasureOvertakesAMerge(t *testing.T) {
	s := open(t, "2026-03-01 10:00:00")
	s.order("off", "1", line{net: 10000, per: 100})
	s.spend("off", "r", 10)
	s.merge("on", "off")
	asked := s.last
	equal(t, "erased", s.erase("on"), ledger.Applied)
	s.last = asked
	equal(t, "carried to nobody", s.route(), ledger.Applied) // the old id's own erasure
	s.forgotten("on", "off")
	var breakage int64
	for _, e := range s.entries {
		for _, p := range e.Postings {
			if p.Account == pointspb.Account_BREAKAGE {
				breakage += p.Points
			}
		}
	}
	equal(t, "breakage", breakage, int64(90))
}

// TestBudgetGetsBackWhatAnErasedMemberWasAwarded while they were still there.
func TestBudgetGetsBackWhatAnErasedMemberWasAwarded(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").doubling(1000)
	s.order("m", "1", line{net: 10000, per: 100})
	s.erase("m")
	s.deliver()
	equal(t, "awarded", s.spent(), int64(0))
	equal(t, "at the member", s.world.Member("m").Booked(), ledger.Balance{})
	s.forgotten("m")
}

// TestReferralOfAnErasedSharerEarnsNothing, and its recall takes nothing.
func TestReferralOfAnErasedSharerEarnsNothing(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00")
	s.erase("sharer")
	equal(t, "the sharer's", s.buys("buyer", "1", "sharer", line{net: 10000, per: 100}), []ledger.Outcome{ledger.Erased})
	equal(t, "recalled", s.returns("buyer", "1", "x", 10000), []ledger.Outcome{ledger.Erased})
	s.forgotten("sharer")
}

// TestErasedMemberIsNotFrozenByADevice that knew them.
func TestErasedMemberIsNotFrozenByADevice(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(ring(2))
	s.signs("a", "1", "phone")
	s.signs("b", "2", "phone")
	equal(t, "erased", s.erase("a"), ledger.Applied)
	s.signs("c", "3", "phone")
	frozen := func() (n []int) {
		for _, m := range []string{"a", "b", "c", "d"} {
			n = append(n, len(s.frozenNow(m)))
		}
		return n
	}
	equal(t, "who is forgotten does not count", frozen(), []int{0, 0, 0, 0})
	s.signs("d", "4", "phone")
	equal(t, "frozen", frozen(), []int{0, 1, 1, 1})
	s.forgotten("a")
}

// TestDevicesForgetAnErasedMember, whichever id they saw, and however often.
func TestDevicesForgetAnErasedMember(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(ring(9))
	s.signs("old", "1", "phone")
	s.signs("a", "2", "phone")
	s.signs("a", "3", "phone")
	s.signs("a", "4", "tablet")
	s.signs("b", "5", "phone")
	s.merge("a", "old")
	s.route()
	equal(t, "remembered", len(s.world.Member("a").Identities), 2)
	equal(t, "erased", s.erase("a"), ledger.Applied)
	s.route()
	s.deliver()
	var seen []string
	for _, x := range s.world.Identities {
		for _, one := range x.Sightings {
			seen = append(seen, one.Member)
		}
	}
	equal(t, "seen", seen, []string{"b"})
	s.forgotten("a", "old")
}
