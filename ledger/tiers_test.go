package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// in opens the shop of the tier vectors in a window: at ¥4,900 O1 ¥300 and O2 ¥300 follow, on three days.
func in(t *testing.T, w topics.Window) *shop {
	s := open(t, "2026-03-01 10:00:00")
	s.book.Tiers.Window = w
	s.order("m", "O0", line{net: 490000, per: 1 << 40})
	s.at("2026-03-02 10:00:00").order("m", "O1", line{net: 30000, per: 100})
	equal(t, "O1", s.moved(pointspb.Kind_GRANTED, pointspb.Account_AVAILABLE), int64(300))
	s.at("2026-03-03 10:00:00").order("m", "O2", line{net: 30000, per: 100})
	equal(t, "O2", s.moved(pointspb.Kind_GRANTED, pointspb.Account_AVAILABLE), int64(450))
	return s
}

// tierAt advances a member to an instant and compares the tier.
func (s *shop) tierAt(now, want string) {
	s.t.Helper()
	s.at(now).advance("m")
	equal(s.t, "tier at "+now, s.tier("m"), want)
}

// TestTierVectorsInEveryWindow are T1 to T4 with the windows beside the calendar year.
func TestTierVectorsInEveryWindow(t *testing.T) {
	for w, until := range map[topics.Window][2]string{
		topics.CalendarYear: {"2027-12-31 23:59:59.999", "2028-01-01 00:00:00"},
		topics.Rolling:      {"2027-03-01 23:59:59.999", "2027-03-02 00:00:00"}, // O0 counts to the end of the same date
		topics.Anniversary:  {"2028-02-29 23:59:59.999", "2028-03-01 00:00:00"},
	} {
		t.Run("T1 "+string(w), func(t *testing.T) { equal(t, "tier", in(t, w).tier("m"), "silver") })
		t.Run("T2 "+string(w), func(t *testing.T) {
			s := in(t, w)
			s.at("2026-03-04 10:00:00").refund("m", "O1", "R1", 30000)
			equal(t, "O1 back", s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS), int64(300))
			s.tierAt("2026-03-06 00:00:00", "silver")
		})
		t.Run("T3 "+string(w), func(t *testing.T) {
			s := in(t, w)
			s.at("2026-03-04 10:00:00").refund("m", "O1", "R1", 30000)
			s.at("2026-03-05 10:00:00").refund("m", "O2", "R2", 30000)
			equal(t, "O2 back", s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS), int64(450))
			s.tierAt("2026-03-05 23:59:59.999", "silver")
			s.tierAt("2026-03-06 00:00:00", "normal")
		})
		t.Run("T4 "+string(w), func(t *testing.T) {
			s := in(t, w)
			equal(t, "spends all", s.spend("m", "r", s.balance("m").Available), ledger.Applied)
			s.tierAt(until[0], "silver")
			s.tierAt(until[1], "normal")
		})
	}
}

// TestPaidOrdersAreCountedInEveryWindow: an order that was returned in full is none.
func TestPaidOrdersAreCountedInEveryWindow(t *testing.T) {
	for _, w := range []topics.Window{topics.CalendarYear, topics.Rolling, topics.Anniversary} {
		s := open(t, "2026-03-01 10:00:00")
		s.book.Tiers.Window, s.book.Tiers.Metric = w, "paid_orders"
		s.book.Tiers.Levels[1].From, s.book.Tiers.Levels[2].From = 2, 3
		s.order("m", "O1", line{net: 100, per: 1})
		equal(t, string(w)+": one", s.tier("m"), "normal")
		s.order("m", "O2", line{net: 100, per: 1}, line{net: 100, per: 1})
		equal(t, string(w)+": two", s.tier("m"), "silver")
		s.refund("m", "O2", "R1", 100)
		s.tierAt("2026-03-02 00:00:00", "silver")
		s.refund("m", "O2", "R2", 0, 100)
		s.tierAt("2026-03-03 00:00:00", "normal")
	}
}

// TestOneDownFallsOneLevelAYear: a gold member who buys nothing is silver for a year before being normal again.
func TestOneDownFallsOneLevelAYear(t *testing.T) {
	for w, at := range map[topics.Window][2]string{
		topics.CalendarYear: {"2028-01-01 00:00:00", "2029-01-01 00:00:00"},
		topics.Rolling:      {"2027-03-02 00:00:00", "2028-03-02 00:00:00"},
		topics.Anniversary:  {"2028-03-01 00:00:00", "2029-03-01 00:00:00"},
	} {
		s := open(t, "2026-03-01 10:00:00")
		s.book.Tiers.Window, s.book.Tiers.Downgrade = w, topics.DowngradeOneDown
		s.order("m", "O", line{net: 2000000, per: 1 << 40})
		for i, tier := range []string{"gold", "silver"} {
			s.tierAt(s.time(at[i]).Add(-time.Millisecond).Format("2006-01-02 15:04:05.999"), tier)
			s.tierAt(at[i], []string{"silver", "normal"}[i])
		}
		best := open(t, "2026-03-01 10:00:00")
		best.book.Tiers.Window = w
		best.order("m", "O", line{net: 2000000, per: 1 << 40})
		best.tierAt(at[0], "normal")
	}
}

// TestAReturnLowersOneLevelAYearToo, not one a day.
func TestAReturnLowersOneLevelAYearToo(t *testing.T) {
	s := open(t, "2026-03-01 10:00:00")
	s.book.Tiers.Window, s.book.Tiers.Downgrade = topics.Rolling, topics.DowngradeOneDown
	s.order("m", "O", line{net: 2000000, per: 1 << 40})
	s.at("2026-03-05 10:00:00").refund("m", "O", "R", 2000000)
	s.tierAt("2026-03-06 00:00:00", "silver")
	s.tierAt("2027-03-05 23:59:59.999", "silver")
	s.tierAt("2027-03-06 00:00:00", "normal")
}

// TestMembersYearRunsFromTheirOwnDay: from the registration, else from the first order, whichever comes first.
func TestMembersYearRunsFromTheirOwnDay(t *testing.T) {
	for _, c := range []struct {
		registered, ordered string
		keeps, falls        string
	}{
		{"2025-11-10 09:00:00", "2026-03-01 10:00:00", "2027-11-09 23:59:59.999", "2027-11-10 00:00:00"},
		{"2026-03-05 09:00:00", "2026-03-01 10:00:00", "2028-02-29 23:59:59.999", "2028-03-01 00:00:00"},
		{"", "2024-02-29 10:00:00", "2026-02-28 23:59:59.999", "2026-03-01 00:00:00"},
	} {
		s := open(t, "2024-01-01 00:00:00")
		s.book.Tiers.Window = topics.Anniversary
		register := func() {
			if c.registered == "" {
				return
			}
			s.at(c.registered).credit(&pointspb.CreditEvent{
				Account: "member:m", Version: s.book.Version, Cause: s.cause("reg", topics.TypeRegistered),
			})
		}
		order := func() { s.at(c.ordered).order("m", "O", line{net: 500000, per: 1}) }
		if c.registered < c.ordered {
			register()
			order()
		} else {
			order()
			register()
		}
		s.tierAt(c.keeps, "silver")
		s.tierAt(c.falls, "normal")
	}
}

// TestOrderAndItsFullReturnLeaveNoDays is §4's law for what windows of days keep: the day is gone, and the member's own year.
func TestOrderAndItsFullReturnLeaveNoDays(t *testing.T) {
	for _, w := range []topics.Window{topics.Rolling, topics.Anniversary} {
		for _, wait := range []topics.Pending{{}, {Days: 7}} {
			s := open(t, "2026-03-01 10:00:00")
			s.book.Tiers.Window = w
			s.wait(2, wait, nil)
			s.gift("m", "g", 5)
			before := *s.world.Member("m").Clone()
			s.at("2026-03-02 10:00:00").order("m", "O", line{net: 600000, per: 2})
			s.at("2026-03-05 10:00:00").refund("m", "O", "R", 600000)
			s.at("2026-03-12 00:00:00").advance("m")
			after := s.world.Member("m")
			equal(t, "days", len(after.Days), 0)
			equal(t, "own year", after.Anniversary, before.Anniversary)
			equal(t, "tier", s.tier("m"), "normal")
			equal(t, "evaluation", after.EvaluateAt, int64(0))
		}
	}
}

// TestDaysAreBounded: who buys every day for years has a year of days and a month, of two years where the window needs them;
// a book with calendar years has none.
func TestDaysAreBounded(t *testing.T) {
	for w, most := range map[topics.Window]int{topics.CalendarYear: 0, topics.Rolling: 397, topics.Anniversary: 763} {
		s := open(t, "2022-01-01 10:00:00")
		s.book.Tiers.Window = w
		for i := range 3 * 365 {
			s.now = s.now.AddDate(0, 0, 1)
			s.order("m", fmt.Sprint(i), line{net: 2000, per: 1 << 40})
		}
		if n := len(s.world.Member("m").Days); n > most || w.ByDay() && n < most-5 {
			t.Errorf("%s: %d days, at most %d", w, n, most)
		}
		equal(t, string(w)+": sound", s.world.Member("m").Check(s.now.UnixMilli()), nil)
		equal(t, string(w)+": tier", s.tier("m"), "silver") // 365 × ¥20
	}
}

// TestNobodyFallsBecauseTheWindowChanged: as long as a window of days would reach back beyond its first version, the
// calendar's years count beside it.
func TestNobodyFallsBecauseTheWindowChanged(t *testing.T) {
	for w, until := range map[topics.Window][2]string{
		topics.Rolling: {"2027-05-31 23:59:59.999", "2027-06-01 00:00:00"}, topics.Anniversary: {"2027-12-31 23:59:59.999", "2028-01-01 00:00:00"},
	} {
		s := open(t, "2026-03-01 10:00:00")
		first, second := s.book, *s.book
		second.Version, second.From, second.Tiers.Window = "2", s.time("2026-06-01 00:00:00"), w
		s.books = topics.NewBooks(first, &second)
		s.order("m", "O", line{net: 600000, per: 1 << 40})
		s.book = &second
		s.at("2026-07-01 10:00:00").order("m", "P", line{net: 1000, per: 1 << 40})
		s.tierAt(until[0], "silver")
		s.tierAt(until[1], "normal")
	}
}

// tierOf is an event of the membership system.
func (s *shop) tierOf(member, id, tier string) ledger.Outcome {
	s.t.Helper()
	return s.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Version: s.book.Version, Cause: s.cause(id, topics.TypeTierChanged), Tier: tier,
	})
}

// TestMembershipRulesWhereTheBookSaysSo: its events set the tier from their time on, and no metric does; otherwise they are
// recorded without effect (R33).
func TestMembershipRulesWhereTheBookSaysSo(t *testing.T) {
	for _, rules := range []bool{true, false} {
		s := open(t, "2026-03-01 10:00:00")
		s.book.Tiers.Membership = rules
		s.order("m", "O", line{net: 600000, per: 100})
		equal(t, "by the metric", s.tier("m"), map[bool]string{true: "normal", false: "silver"}[rules])
		s.at("2026-03-03 10:00:00")
		equal(t, "set", s.tierOf("m", "e2", "gold"), ledger.Applied)
		equal(t, "tier", s.tier("m"), map[bool]string{true: "gold", false: "silver"}[rules])
		if !rules {
			equal(t, "recorded", s.last.Entries[0].Kind, pointspb.Kind_RECORDED)
			continue
		}
		s.order("m", "P", line{net: 10000, per: 100})
		equal(t, "at that tier", s.moved(pointspb.Kind_GRANTED, pointspb.Account_AVAILABLE), int64(200))
		s.at("2026-03-02 10:00:00").tierOf("m", "e1", "silver") // comes late
		equal(t, "of before", s.world.Member("m").Tier(s.book, s.time("2026-03-02 12:00:00").UnixMilli()), "silver")
		s.tierAt("2030-01-01 00:00:00", "gold")
		s.tierOf("m", "e3", "normal")
		equal(t, "down", s.tier("m"), "normal")
	}
}
