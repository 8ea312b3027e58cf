package ledger_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// giveBack asks a member's shard to give points of a redemption back.
func (s *shop) giveBack(member, redemption, id string, points int64) ledger.Outcome {
	s.t.Helper()
	return s.ask(&pointspb.Request{
		Account: topics.MemberAccount(member), Id: "return-" + redemption + id,
		What: &pointspb.Request_Restore{Restore: &pointspb.RestoreRequest{Redemption: redemption, ReturnId: id, Points: points}},
	})
}

func (s *shop) lots(member string) map[uint32]int64 {
	left := map[uint32]int64{}
	for _, l := range s.world.Member(member).Lots {
		left[l.Number] = l.Remaining
	}
	return left
}

// l3 is the shop of vector L3 after its spend: B 50 and A 70 paid; A expires on 2025-03-01, B on 2025-01-30.
func l3(t *testing.T) *shop {
	s := open(t, "2024-02-29 12:00:00")
	s.gift("m", "A", 100)
	s.book.Validity = topics.Validity{Months: 11, Rounding: topics.RoundDay}
	s.gift("m", "B", 50)
	s.book.Validity = topics.Validity{Years: 1, Rounding: topics.RoundDay}
	equal(t, "spend", s.at("2025-01-15 10:00:00").spend("m", "r", 120), ledger.Applied)
	equal(t, "left", s.lots("m"), map[uint32]int64{1: 30})
	return s
}

// vectorC7: a redemption used B 50 and A 70; 60 of the 120 are returned.
func vectorC7(t *testing.T) {
	s := l3(t)
	equal(t, "returned", s.giveBack("m", "r", "1", 60), ledger.Applied)
	equal(t, "lots", s.lots("m"), map[uint32]int64{1: 90})
	equal(t, "A's expiry", s.expiries("m"), map[uint32]string{1: "2025-03-01 00:00:00"})
	equal(t, "again", s.giveBack("m", "r", "1", 60), ledger.Duplicate)
	equal(t, "another amount", s.giveBack("m", "r", "1", 61), ledger.Conflict)
	equal(t, "more than is left", s.giveBack("m", "r", "2", 61), ledger.TooMuch)
	equal(t, "is kept", s.giveBack("m", "r", "2", 61), ledger.Duplicate)
	equal(t, "lots", s.lots("m"), map[uint32]int64{1: 90})
	equal(t, "the rest", s.giveBack("m", "r", "3", 60), ledger.Applied)
	equal(t, "lots", s.lots("m"), map[uint32]int64{1: 100, 2: 50})
	equal(t, "B's expiry", s.expiries("m"), map[uint32]string{1: "2025-03-01 00:00:00", 2: "2025-01-30 00:00:00"})
	equal(t, "and no more", s.giveBack("m", "r", "4", 1), ledger.TooMuch)
	equal(t, "balance", s.at("2025-02-01 00:00:00").balance("m"), ledger.Balance{Available: 100})
}

// TestReturnAfterTheExpiry gives the points some days of grace, in the same lot; without grace they are dead on arrival.
func TestReturnAfterTheExpiry(t *testing.T) {
	s := l3(t)
	s.at("2025-02-20 10:00:00").giveBack("m", "r", "1", 80) // A 70, B 10, which had expired
	equal(t, "expiries", s.expiries("m"), map[uint32]string{1: "2025-03-01 00:00:00", 2: "2025-02-27 10:00:00"})
	s.at("2025-02-21 10:00:00").giveBack("m", "r", "2", 10)
	equal(t, "lots", s.lots("m"), map[uint32]int64{1: 100, 2: 20})
	equal(t, "the later grace", s.expiries("m")[2], "2025-02-28 10:00:00")
	equal(t, "gone", s.at("2025-02-28 10:00:00").balance("m"), ledger.Balance{Available: 100})
	s = l3(t)
	s.grace = new(int64)
	equal(t, "dead on arrival", s.at("2025-02-20 10:00:00").giveBack("m", "r", "1", 80), ledger.Applied)
	equal(t, "expired", s.moved(pointspb.Kind_EXPIRED, pointspb.Account_BREAKAGE), int64(10))
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 100})
}

// TestReturnRepaysDebtFirst, and points of a frozen lot come back frozen.
func TestReturnRepaysDebtFirst(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.order("m", "O", line{net: 10000, per: 100})
	s.spend("m", "r", 70)
	s.refund("m", "O", "R", 10000)
	equal(t, "debt", s.balance("m"), ledger.Balance{Debt: 70})
	equal(t, "returned", s.giveBack("m", "r", "1", 50), ledger.Applied)
	equal(t, "repaid", s.balance("m"), ledger.Balance{Debt: 20})
	s.giveBack("m", "r", "2", 20)
	equal(t, "all", s.balance("m"), ledger.Balance{})
	s.gift("m", "g", 100)
	s.spend("m", "r2", 40)
	s.freeze("m", "f")
	s.giveBack("m", "r2", "1", 30)
	equal(t, "frozen", s.balance("m"), ledger.Balance{Frozen: 90})
	s.unfreeze("m", "u", "f")
	equal(t, "unfrozen", s.balance("m"), ledger.Balance{Available: 90})
}

// TestReturnIntoALotThatAFreezeNames comes back frozen, even if a clawback had taken all that was left of it.
func TestReturnIntoALotThatAFreezeNames(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.order("m", "O", line{net: 6000, per: 100}, line{net: 4000, per: 101})
	s.spend("m", "r", 40)
	s.freeze("m", "f")
	s.refund("m", "O", "R", 6000)
	equal(t, "the rest of its lot, and debt", s.balance("m"), ledger.Balance{Frozen: 39, Debt: 40})
	s.giveBack("m", "r", "1", 40)
	equal(t, "frozen", s.balance("m"), ledger.Balance{Frozen: 79, Debt: 40})
	s.unfreeze("m", "u", "f")
	equal(t, "repaid", s.balance("m"), ledger.Balance{Available: 39})
}

// TestReturnsOfWhatWasNotPaid move nothing.
func TestReturnsOfWhatWasNotPaid(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.gift("m", "g", 100)
	s.spend("m", "r", 70)
	s.spend("m", "refused", 71)
	equal(t, "unknown", s.giveBack("m", "nothing", "1", 1), ledger.NotFound)
	equal(t, "refused", s.giveBack("m", "refused", "1", 1), ledger.NotFound)
	equal(t, "somebody else's", s.giveBack("n", "r", "1", 1), ledger.NotFound)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 30})
	for _, points := range []int64{0, -1} {
		r := &pointspb.Request{Account: "member:m", Id: "x", What: &pointspb.Request_Restore{Restore: &pointspb.RestoreRequest{
			Redemption: "r", ReturnId: "1", Points: points,
		}}}
		if _, err := ledger.Handle(s.world, r, s.moment()); err == nil {
			t.Errorf("a return of %d points", points)
		}
	}
}

// drawReturn gives back a random part of what a redemption paid.
func (s *shop) drawReturn(r *rapid.T, m string) {
	id := fmt.Sprint(m, "r", rapid.IntRange(0, 12).Draw(r, "id"))
	s.giveBack(m, id, fmt.Sprint(rapid.IntRange(0, 4).Draw(r, "return")), rapid.Int64Range(1, 1500).Draw(r, "points"))
}
