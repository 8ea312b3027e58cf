package ledger_test

import (
	"testing"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// review is a verified review of an order's first line, of a shop, with the business key of today.
func (s *shop) review(source, id, order string) *pointspb.CreditEvent {
	ev := &pointspb.CreditEvent{
		Account: topics.MemberAccount("m"), Cause: s.cause(id, topics.TypeReviewPublished), Version: s.book.Version,
		BusinessKey: "review\x1f" + source + "\x1f" + order + "\x1f1", Review: &pointspb.ReviewFacts{Review: id, Order: order, Line: "1"},
		Candidates: []*pointspb.Candidate{{Rule: "review", Mode: string(topics.ModeFixed), Points: 20, Verified: true}},
	}
	ev.Cause.Source = source
	return ev
}

// TestVerifiedReviewWaitsForItsOrder: what a member gets does not depend on which topic was read first.
func TestVerifiedReviewWaitsForItsOrder(t *testing.T) {
	const source = "/shops/t"
	bought := line{net: 10000, per: 1000}
	type step func(s *shop) ledger.Outcome
	order := func(s *shop) ledger.Outcome { return s.order("m", "O", bought) }
	other := func(s *shop) ledger.Outcome { return s.order("m", "P", bought) }
	review := func(s *shop) ledger.Outcome { return s.credit(s.review(source, "V", "O")) }
	again := func(s *shop) ledger.Outcome { return s.credit(s.review(source, "W", "O")) }
	back := func(s *shop) ledger.Outcome { return s.refund("m", "O", "R", 10000) }
	gone := func(s *shop) ledger.Outcome { return s.removed("m", "V", "gone") }
	for name, c := range map[string]struct {
		steps  []step
		want   []ledger.Outcome
		points int64
	}{
		"after its order":            {[]step{order, review}, []ledger.Outcome{ledger.Applied, ledger.Applied}, 30},
		"before its order":           {[]step{review, order}, []ledger.Outcome{ledger.Waiting, ledger.Applied}, 30},
		"told twice":                 {[]step{review, review, order, review}, []ledger.Outcome{ledger.Waiting, ledger.Duplicate, ledger.Applied, ledger.Duplicate}, 30},
		"two of a line":              {[]step{review, again, order, again}, []ledger.Outcome{ledger.Waiting, ledger.Duplicate, ledger.Applied, ledger.Duplicate}, 30},
		"removed before the order":   {[]step{review, gone, order}, []ledger.Outcome{ledger.Waiting, ledger.Waiting, ledger.Applied}, 10},
		"removed after the order":    {[]step{review, order, gone}, []ledger.Outcome{ledger.Waiting, ledger.Applied, ledger.Applied}, 10},
		"returned before the order":  {[]step{review, back, order}, []ledger.Outcome{ledger.Waiting, ledger.Waiting, ledger.Applied}, 0},
		"another order":              {[]step{review, other}, []ledger.Outcome{ledger.Waiting, ledger.Applied}, 10},
		"returned, then reviewed":    {[]step{order, back, review}, []ledger.Outcome{ledger.Applied, ledger.Applied, ledger.Applied}, 0},
		"reviewed, then returned":    {[]step{review, order, back}, []ledger.Outcome{ledger.Waiting, ledger.Applied, ledger.Applied}, 20},
		"the order is paid for once": {[]step{review, order, order}, []ledger.Outcome{ledger.Waiting, ledger.Applied, ledger.Duplicate}, 30},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, "2026-05-26 11:00:00")
			for i, do := range c.steps {
				equal(t, "step", []any{i, do(s)}, []any{i, c.want[i]})
				s.carry()
			}
			equal(t, "points", s.balance("m"), ledger.Balance{Available: c.points})
			s.replayed()
		})
	}
}

// TestVerifiedReviewWaitsThroughAMerge: the review came for the old id, the order comes for the new one.
func TestVerifiedReviewWaitsThroughAMerge(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	equal(t, "waits", s.credit(s.review("/shops/t", "V", "O")), ledger.Waiting)
	s.merge("n", "m")
	s.route()
	s.order("n", "O", line{net: 10000, per: 1000})
	s.carry()
	equal(t, "points", s.balance("n"), ledger.Balance{Available: 30})
	s.replayed()
}

// TestReviewsOfTwoShops: the same order id of another shop is another order; what was reviewed before the key named the shop
// stays reviewed.
func TestReviewsOfTwoShops(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	for _, source := range []string{"/shops/a", "/shops/b"} {
		ev := s.review(source, "V", "O")
		ev.Candidates[0].Verified = false
		equal(t, source, s.credit(ev), ledger.Applied)
	}
	equal(t, "points", s.balance("m"), ledger.Balance{Available: 40})
	former := s.review("/shops/a", "X", "Q")
	former.BusinessKey, former.Candidates[0].Verified = "review\x1fQ\x1f1", false
	equal(t, "before", s.credit(former), ledger.Applied)
	ev := s.review("/shops/a", "Y", "Q")
	ev.Candidates[0].Verified = false
	equal(t, "again", s.credit(ev), ledger.Duplicate)
	s.replayed()
}
