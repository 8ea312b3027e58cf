package topics

import "time"

// Period is a calendar period of the program's zone; an event counts in that of its own time (B5).
type Period string

// The periods. Weeks begin on Monday.
const (
	PerDay     Period = "day"
	PerWeek    Period = "week"
	PerMonth   Period = "month"
	PerQuarter Period = "quarter" // of milestones
	PerYear    Period = "year"
	PerEver    Period = "ever"
)

// Periods are those of caps and limits.
func Periods() []Period { return []Period{PerDay, PerWeek, PerMonth, PerYear, PerEver} }

// First is the first day of the period of an instant as a number, such as 20260601; 0 of ever.
func (p Period) First(t time.Time, zone *time.Location) int32 {
	y, m, d := t.In(zone).Date()
	switch p {
	case PerWeek:
		monday := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		y, m, d = monday.AddDate(0, 0, -(int(monday.Weekday())+6)%7).Date()
	case PerMonth:
		d = 1
	case PerQuarter:
		m, d = (m-1)/3*3+1, 1
	case PerYear:
		m, d = time.January, 1
	case PerEver:
		return 0
	case PerDay:
	}
	return int32(y*10000 + int(m)*100 + d)
}

// End is the midnight, in UTC, after the last day of the period that begins on first; the zero time of ever.
func (p Period) End(first int32) time.Time {
	t := time.Date(int(first/10000), time.Month(first/100%100), int(first%100), 0, 0, 0, 0, time.UTC)
	switch p {
	case PerDay:
		return t.AddDate(0, 0, 1)
	case PerWeek:
		return t.AddDate(0, 0, 7)
	case PerMonth:
		return t.AddDate(0, 1, 0)
	case PerQuarter:
		return t.AddDate(0, 3, 0)
	case PerYear:
		return t.AddDate(1, 0, 0)
	case PerEver:
	}
	return time.Time{}
}

// Cap is the most points that a member gets by a rule in a period; the zero value: there is none.
type Cap struct {
	Points int64
	Per    Period
}

// Limit is how often a member gets points by a rule in a period, of each value of By on its own; the zero value: any number.
type Limit struct {
	Times int64
	Per   Period
	By    string // a property of the event, such as product; empty: all events together
}

// ByProduct and the others are what limits can count by.
const (
	ByProduct  = "product"
	BySKU      = "sku"
	BySurvey   = "survey"
	ByActivity = "activity"
)
