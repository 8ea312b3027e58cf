package ledger_test

import (
	"testing"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

const threshold = 5000

// milestones opens a shop with a coupon at 5000, per calendar year unless it says otherwise.
func milestones(t testing.TB, now string, per topics.Period) *shop {
	s := open(t, now)
	s.book.Milestones = []topics.Milestone{{ID: "coupon-5000", Available: threshold, Per: per, Template: "20-percent-off"}}
	return s
}

// of are a member's entries of a kind.
func (s *shop) of(member string, kind pointspb.Kind) []*pointspb.Entry {
	var all []*pointspb.Entry
	for _, e := range s.entries {
		if e.Kind == kind && e.Account == topics.MemberAccount(member) {
			all = append(all, e)
		}
	}
	return all
}

func (s *shop) issued(member string) []*pointspb.MilestoneFacts {
	var all []*pointspb.MilestoneFacts
	for _, e := range s.of(member, pointspb.Kind_MILESTONE) {
		all = append(all, e.Milestone)
	}
	return all
}

// use tells of the use of a coupon.
func (s *shop) use(member, coupon, id string) ledger.Outcome {
	s.t.Helper()
	return s.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Cause: s.cause("used:"+id, topics.TypeCouponUsed), Version: s.book.Version, Coupon: coupon,
	})
}

func vectorB4(t *testing.T) {
	s := milestones(t, "2026-03-01 10:00:00", topics.PerYear)
	s.gift("m", "a", 4990)
	equal(t, "below", len(s.issued("m")), 0)
	s.gift("m", "b", 20)
	s.spend("m", "r", 100)
	s.gift("m", "c", 100)
	got := s.issued("m")
	equal(t, "coupons", len(got), 1)
	equal(t, "from", got[0].Before, int64(4990))
	equal(t, "at", got[0].After, int64(5010))
	equal(t, "id", got[0].Coupon, topics.CouponID("coupon-5000", "m", "2026", 1))
	equal(t, "balance", s.balance("m").Available, int64(5010))
	s.at("2027-01-01 00:00:00").spend("m", "r2", 100)
	s.gift("m", "d", 100)
	equal(t, "of the next year", len(s.issued("m")), 2)
}

// TestPeriodsAreThoseOfTheEventInTheProgramsZone: an event of New Year's Eve that comes later counts to the old year.
func TestPeriodsAreThoseOfTheEventInTheProgramsZone(t *testing.T) {
	for per, want := range map[topics.Period]string{
		topics.PerYear: "2026", topics.PerQuarter: "2026-Q4", topics.PerMonth: "2026-12", topics.PerEver: "ever",
	} {
		s := milestones(t, "2027-01-01 00:00:03", per)
		s.ahead = -3001 * time.Millisecond
		s.gift("m", "a", 6000)
		equal(t, "period", s.issued("m")[0].Period, want)
		s.at("2027-02-01 00:00:00").spend("m", "r", 6000)
		s.gift("m", "b", 6000)
		equal(t, string(per)+" again", len(s.issued("m")), map[bool]int{true: 1, false: 2}[per == topics.PerEver])
	}
}

// TestOnlyWhatIsEarnedCrosses: pending points do not, their activation does, whoever looks late; of history nothing does.
func TestOnlyWhatIsEarnedCrosses(t *testing.T) {
	s := milestones(t, "2026-06-01 10:00:00", topics.PerYear).wait(2, topics.Pending{Days: 7}, nil).wait(3, topics.Pending{Completed: true}, nil)
	s.order("m", "O", line{net: 12000, per: 2})
	s.order("done", "D", line{net: 18000, per: 3})
	equal(t, "pending", len(s.issued("m")), 0)
	s.complete("done", "D", "D")
	equal(t, "completed", s.issued("done")[0].Order, topics.OrderKey("done", "/shops/t", "D"))
	s.at("2026-07-20 10:00:00").advance("m")
	e := s.of("m", pointspb.Kind_MILESTONE)
	equal(t, "activated", len(e), 1)
	equal(t, "when", e[0].EffectiveAt, s.time("2026-06-08 10:00:00").UnixMilli())

	s = milestones(t, "2026-06-01 10:00:00", topics.PerYear).wait(2, topics.Pending{Days: 7}, nil)
	for _, per := range []int64{1, 2} {
		ev := s.event("h", "H"+string(rune('0'+per)), line{net: 6000 * per, per: per})
		ev.Cause.Backfill = "import"
		s.credit(ev)
	}
	s.spend("h", "r", 6000)
	equal(t, "all active", s.at("2026-07-20 10:00:00").balance("h").Available, int64(6000))
	equal(t, "history", len(s.issued("h")), 0)
	ev := s.event("e", "E", line{net: threshold, per: 1})
	ev.Cause.Backfill = "import"
	s.credit(ev)
	s.gift("e", "more", 1)
	equal(t, "from the threshold on", len(s.issued("e")), 0)
}

// TestAnOrderWithSeveralWindows: what was spendable before the crossing counts once, what still waits does not count.
func TestAnOrderWithSeveralWindows(t *testing.T) {
	s := milestones(t, "2026-06-01 10:00:00", topics.PerYear).wait(2, topics.Pending{Days: 7}, nil).wait(3, topics.Pending{Completed: true}, nil)
	s.gift("m", "a", 4000)
	s.order("m", "O", line{net: 500, per: 1}, line{net: 1400, per: 2}, line{net: 3000, per: 3}) // 500, 700 in a week, 1000 once completed
	s.at("2026-06-08 10:00:00").advance("m")
	equal(t, "crossed", s.issued("m")[0].Before, int64(4500))
	s.refund("m", "O", "R1", 0, 400) // 500 kept: 5000
	equal(t, "kept 5000", len(s.of("m", pointspb.Kind_COUPON_REVOKED)), 0)
	s.refund("m", "O", "R2", 0, 2)
	equal(t, "kept 4999", len(s.of("m", pointspb.Kind_COUPON_REVOKED)), 1)
	s.complete("m", "O", "O")
	equal(t, "what waited crosses in its turn", s.issued("m")[1].N, uint32(2))
}

// TestDebtIsRepaidBeforeAMilestoneIsReached: what repays it never becomes spendable.
func TestDebtIsRepaidBeforeAMilestoneIsReached(t *testing.T) {
	s := milestones(t, "2026-03-01 10:00:00", topics.PerYear)
	s.order("m", "O", line{net: 300, per: 1})
	s.spend("m", "r", 300)
	s.refund("m", "O", "R", 300)
	s.gift("m", "a", 5299)
	equal(t, "4999", len(s.issued("m")), 0)
	s.gift("m", "b", 1)
	equal(t, "5000", s.issued("m")[0].After, int64(5000))
}

// TestARefundRevokesWhatItLeavesBelow: by what is kept of the order and not by what the member has; the next crossing of
// the period has another coupon.
func TestARefundRevokesWhatItLeavesBelow(t *testing.T) {
	s := milestones(t, "2026-03-01 10:00:00", topics.PerYear)
	s.gift("m", "a", 4000)
	s.order("m", "O", line{net: 900, per: 1}, line{net: 600, per: 2}, line{net: 100000, per: 500}) // 900 + 300 + 200: the second crosses
	equal(t, "crossed", s.issued("m")[0].After, int64(5200))
	s.spend("m", "r", 3000)
	s.refund("m", "O", "R1", 400)
	equal(t, "kept 1000", len(s.of("m", pointspb.Kind_COUPON_REVOKED)), 0)
	s.refund("m", "O", "R2", 1)
	gone := s.of("m", pointspb.Kind_COUPON_REVOKED)
	equal(t, "kept 999", len(gone), 1)
	equal(t, "which", gone[0].Milestone.Coupon, s.issued("m")[0].Coupon)
	s.gift("m", "b", 5000)
	equal(t, "again", s.issued("m")[1].Coupon, topics.CouponID("coupon-5000", "m", "2026", 2))
	equal(t, "the revoked one is used", s.use("m", s.issued("m")[0].Coupon, "1"), ledger.CouponRevoked)
}

// TestARefundOfOneOfTwoOrders revokes nothing that the other one led to, and looks at lots that became active together.
func TestARefundOfOneOfTwoOrders(t *testing.T) {
	s := milestones(t, "2026-06-01 10:00:00", topics.PerYear).wait(2, topics.Pending{Days: 7}, nil)
	s.gift("m", "a", 4000)
	s.order("m", "A", line{net: 1200, per: 2}) // 600
	s.order("m", "B", line{net: 1200, per: 2}) // 600, crosses beside A
	s.at("2026-06-08 10:00:00").advance("m")
	equal(t, "beside", len(s.issued("m")[0].Beside), 1)
	s.refund("m", "A", "RA", 1200)
	equal(t, "of A", len(s.of("m", pointspb.Kind_COUPON_REVOKED)), 0)
	s.refund("m", "B", "RB", 400) // keeps 400 of what 4600 led to
	equal(t, "enough of B", len(s.of("m", pointspb.Kind_COUPON_REVOKED)), 0)
	s.refund("m", "B", "RB2", 2)
	equal(t, "too little of B", len(s.of("m", pointspb.Kind_COUPON_REVOKED)), 1)
}

// TestAUsedCouponIsNeverRevoked, and each use is recorded whatever it names.
func TestAUsedCouponIsNeverRevoked(t *testing.T) {
	s := milestones(t, "2026-03-01 10:00:00", topics.PerYear)
	s.order("m", "O", line{net: 5000, per: 1})
	coupon := s.issued("m")[0].Coupon
	equal(t, "unknown", s.use("m", "c-0", "0"), ledger.CouponUnknown)
	equal(t, "of another member", s.use("n", coupon, "n"), ledger.CouponUnknown)
	equal(t, "used", s.use("m", coupon, "1"), ledger.Applied)
	equal(t, "the same event", s.use("m", coupon, "1"), ledger.Duplicate)
	equal(t, "twice", s.use("m", coupon, "2"), ledger.Unchanged)
	s.refund("m", "O", "R", 5000)
	equal(t, "revoked", len(s.of("m", pointspb.Kind_COUPON_REVOKED)), 0)
	s.gift("m", "again", 6000)
	equal(t, "the year has had its coupon", len(s.issued("m")), 1)
	var outcomes []string
	for _, e := range s.of("m", pointspb.Kind_COUPON_USED) {
		outcomes = append(outcomes, e.Coupon.Outcome)
	}
	equal(t, "recorded", outcomes, []string{"unknown_coupon", "applied", "unchanged"})
}

// TestPeriodsOfLongAgoAreForgotten: what is remembered of a milestone is bounded.
func TestPeriodsOfLongAgoAreForgotten(t *testing.T) {
	s := milestones(t, "2020-01-01 10:00:00", topics.PerMonth)
	for i := range 40 {
		s.gift("m", s.now.String(), 6000)
		s.spend("m", s.now.String(), 6000)
		s.now = s.now.AddDate(0, 1, 0)
		equal(t, "coupons", len(s.issued("m")), i+1)
	}
	equal(t, "kept", len(s.world.Member("m").Coupons), 16)
	equal(t, "the last", s.world.Member("m").Coupons[15].Period, "2023-04")
}

// TestTwoMilestonesAreCrossedAtOnce, each with a coupon and an entry of its own.
func TestTwoMilestonesAreCrossedAtOnce(t *testing.T) {
	s := milestones(t, "2026-03-01 10:00:00", topics.PerYear)
	s.book.Milestones = append(s.book.Milestones, topics.Milestone{ID: "second", Available: 10000, Per: topics.PerEver, Template: "t"})
	s.gift("m", "a", 12000)
	e := s.of("m", pointspb.Kind_MILESTONE)
	equal(t, "coupons", len(e), 2)
	equal(t, "ids differ", string(e[0].Id) != string(e[1].Id) && e[0].Milestone.Coupon != e[1].Milestone.Coupon, true)
}
