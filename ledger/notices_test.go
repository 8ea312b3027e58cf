package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// told opens a shop with all notices. Points live for a year.
func told(t testing.TB, now string) *shop {
	s := open(t, now)
	s.book.Notices = topics.NoticePlan{Expiry: []int{30, 7, 1}, Digest: true, TierFall: 30}
	return s
}

// notices are what the entries so far tell, in words.
func (s *shop) notices() (all []string) {
	for _, e := range s.entries {
		if n := e.Notice; n != nil {
			day := func(t int64) string { return time.UnixMilli(t).In(s.book.Zone).Format("2006-01-02 15:04") }
			text := fmt.Sprintf("%s %s: %d of %d at %s", day(e.EffectiveAt), n.Kind, n.Points, n.Available, day(n.ExpiresAt))
			if n.Kind == topics.NoticeTierFall {
				text = fmt.Sprintf("%s %s: %s to %s at %s, %d missing", day(e.EffectiveAt), n.Kind, n.Tier, n.ToTier, day(n.ExpiresAt), n.Missing)
			}
			all = append(all, text)
		}
	}
	return all
}

func TestMembersAreToldBeforeEachExpiry(t *testing.T) {
	s := told(t, "2026-05-26 11:00:00")
	s.book.Notices.Digest = false
	s.gift("m", "a", 100)
	s.gift("m", "b", 20)
	s.at("2026-06-10 10:00:00").gift("m", "c", 5)
	for _, now := range []string{"2027-04-27 00:00:00", "2027-05-20 00:00:00", "2027-05-26 00:00:00", "2027-05-27 00:00:00", "2027-07-01 00:00:00"} {
		s.at(now).advance("m")
	}
	equal(t, "notices", s.notices(), []string{
		"2027-04-27 00:00 expiry: 120 of 125 at 2027-05-27 00:00", "2027-05-12 00:00 expiry: 5 of 125 at 2027-06-11 00:00",
		"2027-05-20 00:00 expiry: 120 of 125 at 2027-05-27 00:00", "2027-05-26 00:00 expiry: 120 of 125 at 2027-05-27 00:00",
	})
	equal(t, "nothing is left to tell", s.world.Member("m").Notices, ledger.Notices{})
}

// TestALateClockTellsWhatIsStillTrue: one notice of an expiry, the last that should have been, and none of what is past.
func TestALateClockTellsWhatIsStillTrue(t *testing.T) {
	s := told(t, "2026-05-26 11:00:00")
	s.gift("m", "a", 100)
	s.at("2027-05-21 09:00:00").advance("m")
	equal(t, "told", s.notices(), []string{"2027-05-20 00:00 expiry: 100 of 100 at 2027-05-27 00:00"})
	s = told(t, "2026-05-26 11:00:00")
	s.gift("m", "a", 100)
	s.at("2027-05-27 09:00:00").advance("m")
	equal(t, "too late", len(s.notices()), 0)
	equal(t, "expired", s.balance("m").Available, int64(0))
}

func TestWhatIsSpentMeanwhileIsNotTold(t *testing.T) {
	s := told(t, "2026-05-26 11:00:00")
	s.gift("m", "a", 100)
	s.spend("m", "r", 100)
	s.at("2027-05-01 00:00:00").advance("m")
	equal(t, "told", len(s.notices()), 0)
	equal(t, "nothing is due", s.world.Member("m").Due, int64(0))
}

// TestHistoryIsNotTold: events that come late cause no notice of before the clock, and their points the later ones.
func TestHistoryIsNotTold(t *testing.T) {
	s := told(t, "2027-05-15 11:00:00")
	s.ahead = s.time("2026-05-26 11:00:00").Sub(s.now)
	s.gift("m", "a", 100)
	s.ahead = s.time("2025-05-26 11:00:00").Sub(s.now)
	s.gift("m", "old", 50)
	s.ahead = s.time("2020-05-26 11:00:00").Sub(s.now)
	s.order("m", "O", line{net: 2000000, per: 1 << 40})
	equal(t, "at once", len(s.notices()), 0)
	s.at("2027-05-20 00:00:00").advance("m")
	equal(t, "later", s.notices(), []string{"2027-05-20 00:00 expiry: 100 of 100 at 2027-05-27 00:00"})
}

func TestDigestAtTheYearsEnd(t *testing.T) {
	s := told(t, "2026-05-26 11:00:00")
	s.gift("m", "a", 100)
	s.at("2026-11-01 10:00:00").gift("m", "b", 30)
	s.gift("n", "c", 30)
	s.spend("n", "r", 30)
	for _, m := range []string{"m", "n"} {
		s.at("2026-12-01 00:00:00").advance(m)
	}
	equal(t, "told", s.notices(), []string{"2026-12-01 00:00 digest: 130 of 130 at 2027-05-27 00:00"})
}

func TestTierThatWouldFallIsTold30DaysBefore(t *testing.T) {
	for w, want := range map[topics.Window]string{
		topics.CalendarYear: "2027-12-02 00:00 tier_fall: silver to normal at 2028-01-01 00:00, 500000 missing",
		topics.Rolling:      "2027-01-31 00:00 tier_fall: silver to normal at 2027-03-02 00:00, 490000 missing",
		topics.Anniversary:  "2028-01-31 00:00 tier_fall: silver to normal at 2028-03-01 00:00, 500000 missing",
	} {
		s := open(t, "2026-03-01 10:00:00")
		s.book.Tiers.Window, s.book.Notices = w, topics.NoticePlan{TierFall: 30}
		s.order("m", "A", line{net: 500000, per: 1 << 40})
		s.at("2026-03-05 00:00:00").order("m", "B", line{net: 10000, per: 1 << 40})
		for range 27 { // as the clock comes by
			s.now = s.now.AddDate(0, 1, 0)
			s.advance("m")
		}
		equal(t, string(w)+": tier", s.tier("m"), "normal")
		equal(t, string(w)+": told", s.notices(), []string{want})
		r := open(t, "2026-03-01 10:00:00")
		r.book.Notices = topics.NoticePlan{TierFall: 30}
		r.order("m", "A", line{net: 500000, per: 1 << 40})
		r.at("2026-03-05 10:00:00").refund("m", "A", "R", 500000)
		r.at("2026-03-05 10:00:01").advance("m")
		equal(t, "a return tells at once", r.notices(), []string{"2026-03-05 10:00 tier_fall: silver to normal at 2026-03-06 00:00, 500000 missing"})
	}
}

// TestTierThatIsKeptIsNotTold, and one whose metric rolls on is told before the day on which it really falls.
func TestTierThatIsKeptIsNotTold(t *testing.T) {
	s := open(t, "2026-03-01 10:00:00")
	s.book.Tiers.Window, s.book.Notices = topics.Rolling, topics.NoticePlan{TierFall: 30}
	s.order("m", "A", line{net: 500000, per: 1 << 40})
	s.at("2026-09-01 10:00:00").order("m", "B", line{net: 500000, per: 1 << 40})
	s.at("2027-05-01 00:00:00").advance("m")
	s.at("2027-08-03 00:00:00").advance("m")
	equal(t, "told", s.notices(), []string{"2027-08-03 00:00 tier_fall: silver to normal at 2027-09-02 00:00, 500000 missing"})
	s.at("2027-08-10 00:00:00").order("m", "C", line{net: 500000, per: 1 << 40})
	s.tierAt("2027-09-10 00:00:00", "silver")
	s.tierAt("2028-08-10 00:00:00", "silver")
	s.tierAt("2028-08-11 00:00:00", "normal")
	equal(t, "told again", s.notices()[1:], []string{"2028-07-12 00:00 tier_fall: silver to normal at 2028-08-11 00:00, 500000 missing"})
}

// TestNoExpiryWithoutNotice: points of whose expiry nobody was told in time can be spent for a week more, and the member is
// told at once; then they expire.
func TestNoExpiryWithoutNotice(t *testing.T) {
	s := told(t, "2026-05-26 11:00:00")
	s.book.NoExpiryWithoutNotice, s.book.Notices.Digest = true, false
	s.gift("m", "a", 100)
	s.gift("m", "b", 20)
	s.at("2027-05-29 09:00:00") // the owner was down for two weeks
	equal(t, "lives on", s.balance("m").Available, int64(120))
	equal(t, "told", s.notices(), []string{"2027-05-29 09:00 expiry: 120 of 120 at 2027-06-06 00:00"})
	equal(t, "extended", s.last.Entries[len(s.last.Entries)-2].EffectiveAt, s.time("2027-05-27 00:00:00").UnixMilli())
	equal(t, "spent", s.spend("m", "r", 50), ledger.Applied)
	equal(t, "last instant", s.at("2027-06-05 23:59:59.999").balance("m").Available, int64(70))
	equal(t, "expired", s.at("2027-06-06 00:00:00").balance("m").Available, int64(0))
	equal(t, "told on the last day, too", len(s.notices()), 2)

	in := told(t, "2026-05-26 11:00:00")
	in.book.NoExpiryWithoutNotice = true
	in.gift("m", "a", 100)
	in.at("2027-05-26 09:00:00").gift("m", "short", 7)
	in.advance("m")
	equal(t, "in time", in.at("2027-05-27 00:00:00").balance("m").Available, int64(7))
}

// TestWhatComesAfterItsLastNoticeIsNotCounted: a lot that is made on the last day was in no notice, and lives on.
func TestWhatComesAfterItsLastNoticeIsNotCounted(t *testing.T) {
	s := told(t, "2026-05-26 11:00:00")
	s.book.NoExpiryWithoutNotice = true
	s.gift("m", "a", 100)
	short := topics.Validity{Days: 1}
	s.book.Rules = append(s.book.Rules, topics.Rule{ID: "gift", Validity: &short})
	s.at("2027-05-25 09:00:00").advance("m")
	s.at("2027-05-25 10:00:00").gift("m", "late", 9) // expires at 2027-05-27, too: the notice of the last day is to come
	s.at("2027-05-26 09:00:00").advance("m")
	short.Days = 0
	s.book.Rules = s.book.Rules[:len(s.book.Rules)-1]
	equal(t, "both were told", s.at("2027-05-27 00:00:00").balance("m").Available, int64(0))

	s = told(t, "2027-05-20 11:00:00")
	s.book.NoExpiryWithoutNotice, s.book.Validity = true, topics.Validity{Days: 1}
	s.ahead = s.time("2027-05-10 11:00:00").Sub(s.now)
	s.gift("m", "history", 5) // past its expiry as it comes
	equal(t, "history expires", s.balance("m").Available, int64(0))
}

// TestWithoutNoticesNothingIsKept: a book without notices has none of it in its accounts or entries.
func TestWithoutNoticesNothingIsKept(t *testing.T) {
	s := in(t, topics.CalendarYear)
	s.at("2030-01-01 00:00:00").advance("m")
	for _, e := range s.entries {
		if e.NoticeAt != 0 || e.Notice != nil || e.MetricDay != nil {
			t.Errorf("entry %v", e)
		}
	}
	equal(t, "account", s.world.Member("m").Notices, ledger.Notices{})
}

// TestNoPointExpiresUntold over random histories with a clock that comes when it comes: with the policy, every lot that
// expires was in a last notice that was recorded before, or was past its expiry when it came; replayed, all is the same.
func TestNoPointExpiresUntold(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := told(t, "2024-01-01 00:00:00").tierWindow(r)
		s.book.NoExpiryWithoutNotice = true
		s.book.Validity = topics.Validity{Days: rapid.IntRange(1, 60).Draw(r, "validity"), Rounding: topics.RoundDay}
		for range rapid.IntRange(1, 80).Draw(r, "operations") {
			operate(r, s)
			sound(r, s)
		}
		said := map[string]int64{} // account and expiry: when the last notice was recorded
		for _, e := range s.entries {
			if n := e.Notice; n != nil && n.Last {
				said[fmt.Sprint(e.Account, n.ExpiresAt)] = e.RecordedAt
			}
			if e.Kind == pointspb.Kind_EXPIRED && e.Cause.OccurredAt < e.RecordedAt {
				at, ok := said[fmt.Sprint(e.Account, e.EffectiveAt)]
				if (!ok || at >= e.EffectiveAt) && !madeLate(s, e) {
					r.Fatalf("%v expired, told at %d", e, at)
				}
			}
		}
		replayed := ledger.NewWorld()
		for _, e := range s.entries {
			ledger.Fold(replayed, e)
		}
		same(r, replayed, s.world)
		conserved(r, s)
	})
}

// madeLate says that an expired lot was past its expiry when it was made.
func madeLate(s *shop, expired *pointspb.Entry) bool {
	for _, e := range s.entries {
		if e.Account == expired.Account && e.Kind == pointspb.Kind_GRANTED && e.Lot.Number == expired.Postings[0].Lot {
			return e.RecordedAt >= expired.EffectiveAt
		}
	}
	return false
}
