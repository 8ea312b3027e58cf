package ledger

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/topics"
)

// TestCalendarSaysWhatTheDateSays: whatever was asked before, and where clocks skip or repeat midnight, too.
func TestCalendarSaysWhatTheDateSays(t *testing.T) {
	var zones []*time.Location
	for _, name := range []string{"UTC", "Asia/Shanghai", "Europe/London", "America/Sao_Paulo", "Asia/Beirut", "America/Havana", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	validities := []topics.Validity{
		{Years: 1, Rounding: topics.RoundDay}, {Months: 3, Rounding: topics.RoundMonth}, {Days: 30, Rounding: topics.RoundDay}, {},
	}
	rapid.Check(t, func(r *rapid.T) {
		var c calendar
		at := rapid.Int64Range(0, time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()).Draw(r, "start")
		for range rapid.IntRange(1, 100).Draw(r, "questions") {
			at += rapid.Int64Range(-7_200_000, 50_000_000).Draw(r, "ms later")
			zone, v := rapid.SampledFrom(zones).Draw(r, "zone"), rapid.SampledFrom(validities).Draw(r, "validity")
			when := time.UnixMilli(at)
			if got, want := c.yearOf(zone, at), when.In(zone).Year(); int(got) != want {
				r.Fatalf("%s in %s: year %d, want %d", when.UTC(), zone, got, want)
			}
			want := int64(0)
			if e := v.ExpiresAt(when, zone); !e.IsZero() {
				want = e.UnixMilli()
			}
			if got := c.expiresAt(v, zone, at); got != want {
				r.Fatalf("%s in %s by %+v: expires at %d, want %d", when.UTC(), zone, v, got, want)
			}
		}
	})
}
