package rulefile

import (
	"fmt"
	"math"
	"regexp"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"jifen/topics"
)

var periods = regexp.MustCompile(`^(?:([1-9][0-9]{0,2})y)?(?:([1-9][0-9]{0,3})m)?(?:([1-9][0-9]{0,4})d)?$`)

// validity reads how long a lot lives; nil where the section does not say.
func (s *section) validity() *topics.Validity {
	v := s.child("validity", "period", "rounding", "from")
	if v == nil {
		return nil
	}
	const expected = "years, months and days such as 1y, 18m or 90d"
	out := &topics.Validity{Rounding: topics.Rounding(v.choice("rounding",
		string(topics.RoundDay), string(topics.RoundMonth), string(topics.RoundQuarter), string(topics.RoundYear)))}
	out.FromEarning = v.choice("from", "activation", "earning") == "earning"
	if !v.has("period", expected) {
		return out
	}
	text := v.value("period", expected)
	if text == "" {
		return out
	}
	m := periods.FindStringSubmatch(text)
	if m == nil {
		v.fault(v.fields["period"], fmt.Sprintf("%s: %q is no period", v.of("period"), text), expected)
		return out
	}
	for i, part := range []*int{&out.Years, &out.Months, &out.Days} {
		// The expression left at most five digits or none, so a fault of Atoi means none.
		*part, _ = strconv.Atoi(m[i+1])
	}
	return out
}

// levels reads the tiers; a book without them has one, at multiplier 1.
func (b *book) levels(s *section) {
	t := &b.out.Tiers
	*t = topics.Tiers{Metric: "spend", Window: topics.CalendarYear, Keep: "end_of_next_year", Downgrade: topics.DowngradeBest}
	if s == nil {
		t.Levels = []topics.Level{{ID: "normal", Multiplier: topics.One()}}
		b.tiers["normal"] = true
		return
	}
	t.Metric = s.choice("metric", "spend", "paid_orders")
	t.Window = topics.Window(s.choice("window", string(topics.CalendarYear), string(topics.Rolling), string(topics.Anniversary)))
	s.choice("keep", t.Keep)
	t.Downgrade = topics.Downgrade(s.choice("downgrade", string(topics.DowngradeBest), string(topics.DowngradeOneDown)))
	t.CountPending = s.flag("count_pending")
	t.Membership = s.choice("ruled_by", "metric", "membership") == "membership"
	if !s.has("levels", "a list of levels, the first from 0") {
		return
	}
	for i, n := range s.list("levels") {
		b.level(n, fmt.Sprintf("spec.tiers.levels[%d]", i))
	}
}

func (b *book) level(n ast.Node, path string) {
	s := b.section(n, path, "id", "from", "multiplier")
	l := topics.Level{ID: s.id("id"), Multiplier: s.multiplier("multiplier", b.out.MaxMultiplier)}
	if s.has("from", "the metric from which the level holds") {
		l.From = s.integer("from", 0, math.MaxInt64)
	}
	levels := b.out.Tiers.Levels
	switch {
	case s.broken || s.fields["from"] == nil:
	case len(levels) == 0 && l.From != 0:
		s.fault(s.fields["from"], fmt.Sprintf("%s.from is %d", path, l.From), "0: the first level holds from the start")
	case len(levels) > 0 && l.From <= levels[len(levels)-1].From:
		s.fault(s.fields["from"], fmt.Sprintf("%s.from: %d is not above the level before it", path, l.From), "levels in ascending order")
	}
	if l.ID != "" && b.tiers[l.ID] {
		s.fault(s.fields["id"], fmt.Sprintf("%s.id: tier %q stands here twice", path, l.ID), "each tier once")
	}
	b.tiers[l.ID] = true
	b.out.Tiers.Levels = append(levels, l)
}
