package ledger_test

import (
	"testing"
	"time"

	"jifen/internal/testkit"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestForecastIsWhatTheClockDoesDayByDay compares a look ahead with an owner who books every day, and leaves the world as
// it was.
func TestForecastIsWhatTheClockDoesDayByDay(t *testing.T) {
	r := testkit.Rand(t)
	for range 40 {
		s := open(t, "2026-01-10 10:00:00")
		s.book.Validity = topics.Validity{Months: 1 + r.IntN(4), Rounding: topics.RoundDay}
		s.book.Rules = []topics.Rule{{ID: "per-1000", Pending: topics.Pending{Days: 1 + r.IntN(30)}}}
		s.order("m", "A", line{net: 600000, per: 500}) // silver, and points to spend
		for n := range 6 {
			s.now = s.now.Add(time.Duration(r.IntN(200)) * time.Hour)
			s.order("m", string(rune('B'+n)), line{1000 * r.Int64N(300), 1000, ""})
		}
		s.spend("m", "r", s.balance("m").Available)
		s.refund("m", "A", "R", 600000) // in debt, until pending points become available
		until := s.now.AddDate(0, r.IntN(24), r.IntN(30))
		before := s.world.Member("m").Clone()
		ahead := ledger.NewWorld()
		ahead.Member("m").Account = *before.Clone()
		forecast := ledger.Forecast(ahead, "m", s.moment(), until.UnixMilli())
		equal(t, "the account", s.world.Member("m").Clone(), before)
		var booked []*pointspb.Entry
		for s.now.Before(until) {
			s.now = s.now.Add(time.Hour)
			if s.now.After(until) {
				s.now = until
			}
			s.advance("m")
			booked = append(booked, s.last.Entries...)
		}
		equal(t, "account", ahead.Member("m").Clone(), s.world.Member("m").Clone())
		equal(t, "calendar", ledger.CalendarOf(forecast, &ahead.Member("m").Account), ledger.CalendarOf(booked, &s.world.Member("m").Account))
	}
}

// TestCalendarSaysWhatExpiresAndWhatBecomesAvailable: of lots that expire together the sum, of pending ones what is left
// after debt.
func TestCalendarSaysWhatExpiresAndWhatBecomesAvailable(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00")
	s.gift("m", "a", 30)
	s.gift("m", "b", 12)
	s.spend("m", "r", 42)
	s.at("2026-06-02 10:00:00").order("m", "O", line{10000, 1000, ""})
	s.spend("m", "q", 10)
	s.refund("m", "O", "R", 10000) // a debt of 10
	s.book.Rules = []topics.Rule{{ID: "gift", Pending: topics.Pending{Days: 7}}, {ID: "per-1000", Pending: topics.Pending{Completed: true}}}
	s.at("2026-06-03 10:00:00").gift("m", "c", 100)
	s.order("m", "P", line{8000, 1000, ""})
	s.book.Rules = nil
	s.book.Validity = topics.Validity{}
	s.at("2026-06-04 10:00:00").gift("m", "d", 5) // never expires, and repays
	entries := ledger.Forecast(s.world, "m", s.moment(), s.time("2028-01-01 00:00:00").UnixMilli())
	equal(t, "calendar", ledger.CalendarOf(entries, &s.world.Member("m").Account), ledger.Calendar{
		Activations: []ledger.Activating{{At: s.time("2026-06-10 10:00:00").UnixMilli(), Points: 95}},
		Expiries:    []ledger.Expiring{{At: s.time("2027-06-11 00:00:00").UnixMilli(), Points: 95}},
		Awaiting:    8,
	})
}
