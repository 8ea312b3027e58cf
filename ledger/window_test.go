package ledger_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// tierWindow gives the book any of the windows, metrics and downgrades.
func (s *shop) tierWindow(r *rapid.T) *shop {
	t := &s.book.Tiers
	t.Window = rapid.SampledFrom([]topics.Window{topics.CalendarYear, topics.Rolling, topics.Anniversary}).Draw(r, "window")
	t.Downgrade = rapid.SampledFrom([]topics.Downgrade{topics.DowngradeBest, topics.DowngradeOneDown}).Draw(r, "downgrade")
	if rapid.Bool().Draw(r, "by orders") {
		t.Metric = "paid_orders"
		for i := range t.Levels {
			t.Levels[i].From = int64(3 * i)
		}
	}
	return s
}

// TestTiersOfHistoryAreThoseOfTime: over years of orders and returns in their order, every instant has the same tier, whatever
// the window, whether each event is decided at its time or all of them at the end.
func TestTiersOfHistoryAreThoseOfTime(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		live, late := open(t, "2023-11-20 00:00:00"), open(t, "2023-11-20 00:00:00")
		live.windows(r).tierWindow(r)
		late.book = live.book
		wide := rapid.SampledFrom([]int{20, 60, 200}).Draw(r, "days")
		var events []*pointspb.CreditEvent
		for range rapid.IntRange(1, 40).Draw(r, "operations") {
			live.now = live.now.Add(time.Duration(rapid.IntRange(1, wide*24*60).Draw(r, "minutes")) * time.Minute)
			ev := live.draw(r)
			live.credit(ev)
			events = append(events, ev)
		}
		live.now = live.now.Add(time.Duration(rapid.IntRange(0, 3*365*24*60).Draw(r, "minutes")) * time.Minute)
		late.now = live.now
		for _, ev := range events {
			late.credit(ev)
		}
		for m := range live.world.Members {
			live.advance(m)
			late.advance(m)
			sound(r, live)
			sound(r, late)
			got, want := late.world.Member(m), live.world.Member(m)
			for _, at := range append(instants(got), instants(want)...) {
				if x, y := got.Tier(live.book, at), want.Tier(live.book, at); x != y {
					r.Fatalf("member %s at %s: %s late, %s in time\nlate %v\nin time %v", m, time.UnixMilli(at).In(live.book.Zone), x, y, got.Tiers, want.Tiers)
				}
			}
		}
	})
}

func instants(m *ledger.Member) (all []int64) {
	for _, s := range m.Tiers {
		all = append(all, s.From)
	}
	return all
}
