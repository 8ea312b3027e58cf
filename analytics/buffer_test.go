package analytics

import (
	"testing"
	"time"

	"jifen/topics"
)

func TestBufferWaitsForAGoodBlockOnlyWhileItFillsFast(t *testing.T) {
	began := time.Date(2026, 5, 26, 3, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		rows   int
		waited time.Duration
		due    bool
	}{
		{"nothing", 0, time.Hour, false},
		{"just come", 1, flushAfter - 1, false},
		{"quiet", 1, flushAfter, true},
		{"busy", goodRows - 1, flushAfter, true},
		{"fast", goodRows, flushAfter, false},
		{"fast, but long enough", goodRows, fillAfter, true},
		{"full", flushRows, 0, false}, // written as it fills
	} {
		var b buffer
		for range c.rows {
			b.add(&topics.Record{}, began)
		}
		if got := b.due(began.Add(c.waited)); got != c.due {
			t.Errorf("%s: due is %v", c.name, got)
		}
		if full := c.rows == flushRows; b.full() != full {
			t.Errorf("%s: full is %v", c.name, b.full())
		}
	}
}
