package ledger_test

import (
	"testing"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestAReturnOfWhatCouldBeSpentEarlierRevokes: an order's points cross in two steps; what is kept of both decides, whichever
// of the two was there first (§4).
func TestAReturnOfWhatCouldBeSpentEarlierRevokes(t *testing.T) {
	for name, c := range map[string]struct {
		waits  int64   // which of the lines' rules has a window
		back   []int64 // of 3000 and 2500 points
		spent  int64
		revoke int
	}{
		"the earlier one, first line":  {500, []int64{3000000, 0}, 0, 1},
		"a little of it":               {500, []int64{400000, 0}, 0, 0},
		"so much of it":                {500, []int64{600000, 0}, 0, 1},
		"the later one":                {500, []int64{0, 1250000}, 0, 1},
		"the earlier one, second line": {1000, []int64{0, 1250000}, 0, 1},
		"so much of the second":        {1000, []int64{0, 200000}, 0, 0},
		"spent since":                  {500, []int64{3000000, 0}, 5000, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := milestones(t, "2026-03-01 10:00:00", topics.PerYear).wait(c.waits, topics.Pending{Days: 7}, nil)
			ev := s.event("m", "O", line{net: 3000000, per: 1000}, line{net: 1250000, per: 500})
			for _, k := range ev.Candidates {
				k.TierMultiplier = false
			}
			equal(t, "order", s.credit(ev), ledger.Applied)
			equal(t, "not yet", len(s.issued("m")), 0)
			s.at("2026-03-09 10:00:00").advance("m")
			equal(t, "crossed", len(s.issued("m")), 1)
			if c.spent > 0 {
				s.spend("m", "r", c.spent)
			}
			for i, n := range c.back { // in two returns of half each
				for j := range 2 {
					nets := make([]int64, 2)
					nets[i] = n / 2
					s.refund("m", "O", string(rune('a'+2*i+j)), nets...)
				}
			}
			equal(t, "revoked", len(s.of("m", pointspb.Kind_COUPON_REVOKED)), c.revoke)
			s.replayed()
		})
	}
}
