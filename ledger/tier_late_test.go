package ledger_test

import (
	"testing"
	"time"

	"jifen/topics"
)

// TestRefundBesideAnOrderAheadOfTheClockBringsTheEvaluationForward: the order that led to the tier lies some minutes ahead,
// the refund of an earlier one before it; the tier falls at the next evaluation, and not at the New Year (§7).
func TestRefundBesideAnOrderAheadOfTheClockBringsTheEvaluationForward(t *testing.T) {
	for _, window := range []topics.Window{topics.CalendarYear, topics.Rolling, topics.Anniversary} {
		for name, ahead := range map[string]time.Duration{"ahead": 4 * time.Minute, "decided late": -4 * time.Hour} {
			s := open(t, "2026-03-01 10:00:00")
			s.book.Tiers.Window = window
			s.order("m", "O1", line{net: 300000, per: 1000})
			s.at("2026-03-02 10:00:00").ahead = ahead
			s.order("m", "O2", line{net: 300000, per: 1000})
			s.ahead = min(0, ahead-time.Minute)
			s.refund("m", "O1", "R", 300000)
			s.ahead = 0
			equal(t, string(window)+" "+name+" before the evaluation", s.at("2026-03-02 23:59:59.999").heldNow("m"), "silver")
			equal(t, string(window)+" "+name+" after it", s.at("2026-03-03 00:00:00").heldNow("m"), "normal")
		}
	}
}

// TestLateRefundLeavesTheEvaluationsOfLaterYears: a refund of years ago arrives after the tier that it lowers fell and a new
// one rose. That one falls when its own years are over.
func TestLateRefundLeavesTheEvaluationsOfLaterYears(t *testing.T) {
	for _, window := range []topics.Window{topics.CalendarYear, topics.Rolling, topics.Anniversary} {
		s := open(t, "2023-05-01 10:00:00")
		s.book.Tiers.Window = window
		s.order("m", "O1", line{net: 500000, per: 1000})
		s.at("2025-05-02 10:00:00").order("m", "O2", line{net: 500000, per: 1000})
		equal(t, string(window)+" risen again", s.heldNow("m"), "silver")
		s.ahead = -700 * 24 * time.Hour
		s.refund("m", "O1", "R", 500000)
		s.ahead = 0
		equal(t, string(window)+" now", s.at("2025-05-03 00:00:00").heldNow("m"), "silver")
		for at, want := range map[string]string{"2023-05-01 10:00:00": "silver", "2023-06-04 00:00:00": "normal", "2025-05-02 10:00:00": "silver"} {
			if window == topics.Rolling && want == "normal" {
				continue // what was bought since counts there, too
			}
			equal(t, string(window)+" "+at, s.world.Member("m").TierAt(s.time(at).UnixMilli()), want)
		}
		equal(t, string(window)+" years later", s.at("2028-01-01 00:00:00").heldNow("m"), "normal")
	}
}

// TestLateRefundBehindAHeldTier: what was bought while the tier was held leads to no rise; once the first order is returned,
// long ago, it does.
func TestLateRefundBehindAHeldTier(t *testing.T) {
	for _, window := range []topics.Window{topics.CalendarYear, topics.Rolling, topics.Anniversary} {
		s := open(t, "2023-09-01 10:00:00")
		s.book.Tiers.Window = window
		s.order("m", "O1", line{net: 500000, per: 1000})
		s.at("2024-07-01 10:00:00").order("m", "O2", line{net: 500000, per: 1000})
		s.ahead = -290 * 24 * time.Hour
		s.refund("m", "O1", "R", 500000)
		s.ahead = 0
		equal(t, string(window)+" now", s.at("2024-07-02 10:00:00").heldNow("m"), "silver")
		// A window of days that holds both orders by now does not tell which of them came first.
		if window == topics.CalendarYear {
			equal(t, "between", s.world.Member("m").TierAt(s.time("2023-12-31 10:00:00").UnixMilli()), "normal")
		}
		equal(t, string(window)+" years later", s.at("2027-01-01 00:00:00").heldNow("m"), "normal")
	}
}

// TestARefundRaisesNoTier: one of before the order that crossed leaves the rise where it was.
func TestARefundRaisesNoTier(t *testing.T) {
	s := open(t, "2026-03-01 10:00:00")
	s.order("m", "O1", line{net: 100000, per: 1000})
	s.at("2026-05-01 10:00:00").order("m", "O2", line{net: 500000, per: 1000})
	s.ahead = -30 * 24 * time.Hour
	s.refund("m", "O1", "R", 100000)
	equal(t, "before the rise", s.world.Member("m").TierAt(s.time("2026-04-30 10:00:00").UnixMilli()), "")
	equal(t, "now", s.tier("m"), "silver")
}

// heldNow is the member's tier by the clock.
func (s *shop) heldNow(member string) string {
	s.t.Helper()
	s.advance(member)
	return s.tier(member)
}
