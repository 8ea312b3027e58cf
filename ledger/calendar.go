package ledger

import (
	"time"

	"jifen/topics"
)

// calendar remembers what the calendar of a zone says of a day: most events that are decided after each other are of the
// same one.
type calendar struct {
	zone     *time.Location
	from, to int64 // Unix ms: while clocks show that date
	year     int32

	validity topics.Validity
	expires  int64 // of a lot that becomes active on that day, by validity
	known    bool
}

// at turns to the day of an instant.
func (c *calendar) at(zone *time.Location, t int64) {
	if c.zone == zone && c.from <= t && t < c.to {
		return
	}
	shown := time.UnixMilli(t).In(zone)
	hour, minute, second := shown.Clock()
	since := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(shown.Nanosecond())
	from := t - since.Milliseconds()
	to := from + (24 * time.Hour).Milliseconds()
	start, end := shown.ZoneBounds() // where clocks change, a date may be shown twice
	if !start.IsZero() {
		from = max(from, start.UnixMilli())
	}
	if !end.IsZero() {
		to = min(to, end.UnixMilli())
	}
	*c = calendar{zone: zone, from: from, to: to, year: int32(shown.Year())}
}

// yearOf is the calendar year of an instant.
func (c *calendar) yearOf(zone *time.Location, t int64) int32 {
	c.at(zone, t)
	return c.year
}

// expiresAt is when a lot that becomes active at t expires, Unix ms, 0 = never (L1, L2).
func (c *calendar) expiresAt(v topics.Validity, zone *time.Location, t int64) int64 {
	c.at(zone, t)
	if !c.known || c.validity != v {
		c.validity, c.expires, c.known = v, 0, true
		if at := v.ExpiresAt(time.UnixMilli(t), zone); !at.IsZero() {
			c.expires = at.UnixMilli()
		}
	}
	return c.expires
}
