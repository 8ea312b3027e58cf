package ledger_test

import (
	"testing"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// reviewed publishes a review of an order's first line under a rule of 20 points; verified: of purchases only.
func (s *shop) reviewed(member, review, order string, verified bool) ledger.Outcome {
	s.t.Helper()
	return s.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Cause: s.cause("published:"+review, topics.TypeReviewPublished), Version: s.book.Version,
		BusinessKey: "review\x1f" + order + "\x1f1", Review: &pointspb.ReviewFacts{Review: review, Order: order, Line: "1"},
		Candidates: []*pointspb.Candidate{{Rule: "review", Mode: string(topics.ModeFixed), Points: 20, Verified: verified}},
	})
}

func (s *shop) removed(member, review, event string) ledger.Outcome {
	s.t.Helper()
	return s.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Cause: s.cause(event, topics.TypeReviewRemoved), Version: s.book.Version,
		Review: &pointspb.ReviewFacts{Review: review, Removed: true},
	})
}

// replayed checks that the entries alone give the same world, and that it is sound.
func (s *shop) replayed() {
	s.t.Helper()
	w := ledger.NewWorld()
	for _, e := range s.entries {
		ledger.Fold(w, e)
	}
	same(s.t, w, s.world)
	ids := map[string]bool{}
	for _, e := range s.entries {
		if ids[string(e.Id)] {
			s.t.Errorf("two entries of one id: %v", e)
		}
		ids[string(e.Id)] = true
	}
	for key, o := range s.world.Orders() {
		b, _ := o.AppendBinary(nil)
		again := &ledger.Order{}
		if err := again.UnmarshalBinary(b); err != nil {
			s.t.Fatalf("%q: %v", key, err)
		}
		if x, _ := again.AppendBinary(nil); string(x) != string(b) {
			s.t.Errorf("%q is not what was written", key)
		}
	}
}

// TestRemovedReviewGivesItsPointsBack: once, as they were granted, and published again it earns nothing.
func TestRemovedReviewGivesItsPointsBack(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	equal(t, "published", s.reviewed("m", "V", "O", false), ledger.Applied)
	equal(t, "earned", s.balance("m"), ledger.Balance{Available: 20})
	s.spend("m", "r", 15)
	s.at("2026-05-27 11:00:00")
	equal(t, "removed", s.removed("m", "V", "gone"), ledger.Applied)
	equal(t, "5 of its lot, 15 owed", s.balance("m"), ledger.Balance{Debt: 15})
	equal(t, "the same event", s.removed("m", "V", "gone"), ledger.Duplicate)
	equal(t, "told twice", s.removed("m", "V", "gone again"), ledger.Duplicate)
	s.at("2026-05-28 11:00:00")
	equal(t, "published again", s.reviewed("m", "V", "O", false), ledger.Duplicate)
	equal(t, "by another name", s.reviewed("m", "W", "O", false), ledger.Duplicate)
	equal(t, "left", s.balance("m"), ledger.Balance{Debt: 15})
	s.replayed()
}

// TestRemovalBeforeItsReviewWaits: and takes the points when they come.
func TestRemovalBeforeItsReviewWaits(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	equal(t, "removed", s.removed("m", "V", "gone"), ledger.Waiting)
	equal(t, "told twice", s.removed("m", "V", "gone again"), ledger.Duplicate)
	equal(t, "published", s.reviewed("m", "V", "O", false), ledger.Applied)
	equal(t, "taken back", s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS), int64(20))
	equal(t, "left", s.balance("m"), ledger.Balance{})
	equal(t, "removed after", s.removed("m", "V", "and again"), ledger.Duplicate)
	equal(t, "another review", s.reviewed("m", "W", "P", false), ledger.Applied)
	equal(t, "has its points", s.balance("m"), ledger.Balance{Available: 20})
	s.replayed()
}

// TestReviewOfAVerifiedPurchase: of a line that was paid for and is kept.
func TestReviewOfAVerifiedPurchase(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	s.order("m", "kept", line{net: 900, per: 1000})
	s.order("m", "part", line{net: 900, per: 1000}, line{net: 900, per: 1000})
	s.order("m", "back", line{net: 900, per: 1000}, line{net: 900, per: 1000})
	s.order("m", "free", line{net: 0, per: 1000})
	s.refund("m", "part", "R1", 0, 900)
	s.refund("m", "back", "R2", 900)
	s.refund("m", "early", "R3", 900)
	for _, c := range []struct {
		order  string
		points int64
	}{{"kept", 20}, {"part", 20}, {"back", 0}, {"free", 0}, {"early", 0}, {"nobody's", 0}} {
		before := s.balance("m").Available
		s.reviewed("m", "of "+c.order, c.order, true)
		equal(t, c.order, s.balance("m").Available-before, c.points)
	}
	equal(t, "another member's", s.reviewed("n", "V", "kept", true), ledger.Waiting)
	equal(t, "earns nothing", s.balance("n"), ledger.Balance{})
	s.replayed()
}
