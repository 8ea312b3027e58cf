package topics_test

import (
	"testing"
	"time"

	"jifen/topics"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("zone %s: %v", name, err)
	}
	return z
}

func TestValidityEndsAtTheDayAfterTheLastValidDay(t *testing.T) {
	year := topics.Validity{Years: 1}
	for _, c := range []struct {
		name, zone, from, want string
		validity               topics.Validity
	}{
		{"L1", "Asia/Shanghai", "2025-05-26T11:00:55+08:00", "2026-05-27T00:00:00+08:00", year},
		{"L2", "Asia/Shanghai", "2024-02-29T10:00:00+08:00", "2025-03-01T00:00:00+08:00", year},
		{"the zone's day counts, not UTC's", "Asia/Shanghai", "2025-05-26T16:00:00Z", "2026-05-28T00:00:00+08:00", year},
		{"end of month", "Asia/Shanghai", "2025-01-31T10:00:00+08:00", "2025-03-01T00:00:00+08:00", topics.Validity{Months: 1}},
		{"months over the year", "Asia/Shanghai", "2025-11-30T10:00:00+08:00", "2027-03-01T00:00:00+08:00", topics.Validity{Months: 15}},
		{"days", "Asia/Shanghai", "2025-12-31T10:00:00+08:00", "2026-01-31T00:00:00+08:00", topics.Validity{Days: 30}},
		{"rounded to a month", "Asia/Shanghai", "2025-05-26T11:00:55+08:00", "2026-06-01T00:00:00+08:00", topics.Validity{Years: 1, Rounding: topics.RoundMonth}},
		{"rounded to a quarter", "Asia/Shanghai", "2025-05-26T11:00:55+08:00", "2026-07-01T00:00:00+08:00", topics.Validity{Years: 1, Rounding: topics.RoundQuarter}},
		{"rounded to a year", "Asia/Shanghai", "2025-05-26T11:00:55+08:00", "2027-01-01T00:00:00+08:00", topics.Validity{Years: 1, Rounding: topics.RoundYear}},
		{"29 Feb rounded to a month", "Asia/Shanghai", "2024-02-29T11:00:00+08:00", "2025-03-01T00:00:00+08:00", topics.Validity{Years: 1, Rounding: topics.RoundMonth}},
		{"midnight skipped", "America/Sao_Paulo", "2016-10-14T12:00:00-03:00", "2017-10-15T01:00:00-02:00", year},
		{"midnight twice", "America/Havana", "2022-11-05T12:00:00-04:00", "2023-11-06T00:00:00-05:00", year},
		{"midnight twice on the day itself", "America/Havana", "2022-11-04T12:00:00-04:00", "2023-11-05T00:00:00-04:00", year},
		{"a day skipped", "Pacific/Apia", "2010-12-29T12:00:00-11:00", "2011-12-31T00:00:00+14:00", year},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, _ := time.Parse(time.RFC3339, c.from)
			want, _ := time.Parse(time.RFC3339, c.want)
			if got := c.validity.ExpiresAt(from, zone(t, c.zone)); !got.Equal(want) {
				t.Errorf("got %s, want %s", got.Format(time.RFC3339), c.want)
			}
		})
	}
	if got := (topics.Validity{Rounding: topics.RoundYear}).ExpiresAt(time.Now(), time.UTC); !got.IsZero() {
		t.Errorf("no validity: got %s, want never", got)
	}
}
