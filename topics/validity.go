package topics

import "time"

// IsZero says that lots of this validity live for ever.
func (v Validity) IsZero() bool { return v.Years == 0 && v.Months == 0 && v.Days == 0 }

// ExpiresAt is the instant from which a lot that became active at from is no longer spendable: 00:00 in zone of the day
// after its last valid day (semantics §2, L1 and L2). Zero means never.
//
// The last valid day is the same date one period later, or that month's last day where there is no such date
// (29 Feb → 28 Feb); the rounding then moves it to the end of its month, quarter or year.
func (v Validity) ExpiresAt(from time.Time, zone *time.Location) time.Time {
	if v.IsZero() {
		return time.Time{}
	}
	year, month, day := from.In(zone).Date()
	months := int(month) - 1 + v.Months
	year, month = year+v.Years+months/12, time.Month(months%12+1)
	day = min(day, lastDay(year, month)) + v.Days
	year, month, day = time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Date()
	switch v.Rounding {
	case RoundMonth:
		day = lastDay(year, month)
	case RoundQuarter:
		month = (month-1)/3*3 + 3
		day = lastDay(year, month)
	case RoundYear:
		month, day = time.December, 31
	}
	return StartOfDay(year, month, day+1, zone)
}

func lastDay(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// StartOfDay is the first instant of a date in zone, also where clocks skip or repeat midnight. Day may lie outside its month, as in time.Date.
func StartOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	want := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	year, month, day = want.Date()
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	start, end := t.ZoneBounds()
	shown := onClock(t)
	if shown.Before(want) {
		// Midnight was skipped and time.Date counted back from it: the day starts where the clocks change.
		return end
	}
	if shown.After(want) {
		return start
	}
	if !start.IsZero() {
		// Midnight may come twice, once before and once after the clocks went back: the first one counts.
		_, before := start.Add(-time.Second).Zone()
		_, after := t.Zone()
		first := t.Add(-time.Duration(before-after) * time.Second)
		if before > after && first.Before(start) && first.Day() == day {
			return first
		}
	}
	return t
}

// onClock is what a clock in t's zone shows, as if it were UTC.
func onClock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.Add(time.Duration(offset) * time.Second).UTC()
}
