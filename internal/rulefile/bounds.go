package rulefile

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"jifen/topics"
)

// cap reads the most points of a rule in a period: {points, per}.
func (s *section) cap() (out topics.Cap) {
	c := s.child("cap", "points", "per")
	if c == nil || c.broken {
		return out
	}
	out.Per = c.period()
	if c.has("points", "a whole number of at least 1") {
		out.Points = c.integer("points", 1, math.MaxInt64)
	}
	return out
}

// limit reads how often a rule gives points in a period: {times, per, by}, by a property of its events.
func (s *section) limit(on string, sh shape, known bool) (out topics.Limit) {
	l := s.child("limit", "times", "per", "by")
	if l == nil || l.broken {
		return out
	}
	out.Per = l.period()
	if l.has("times", "a whole number of at least 1") {
		out.Times = l.integer("times", 1, math.MaxInt64)
	}
	out.By = l.word("by")
	if out.By == "" || !known || slices.Contains(sh.by, out.By) {
		return out
	}
	expected := "a limit without by"
	if len(sh.by) > 0 {
		expected = "one of " + strings.Join(sh.by, ", ")
	}
	l.fault(l.fields["by"], fmt.Sprintf("%s: events %s have no %s to count by", l.of("by"), on, out.By), expected)
	out.By = ""
	return out
}

// period reads the calendar period that a cap or limit is for.
func (s *section) period() topics.Period {
	var words []string
	for _, p := range topics.Periods() {
		words = append(words, string(p))
	}
	if !s.has("per", "one of "+strings.Join(words, ", ")) {
		return topics.PerDay
	}
	return topics.Period(s.choice("per", words...))
}
