// Package rulediff says what changed between two rulebooks: what they mean, not how they are written. Order, comments and
// layout of the files do not count, for no rule asks about them.
package rulediff

import (
	"slices"

	"jifen/topics"
)

// How a thing changed.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// Change is one thing of the books that is not the same: the book itself (no id), a tier, a rule, a campaign, a milestone or an abuse rule.
type Change struct {
	Change string  `json:"change"` // added | removed | changed
	Thing  string  `json:"thing"`  // book | tier | rule | campaign | milestone | abuse
	ID     string  `json:"id,omitempty"`
	Fields []Field `json:"fields"`
}

// Field is a property that differs, in words; of what was added or removed, every property that says something. Money is
// in the currency's own decimals, rates are exact, times are in the book's zone.
type Field struct {
	Name string `json:"field"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// Diff lists what is not the same in two books: the book's own properties, then tiers, rules, campaigns, milestones and abuse rules, each in the
// order of the new book, with what was removed at the end.
func Diff(x, y *topics.Rulebook) []Change {
	var all []Change
	if fields := differing(bookOf(x), bookOf(y)); len(fields) > 0 {
		all = append(all, Change{Change: Changed, Thing: "book", Fields: fields})
	}
	all = append(all, things("tier", tiersOf(x), tiersOf(y))...)
	all = append(all, things("rule", rulesOf(x), rulesOf(y))...)
	all = append(all, things("campaign", append(campaignsOf(x), redeemOf(x)...), append(campaignsOf(y), redeemOf(y)...))...)
	all = append(all, things("milestone", milestonesOf(x), milestonesOf(y))...)
	return append(all, things("abuse", abuseOf(x), abuseOf(y))...)
}

// thing is a tier, rule, campaign, milestone or abuse rule with its properties in words.
type thing struct {
	id         string
	properties []property
}

func things(what string, x, y []thing) []Change {
	var all []Change
	for _, n := range y {
		i := slices.IndexFunc(x, func(o thing) bool { return o.id == n.id })
		switch {
		case i < 0:
			all = append(all, Change{Added, what, n.id, differing(nil, n.properties)})
		default:
			if fields := differing(x[i].properties, n.properties); len(fields) > 0 {
				all = append(all, Change{Changed, what, n.id, fields})
			}
		}
	}
	for _, o := range x {
		if !slices.ContainsFunc(y, func(n thing) bool { return n.id == o.id }) {
			all = append(all, Change{Removed, what, o.id, differing(o.properties, nil)})
		}
	}
	return all
}

// differing are the properties whose texts differ, in the order of the list that has them.
func differing(x, y []property) []Field {
	var fields []Field
	add := func(name string) {
		if slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name }) {
			return
		}
		if f := (Field{name, textOf(x, name), textOf(y, name)}); f.Old != f.New {
			fields = append(fields, f)
		}
	}
	for _, p := range y {
		add(p.name)
	}
	for _, p := range x {
		add(p.name)
	}
	return fields
}

func textOf(list []property, name string) string {
	for _, p := range list {
		if p.name == name {
			return p.text
		}
	}
	return ""
}
