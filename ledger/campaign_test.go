package ledger_test

import (
	"slices"
	"testing"

	"jifen/topics/pointspb"
)

// TestCampaignsOfATierMultiplyForItsMembers: which of the candidate's campaigns count is decided by the tier held before
// the order; the arithmetic names them.
func TestCampaignsOfATierMultiplyForItsMembers(t *testing.T) {
	s := open(t, "2026-05-26 11:00:55")
	order := func(id string, net int64) *pointspb.CreditEvent {
		ev := s.event("m", id, line{net: net, per: 1000})
		for _, k := range ev.Candidates {
			k.Campaign, k.Campaigns = &pointspb.Ratio{Num: 2, Den: 1}, []string{"all"}
			k.ByTier = []*pointspb.TierCampaigns{
				{Tier: "gold", Campaign: &pointspb.Ratio{Num: 5, Den: 1}, Campaigns: []string{"golden"}},
				{Tier: "silver", Campaign: &pointspb.Ratio{Num: 3, Den: 1}, Campaigns: []string{"silver"}},
			}
		}
		return ev
	}
	for _, c := range []struct {
		order  string
		net    int64
		points int64
		names  []string
	}{
		{"1", 500000, 1000, []string{"all"}},     // normal, and silver by it
		{"2", 10000, 45, []string{"silver"}},     // 10 × 1.5 × 3
		{"3", 2000000, 9000, []string{"silver"}}, // gold by it
		{"4", 10000, 100, []string{"golden"}},    // 10 × 2 × 5
	} {
		before, booked := s.balance("m").Available, len(s.entries)
		s.credit(order(c.order, c.net))
		if got := s.balance("m").Available - before; got != c.points {
			t.Errorf("order %s: %d points, want %d", c.order, got, c.points)
		}
		granted := slices.IndexFunc(s.entries[booked:], func(e *pointspb.Entry) bool { return e.Kind == pointspb.Kind_GRANTED })
		if granted < 0 || !slices.Equal(s.entries[booked+granted].Arithmetic.Campaigns, c.names) {
			t.Errorf("order %s: %v, want campaigns %v", c.order, s.entries[booked:], c.names)
		}
	}
}
