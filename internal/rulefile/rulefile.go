// Package rulefile reads rulebooks and their golden cases from YAML (interfaces: "Rulebook"). Every fault of a file is
// reported at once, each with its line, its column and what was expected; nothing of a file is ignored.
package rulefile

import (
	"fmt"
	"time"
	_ "time/tzdata" // a rulebook's zone must mean the same on a machine without zone files

	"github.com/goccy/go-yaml/ast"
	"golang.org/x/text/currency"

	"jifen/rules"
	"jifen/topics"
)

// The envelope of a rulebook.
const (
	apiVersion = "jifen/v1"
	kindBook   = "Rulebook"
)

// book reads one rulebook; later sections ask what earlier ones named.
type book struct {
	*document
	out        *topics.Rulebook
	rules      map[string]bool
	tiers      map[string]bool
	campaigns  map[string]bool // ids, of earn and redeem
	ruleNodes  []ast.Node
	rebateNode ast.Node // nil: the book has none
}

// Parse reads a rulebook; name is the file's, for messages. The error is Faults.
func Parse(name string, data []byte) (*topics.Rulebook, error) {
	d, top := open(name, data)
	if top == nil {
		return nil, d.faults.sorted()
	}
	b := &book{document: d, out: &topics.Rulebook{}, rules: map[string]bool{}, tiers: map[string]bool{}, campaigns: map[string]bool{}}
	s := d.section(top, "", "apiVersion", "kind", "metadata", "spec")
	s.envelope(kindBook)
	meta := s.required("metadata", "name", "version")
	b.out.Name, b.out.Version = meta.id("name"), meta.id("version")
	b.spec(s.required("spec", "effective_from", "timezone", "currency", "validity", "clawback", "tiers", "rules", "campaigns",
		"rebate", "milestones", "max_multiplier", "point_cost", "notices", "no_expiry_without_notice", "leaderboard", "abuse"))
	if len(d.faults) == 0 {
		b.arithmetic()
	}
	if len(d.faults) > 0 {
		return nil, d.faults.sorted()
	}
	return b.out, nil
}

// envelope checks apiVersion and kind.
func (s *section) envelope(kind string) {
	for _, field := range [][2]string{{"apiVersion", apiVersion}, {"kind", kind}} {
		key, want := field[0], field[1]
		if !s.has(key, want) {
			continue
		}
		if got := s.value(key, want); got != "" && got != want {
			s.fault(s.fields[key], fmt.Sprintf("%s is %q", key, got), want)
		}
	}
}

func (b *book) spec(s *section) {
	if s.has("effective_from", "the time from which the version holds") {
		b.out.From = s.instant("effective_from")
	}
	b.place(s)
	b.out.Clawback = topics.Clawback(s.choice("clawback", string(topics.ClawbackDebt), string(topics.ClawbackBalance), string(topics.ClawbackOnlyPending)))
	if v := s.validity(); v != nil {
		b.out.Validity = *v
	}
	b.out.PointCost = s.ratio("point_cost", topics.Ratio{Num: 0, Den: 1})
	b.out.MaxMultiplier = s.ratio("max_multiplier", topics.NoMaximum())
	if b.out.MaxMultiplier.Cmp(topics.One()) < 0 {
		s.fault(s.fields["max_multiplier"], "spec.max_multiplier: "+b.out.MaxMultiplier.String()+" is below 1", "at least 1")
		b.out.MaxMultiplier = topics.NoMaximum()
	}
	b.notices(s)
	b.leaderboard(s.child("leaderboard", "periods"))
	b.levels(s.child("tiers", "metric", "window", "keep", "downgrade", "count_pending", "ruled_by", "levels"))
	if s.has("rules", "a list of rules") {
		b.ruleNodes = s.list("rules")
	}
	for i, n := range b.ruleNodes {
		b.rule(n, fmt.Sprintf("spec.rules[%d]", i))
	}
	b.rebate(s)
	for i, n := range s.list("campaigns") {
		b.campaign(n, fmt.Sprintf("spec.campaigns[%d]", i))
	}
	for i, n := range s.list("milestones") {
		b.milestone(n, fmt.Sprintf("spec.milestones[%d]", i))
	}
	b.abuses(s)
}

// place reads the program's time zone and currency.
func (b *book) place(s *section) {
	const aZone = "an IANA time zone such as Asia/Shanghai"
	if s.has("timezone", aZone) {
		if v := s.value("timezone", aZone); v != "" {
			zone, err := time.LoadLocation(v)
			if err != nil || v == "Local" {
				s.fault(s.fields["timezone"], fmt.Sprintf("spec.timezone: there is no zone %q", v), aZone)
			}
			b.out.Zone = zone
		}
	}
	const aCurrency = "an ISO 4217 code such as CNY"
	if s.has("currency", aCurrency) {
		if v := s.value("currency", aCurrency); v != "" {
			if unit, err := currency.ParseISO(v); err != nil || unit.String() != v {
				s.fault(s.fields["currency"], fmt.Sprintf("spec.currency: there is no currency %q", v), aCurrency)
			}
			b.out.Currency = v
		}
	}
}

// arithmetic refuses a book whose awards could leave 64 bits: the largest event at the largest multiplier must fit, so
// that no event can stop a shard. It runs on a book that is right otherwise.
func (b *book) arithmetic() {
	if _, err := rules.CompileWith(b.out, Condition); err != nil {
		b.faultAt(1, 1, err.Error(), "multipliers with fewer digits")
		return
	}
	for i, r := range b.out.Rules {
		m, most := b.highest(r), int64(topics.AmountMax)
		if r.On == topics.TypeOrderPaid {
			most *= topics.LinesMax
		}
		if _, err := topics.Award(r.Mode, r.Points, r.Per, most, most, m); err != nil {
			b.fault(b.ruleNodes[i], fmt.Sprintf("rule %s: the largest event at multiplier %s earns more points than can be counted", r.ID, m), "fewer points or a larger step")
		}
	}
}

// highest is the largest multiplier that a rule's award can meet.
func (b *book) highest(r topics.Rule) topics.Ratio {
	m := topics.One()
	groups := map[string]topics.Ratio{}
	for _, c := range b.out.Campaigns {
		if g, ok := groups[c.Group]; appliesTo(c, r.ID) && (!ok || g.Cmp(c.Multiplier) < 0) {
			groups[c.Group] = c.Multiplier
		}
	}
	for _, g := range groups {
		if g.Cmp(topics.One()) > 0 {
			m = m.Mul(g)
		}
	}
	if r.TierMultiplier {
		top := topics.One()
		for _, l := range b.out.Tiers.Levels {
			if l.Multiplier.Cmp(top) > 0 {
				top = l.Multiplier
			}
		}
		m = m.Mul(top)
	}
	if m.Cmp(b.out.MaxMultiplier) > 0 {
		return b.out.MaxMultiplier
	}
	return m
}
