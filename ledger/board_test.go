package ledger_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func ranked(t testing.TB, now string) *shop {
	s := open(t, now)
	s.book.Leaderboard = topics.Leaderboard{Month: true, Year: true}
	return s
}

func (s *shop) prefer(member string, hidden bool) ledger.Outcome {
	s.t.Helper()
	return s.keep(ledger.Handle(s.world, &pointspb.Request{
		Account: topics.MemberAccount(member), Id: s.now.String(),
		What: &pointspb.Request_Preference{Preference: &pointspb.PreferenceRequest{LeaderboardHidden: hidden}},
	}, s.moment()))
}

// TestLeaderboardCountsWhatWasEarnedInThePeriodOfItsEvent: a return takes from the period of its grant, spending and expiry
// from none (D12).
func TestLeaderboardCountsWhatWasEarnedInThePeriodOfItsEvent(t *testing.T) {
	s := ranked(t, "2026-05-31 23:59:59")
	s.order("m", "A", line{100000, 1000, ""})
	s.at("2026-06-01 00:00:00").gift("m", "g", 7)
	equal(t, "by event time", s.world.Member("m").Earned, []ledger.Earned{{Period: 2026, Points: 107}, {Period: 202605, Points: 100}, {Period: 202606, Points: 7}})
	s.at("2026-06-02 00:00:00").spend("m", "r", 50)
	s.refund("m", "A", "R", 40000)
	equal(t, "net of returns", s.world.Member("m").Earned, []ledger.Earned{{Period: 2026, Points: 67}, {Period: 202605, Points: 60}, {Period: 202606, Points: 7}})
	s.refund("m", "A", "S", 60000)
	equal(t, "of what was spent, too", s.world.Member("m").Earned, []ledger.Earned{{Period: 2026, Points: 7}, {Period: 202606, Points: 7}})
	s.at("2027-06-30 00:00:00").advance("m")
	equal(t, "expired", s.world.Member("m").Earned, []ledger.Earned{{Period: 2026, Points: 7}, {Period: 202606, Points: 7}})
	s.at("2027-08-10 00:00:00").gift("n", "old", 5)
	s.now, s.ahead = s.now.AddDate(0, 0, 1), -400*24*time.Hour
	s.gift("n", "older", 5) // of 2026-07: its board is still kept
	s.now, s.ahead = s.now.AddDate(0, 1, 0), -600*24*time.Hour
	s.gift("n", "oldest", 5) // of 2026-01: its month's is not
	equal(t, "history", s.world.Member("n").Earned, []ledger.Earned{{Period: 2026, Points: 10}, {Period: 2027, Points: 5}, {Period: 202607, Points: 5}, {Period: 202708, Points: 5}})
	s.ahead = 0
	s.at("2027-09-03 00:00:00").keep(ledger.Sweep(s.world, "n", s.moment()), nil)
	equal(t, "dropped after 13 months", s.world.Member("n").Earned, []ledger.Earned{{Period: 2026, Points: 10}, {Period: 2027, Points: 5}, {Period: 202708, Points: 5}})
}

// TestPendingPointsAreOnNoLeaderboardBeforeTheyAreActive (semantics §3): then they are on that of their event.
func TestPendingPointsAreOnNoLeaderboardBeforeTheyAreActive(t *testing.T) {
	s := ranked(t, "2026-05-31 10:00:00")
	s.book.Leaderboard.Year = false
	s.book.Rules = []topics.Rule{{ID: "per-1000", Pending: topics.Pending{Days: 7}}}
	s.order("m", "A", line{100000, 1000, ""})
	s.order("n", "B", line{50000, 1000, ""})
	s.refund("m", "A", "R", 40000)
	s.refund("n", "B", "S", 50000)
	equal(t, "pending", s.world.Member("m").Earned, []ledger.Earned(nil))
	equal(t, "all returned", s.world.Member("n").Uncounted, []ledger.Uncounted{})
	s.at("2026-06-07 10:00:00").advance("m")
	equal(t, "active", s.world.Member("m").Earned, []ledger.Earned{{Period: 202605, Points: 60}})
	s.refund("m", "A", "T", 60000)
	equal(t, "returned after that", len(s.world.Member("m").Earned)+len(s.world.Member("m").Uncounted), 0)
	// What expires before its order is completed never counted, so a return takes nothing off.
	s.book.Rules[0].Pending = topics.Pending{Completed: true}
	s.book.Validity.FromEarning = true
	s.order("m", "C", line{100000, 1000, ""})
	s.gift("m", "g", 3)
	s.at("2027-06-09 10:00:00").gift("m", "h", 4)
	s.refund("m", "C", "U", 100000)
	equal(t, "expired while pending", s.world.Member("m").Earned, []ledger.Earned{{Period: 202606, Points: 3}, {Period: 202706, Points: 4}})
	equal(t, "nothing is kept of it", s.world.Member("m").Uncounted, []ledger.Uncounted{})
}

// TestHiddenMembersAreOnNoLeaderboard, and come back with all that they earned.
func TestHiddenMembersAreOnNoLeaderboard(t *testing.T) {
	s := ranked(t, "2026-05-31 10:00:00")
	s.gift("m", "g", 7)
	equal(t, "hide", s.prefer("m", true), ledger.Applied)
	equal(t, "again", s.prefer("m", true), ledger.Unchanged)
	s.gift("m", "h", 3)
	equal(t, "hidden", s.world.Member("m").Ranked(202605), int64(0))
	equal(t, "changed boards", s.world.Member("m").ChangedBoards(), []int32{2026, 202605})
	s.at("2026-05-31 11:00:00")
	equal(t, "show", s.prefer("m", false), ledger.Applied)
	equal(t, "shown", s.world.Member("m").Ranked(202605), int64(10))
}

// TestMergedMembersStandOnceOnALeaderboard: the old id leaves every board, and the new one has what both earned, also of what
// was pending; who was hidden under either id is (R68).
func TestMergedMembersStandOnceOnALeaderboard(t *testing.T) {
	s := ranked(t, "2026-05-31 10:00:00")
	s.book.Leaderboard.Year = false
	s.book.Rules = []topics.Rule{{ID: "per-1000", Pending: topics.Pending{Days: 7}}}
	s.gift("on", "a", 5)
	s.gift("off", "b", 7)
	s.order("on", "1", line{20000, 1000, ""})
	s.order("off", "2", line{30000, 1000, ""})
	equal(t, "merged", s.merge("on", "off"), ledger.Applied)
	s.route()
	off, on := s.world.Member("off"), s.world.Member("on")
	equal(t, "the old id", off.Ranked(202605), int64(0))
	equal(t, "the new id", on.Earned, []ledger.Earned{{Period: 202605, Points: 12}})
	s.refund("on", "2", "R", 10000)
	s.at("2026-06-08 10:00:00").advance("on")
	equal(t, "what was pending", on.Earned, []ledger.Earned{{Period: 202605, Points: 52}})
	equal(t, "is counted once", on.Uncounted, []ledger.Uncounted{})
	s.refund("on", "2", "S", 20000)
	equal(t, "a return of the old id's order", on.Earned, []ledger.Earned{{Period: 202605, Points: 32}})
	equal(t, "the old id hides", s.prefer("off", true), ledger.Merged)
	s.gift("third", "c", 3)
	equal(t, "a third id hides", s.prefer("third", true), ledger.Applied)
	s.world.Member("third").Settle()
	on.Settle()
	s.at("2026-06-08 11:00:00").merge("on", "third")
	s.route()
	equal(t, "leaves its boards", s.world.Member("third").ChangedBoards(), []int32{202606})
	equal(t, "has all", on.Earned, []ledger.Earned{{Period: 202605, Points: 32}, {Period: 202606, Points: 3}})
	equal(t, "is written", on.ChangedBoards(), []int32{202605, 202606})
	equal(t, "hidden", on.Ranked(202605), int64(0))
}

// TestLeaderboardIsTheSumOfWhatItsEntriesSay: over random histories, through the store's encoding and by replay (I2); a book
// without leaderboard leaves no trace.
func TestLeaderboardIsTheSumOfWhatItsEntriesSay(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := ranked(t, "2026-01-01 10:00:00")
		s.book.Rules = []topics.Rule{{ID: "per-1000", Pending: topics.Pending{Days: rapid.IntRange(0, 20).Draw(r, "days")}}}
		orders := 0
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 900).Draw(r, "hours")) * time.Hour)
			switch name := string(rune('A' + orders)); rapid.IntRange(0, 5).Draw(r, "what") {
			case 0, 1:
				orders++
				s.order("m", name, line{rapid.Int64Range(0, 90000).Draw(r, "net"), 1000, ""})
			case 2:
				if orders > 0 {
					back := string(rune('A' + rapid.IntRange(0, orders-1).Draw(r, "order")))
					s.refund("m", back, s.now.String()+back, rapid.Int64Range(1, 90000).Draw(r, "back"))
				}
			case 3:
				s.spend("m", s.now.String(), rapid.Int64Range(1, 60).Draw(r, "points"))
			case 4:
				s.prefer("m", rapid.Bool().Draw(r, "hidden"))
			default:
				s.advance("m")
			}
			if err := s.world.Member("m").Check(s.now.UnixMilli()); err != nil {
				r.Fatal(err)
			}
		}
		again := ledger.NewWorld()
		for _, e := range s.entries {
			ledger.Fold(again, e)
		}
		a, b := s.world.Member("m"), &ledger.Account{}
		value, _ := a.AppendBinary(nil)
		if err := b.UnmarshalBinary(value); err != nil {
			r.Fatal(err)
		}
		for _, x := range []*ledger.Account{&again.Member("m").Account, b} {
			equal(t, "earned", append([]ledger.Earned{}, x.Earned...), append([]ledger.Earned{}, a.Earned...))
			equal(t, "uncounted", append([]ledger.Uncounted{}, x.Uncounted...), append([]ledger.Uncounted{}, a.Uncounted...))
			equal(t, "hidden", x.Hidden, a.Hidden)
		}
		equal(t, "net of pending", sumEarned(a), netEarned(s.entries))
	})
}

// sumEarned are the points of all years.
func sumEarned(m *ledger.Member) (n int64) {
	for _, x := range m.Earned {
		if x.Period < 10000 {
			n += x.Points
		}
	}
	return n
}

// netEarned is what was granted or activated, less what was taken back of it.
func netEarned(entries []*pointspb.Entry) (n int64) {
	for _, e := range entries {
		for _, p := range e.Postings {
			switch {
			case e.Kind == pointspb.Kind_REVERSED && (p.Account == pointspb.Account_REVERSED_POINTS || p.Account == pointspb.Account_PENDING):
				n -= p.Points
			case (e.Kind == pointspb.Kind_GRANTED || e.Kind == pointspb.Kind_ACTIVATED) && p.Account == pointspb.Account_AVAILABLE:
				n += p.Points
			}
		}
	}
	return n
}
