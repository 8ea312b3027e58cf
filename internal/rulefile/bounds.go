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

// budget reads the most points that a campaign adds: {points}. Two of them on one rule would each have to know what the
// other gave, so only those of one group, of which one counts, may have a budget.
func (b *book) budget(s *section, c *topics.Campaign) int64 {
	g := s.child("budget", "points")
	if g == nil || g.broken || !g.has("points", "a whole number of at least 1") {
		return 0
	}
	points := g.integer("points", 1, math.MaxInt64)
	if s.fields["multiplier"] != nil && c.Multiplier.Cmp(topics.One()) <= 0 {
		s.fault(s.fields["budget"], fmt.Sprintf("%s: a campaign at multiplier %s adds no points", g.path, c.Multiplier), "a multiplier above 1, or no budget")
	}
	for i := range b.out.Campaigns {
		other := &b.out.Campaigns[i]
		if other.Budget == 0 || other.Group == c.Group {
			continue
		}
		for id := range b.rules {
			if appliesTo(*other, id) && appliesTo(*c, id) {
				s.fault(s.fields["budget"], fmt.Sprintf("%s: campaign %q of another group has a budget on the same rules", g.path, other.ID), "one budget a rule, or both campaigns in one group")
				return points
			}
		}
	}
	return points
}
