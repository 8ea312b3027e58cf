package ledger_test

import (
	"testing"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// couponsMerged is a shop whose member off, with a coupon of the order B, turned out to be on.
func couponsMerged(t *testing.T, on int64) *shop {
	s := milestones(t, "2026-03-01 10:00:00", topics.PerYear)
	s.gift("on", "a", on)
	s.order("off", "B", line{net: 5000, per: 1})
	equal(t, "of the old one", s.issued("off")[0].Coupon, topics.CouponID("coupon-5000", "off", "2026", 1))
	equal(t, "merged", s.merge("on", "off"), ledger.Applied)
	s.route()
	return s
}

// TestCouponOfAMergedMemberIsUsed: under the name that it has, whichever id the event names (R68).
func TestCouponOfAMergedMemberIsUsed(t *testing.T) {
	for _, member := range []string{"on", "off"} {
		s := couponsMerged(t, 4000)
		equal(t, "what was merged is not earned", len(s.issued("on")), 0)
		coupon := s.issued("off")[0].Coupon
		if got := s.use(member, coupon, "1"); got == ledger.Forwarded {
			equal(t, "forwarded", member, "off")
			s.route()
		}
		equal(t, member, s.last.Outcome, ledger.Applied)
		equal(t, "twice", s.use("on", coupon, "2"), ledger.Unchanged)
		s.refund("on", "B", "R", 5000)
		equal(t, "revoked", len(s.of("on", pointspb.Kind_COUPON_REVOKED)), 0)
	}
}

// TestCouponOfAMergedMemberIsRevoked with the order that led to it, whose lots have other numbers now, and the period is open
// again.
func TestCouponOfAMergedMemberIsRevoked(t *testing.T) {
	s := couponsMerged(t, 100)
	s.spend("on", "r", 5100)
	s.gift("on", "b", 6000)
	equal(t, "the period has had its coupon", len(s.issued("on")), 0)
	s.refund("on", "B", "R", 1)
	gone := s.of("on", pointspb.Kind_COUPON_REVOKED)
	equal(t, "revoked", len(gone), 1)
	equal(t, "which", gone[0].Milestone.Coupon, s.issued("off")[0].Coupon)
	equal(t, "used", s.use("on", gone[0].Milestone.Coupon, "1"), ledger.CouponRevoked)
	s.spend("on", "r2", 5999)
	s.gift("on", "c", 6000)
	equal(t, "the next", s.issued("on")[0].Coupon, topics.CouponID("coupon-5000", "on", "2026", 1))
}

// TestBothCouponsOfMergedMembersStay: each was issued. While one of them does, the period has no further one.
func TestBothCouponsOfMergedMembersStay(t *testing.T) {
	s := couponsMerged(t, 5000)
	equal(t, "kept", len(s.world.Member("on").Coupons), 2)
	s.refund("on", "B", "R", 5000)
	equal(t, "revoked", len(s.of("on", pointspb.Kind_COUPON_REVOKED)), 1)
	s.spend("on", "r", 5000)
	s.gift("on", "c", 6000)
	equal(t, "of the new one", len(s.issued("on")), 1)
	equal(t, "used", s.use("on", s.issued("on")[0].Coupon, "1"), ledger.Applied)
}

// TestWhatComesBackCrossesNothing: frozen points are not there, and neither they nor those of a return that come back are earned.
func TestWhatComesBackCrossesNothing(t *testing.T) {
	s := milestones(t, "2026-03-01 10:00:00", topics.PerMonth)
	s.gift("m", "a", 6000)
	equal(t, "earned", len(s.issued("m")), 1)
	s.at("2026-04-01 10:00:00").freeze("m", "f")
	s.gift("m", "b", 100)
	equal(t, "frozen ones do not count", len(s.issued("m")), 1)
	equal(t, "unfrozen", s.unfreeze("m", "u", "f"), ledger.Applied)
	s.gift("m", "c", 1)
	equal(t, "unfreezing is no earning", len(s.issued("m")), 1)
	s.freeze("m", "f2")
	s.gift("m", "d", 5000)
	equal(t, "earned beside frozen ones", len(s.issued("m")), 2)
	s.unfreeze("m", "u2", "f2")
	s.at("2026-05-01 10:00:00").spend("m", "r", 6150)
	equal(t, "given by hand", s.adjust("m", "x", "sue", 100), ledger.Applied)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 5051})
	s.spend("m", "r2", 100)
	equal(t, "returned", s.giveBack("m", "r2", "1", 100), ledger.Applied)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 5051})
	equal(t, "neither is earned", len(s.issued("m")), 2)
}

// TestRemovalsRevoke what their review or referral led to, as a return does (§4).
func TestRemovalsRevoke(t *testing.T) {
	s := milestones(t, "2026-03-01 10:00:00", topics.PerYear)
	s.gift("m", "a", 4990)
	s.reviewed("m", "R", "O", false)
	equal(t, "crossed", len(s.issued("m")), 1)
	equal(t, "removed", s.removed("m", "R", "x"), ledger.Applied)
	equal(t, "revoked", len(s.of("m", pointspb.Kind_COUPON_REVOKED)), 1)
	s.gift("ana", "a", 4990)
	equal(t, "first order", s.buys("ben", "B", "ana", line{net: 10000, per: 1000}), applied)
	equal(t, "of a referral", len(s.issued("ana")), 1)
	equal(t, "order returned", s.returns("ben", "B", "R", 10000), applied)
	equal(t, "revoked", len(s.of("ana", pointspb.Kind_COUPON_REVOKED)), 1)
	s.replayed()
}
