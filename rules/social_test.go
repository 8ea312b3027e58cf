package rules_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/topics"
)

const social = head + `  rules:
    - {id: spend, on: shop.order.paid.v1, earn: {points: 1, per: 1000, mode: step}}
    - {id: referral, on: shop.order.paid.v1, match: {category: [basic]}, earn: {fixed: 50, to: referrer}, within: 30d}
    - {id: review, on: shop.review.published.v1, match: {min_length: 15, min_pictures: 2, verified: true}, earn: {fixed: 20}}
`

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("%s (-got +want):\n%s", what, d)
	}
}

// TestReferralIsJudgedByItsShare: who shared it, and how long before the order (D6).
func TestReferralIsJudgedByItsShare(t *testing.T) {
	b, paid := compile(t, social), at(t, "2026-05-26T11:00:00+08:00")
	for name, c := range map[string]struct {
		shared   topics.Share
		category string
		outcome  string
		earns    bool
	}{
		"another's":          {topics.Share{Sharer: "ana", IssuedAt: paid.AddDate(0, 0, -1)}, "basic", "", true},
		"30 days ago":        {topics.Share{Sharer: "ana", IssuedAt: paid.Add(-30 * 24 * time.Hour)}, "basic", "", true},
		"a moment more":      {topics.Share{Sharer: "ana", IssuedAt: paid.Add(-30*24*time.Hour - time.Millisecond)}, "basic", topics.ReferralExpired, false},
		"of a clock ahead":   {topics.Share{Sharer: "ana", IssuedAt: paid.Add(5 * time.Minute)}, "basic", "", true},
		"after the order":    {topics.Share{Sharer: "ana", IssuedAt: paid.Add(5*time.Minute + time.Millisecond)}, "basic", topics.ReferralExpired, false},
		"one's own":          {topics.Share{Sharer: "ben", IssuedAt: paid}, "basic", topics.ReferralSelf, false},
		"of no signature":    {topics.Share{}, "basic", topics.ReferralInvalid, false},
		"of no rule's goods": {topics.Share{Sharer: "ana", IssuedAt: paid}, "new", "", false},
	} {
		e := &topics.Event{Source: "/s", ID: "e", Type: topics.TypeOrderPaid, Time: paid, Shared: c.shared, Data: topics.Data{
			Member: "ben", Order: "O", Referral: "token", Lines: []topics.Line{{Line: "1", Category: c.category, Net: 10000}},
		}}
		got := b.Evaluate(e)
		equal(t, name+": outcome", got.Referral.GetOutcome(), c.outcome)
		equal(t, name+": sharer", got.Referral.GetSharer(), c.shared.Sharer)
		earns := len(got.Candidates) == 2 && got.Candidates[1].ToReferrer && got.Candidates[1].Points == 50
		equal(t, name+": earns", earns, c.earns)
		equal(t, name+": the order's own points", got.Candidates[0].Rule, "spend")
		e.Data.Referral = ""
		got = b.Evaluate(e)
		equal(t, name+": without a token", []any{got.Referral == nil, len(got.Candidates)}, []any{true, 1})
	}
	e := &topics.Event{Type: topics.TypeOrderPaid, Time: paid, Data: topics.Data{Member: "ben", Referral: "token", Lines: []topics.Line{{Line: "1"}}}}
	equal(t, "a book without such a rule", compile(t, article).Evaluate(e).Referral == nil, true)
}

// TestReviewIsWorthIts length and pictures; whether it was bought is the shard's to say.
func TestReviewIsWorthIts(t *testing.T) {
	b := compile(t, social)
	for _, c := range []struct {
		length, pictures int64
		earns            bool
	}{{15, 2, true}, {14, 2, false}, {15, 1, false}, {1000, 10, true}} {
		e := &topics.Event{Source: "/s", ID: "e", Type: topics.TypeReviewPublished, Time: at(t, "2026-05-26T11:00:00+08:00"), Data: topics.Data{
			Member: "ben", Review: "V", Order: "O", Line: "2", Length: c.length, Pictures: c.pictures,
		}}
		got := b.Evaluate(e)
		equal(t, "earns", len(got.Candidates) == 1 && got.Candidates[0].Verified, c.earns)
		equal(t, "facts", []any{got.Review.Review, got.Review.Order, got.Review.Line, got.Review.Removed}, []any{"V", "O", "2", false})
	}
	e := &topics.Event{Source: "/s", ID: "e", Type: topics.TypeReviewRemoved, Time: at(t, "2026-05-26T11:00:00+08:00"), Data: topics.Data{Member: "ben", Review: "V"}}
	got := b.Evaluate(e)
	equal(t, "removal", []any{got.Review.Review, got.Review.Removed, len(got.Candidates), got.BusinessKey}, []any{"V", true, 0, ""})
}
