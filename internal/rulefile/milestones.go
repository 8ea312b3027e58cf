package rulefile

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"

	"jifen/topics"
)

// availableMost is the highest threshold of a milestone: far above what a member can come to hold by earning.
const availableMost = 1_000_000_000_000_000

// milestone reads a threshold coupon (R34).
func (b *book) milestone(n ast.Node, path string) {
	s := b.section(n, path, "id", "when", "per", "coupon")
	m := topics.Milestone{ID: s.id("id")}
	for _, other := range b.out.Milestones {
		if m.ID != "" && other.ID == m.ID {
			s.fault(s.fields["id"], fmt.Sprintf("%s: milestone %q stands here twice", s.of("id"), m.ID), "each milestone id once")
		}
	}
	when := s.required("when", "available")
	if when.has("available", "the spendable points at which the coupon is issued") {
		m.Available = when.integer("available", 1, availableMost)
	}
	year := string(topics.CalendarYear)
	m.Per = topics.Period(s.choice("per", year, string(topics.PerMonth), string(topics.PerQuarter), string(topics.PerEver)))
	if m.Per == topics.Period(year) {
		m.Per = topics.PerYear
	}
	m.Template = s.required("coupon", "template").id("template")
	b.out.Milestones = append(b.out.Milestones, m)
}
