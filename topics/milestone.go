package topics

import (
	"fmt"
	"time"
)

// Milestone gives a coupon to a member whose spendable points reach a threshold (R34, D8), once per period.
type Milestone struct {
	ID        string
	Available int64 // points
	Per       Period
	Template  string // of the coupon, in the words of marketing
}

// Name names the period in which t lies: 2026, 2026-Q2, 2026-06 or ever, a day or a week by its first day. Of one kind, a
// later one sorts behind.
func (p Period) Name(t time.Time, zone *time.Location) string {
	first := p.First(t, zone)
	year, month := first/10000, first/100%100
	switch p {
	case PerYear:
		return fmt.Sprintf("%04d", year)
	case PerQuarter:
		return fmt.Sprintf("%04d-Q%d", year, (month+2)/3)
	case PerMonth:
		return fmt.Sprintf("%04d-%02d", year, month)
	case PerEver:
		return string(PerEver)
	case PerDay, PerWeek:
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, month, first%100)
}
