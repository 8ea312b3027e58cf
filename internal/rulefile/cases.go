package rulefile

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"jifen/ledger"
	"jifen/rules"
	"jifen/topics"
	"jifen/topics/pointspb"
)

const kindCases = "RulebookCases"

// Result is how a golden case came out: the points of each rule that gives any, and until when those wait that are
// pending: an instant in the book's zone, or `completed`.
type Result struct {
	Name        string            `json:"name"`
	Line        int               `json:"line"`
	Tier        string            `json:"tier"`
	Want        map[string]int64  `json:"want"`
	Got         map[string]int64  `json:"got"`
	WantPending map[string]string `json:"want_pending,omitempty"`
	GotPending  map[string]string `json:"got_pending,omitempty"`
	WantAbuse   []string          `json:"want_abuse,omitempty"` // abuse rules that are met, in order
	GotAbuse    []string          `json:"got_abuse,omitempty"`
	Passed      bool              `json:"passed"`
}

// golden is one case: an event of a member at a tier, and what each rule should give.
type golden struct {
	name, tier string
	line       int
	first      bool
	bought     bool // what is reviewed
	event      topics.Event
	want       map[string]int64
	pending    map[string]string
	times      int // events like it
	abuse      []string
}

// RunCases evaluates a file of golden cases under a book. The error is Faults of that file, or an award that failed; a
// case that came out otherwise than expected is a Result that did not pass.
func RunCases(b *topics.Rulebook, name string, data []byte) ([]Result, error) {
	compiled, err := rules.CompileWith(b, Condition)
	if err != nil {
		return nil, err
	}
	cases, err := parseCases(b, name, data)
	if err != nil {
		return nil, err
	}
	results := make([]Result, 0, len(cases))
	for _, c := range cases {
		got, abuse := map[string]int64{}, []string(nil)
		if !c.event.Time.Before(b.From) {
			if got, err = evaluated(b, compiled, c); err == nil {
				abuse, err = met(b, compiled, c, got)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: case %q: %w", name, c.line, c.name, err)
		}
		pending := windows(b, got, c.event.Time)
		results = append(results, Result{
			Name: c.name, Line: c.line, Tier: c.tier, Want: c.want, Got: got, WantPending: c.pending, GotPending: pending,
			WantAbuse: c.abuse, GotAbuse: abuse,
			Passed: maps.Equal(got, c.want) && maps.Equal(pending, c.pending) && slices.Equal(abuse, c.abuse),
		})
	}
	return results, nil
}

// evaluated is what each rule gives for the event of a case.
func evaluated(b *topics.Rulebook, compiled *rules.Book, c golden) (map[string]int64, error) {
	e, err := compiled.EvaluateAt(new(rules.Desk), &c.event)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	return awards(b, e, c)
}

// completed stands for the instant at which an order is completed.
const completed = "completed"

// windows says until when the points of an event wait, of each rule that gives points and has a window.
func windows(b *topics.Rulebook, points map[string]int64, at time.Time) map[string]string {
	var pending map[string]string
	for i := range b.Rules {
		r := &b.Rules[i]
		if points[r.ID] == 0 || r.Pending.IsZero() {
			continue
		}
		if pending == nil {
			pending = map[string]string{}
		}
		pending[r.ID] = completed
		if active := r.Pending.ActiveAt(at.UnixMilli()); active != 0 {
			pending[r.ID] = instant(b, time.UnixMilli(active))
		}
	}
	return pending
}

func instant(b *topics.Rulebook, t time.Time) string {
	return t.In(b.Zone).Format("2006-01-02T15:04:05.999Z07:00")
}

// awards is what the candidates give a member of the case's tier who holds nothing else: what the ledger would book.
func awards(b *topics.Rulebook, e *pointspb.CreditEvent, c golden) (map[string]int64, error) {
	type award struct {
		*pointspb.Candidate
		points int64
	}
	best := map[string]award{}
	for i, candidate := range e.Candidates {
		if (candidate.FirstOrder || candidate.ToReferrer) && !c.first || candidate.Verified && !c.bought || len(candidate.Tiers) > 0 && !slices.Contains(candidate.Tiers, c.tier) {
			continue
		}
		points, err := awardAt(b, candidate, c.tier)
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", candidate.Rule, err)
		}
		group := candidate.Exclusive
		if group == "" {
			group = fmt.Sprintf("\x1f%d", i)
		}
		a := award{candidate, points}
		if top, ok := best[group]; !ok || cmp.Or(cmp.Compare(points, top.points), cmp.Compare(a.Priority, top.Priority), -cmp.Compare(a.Rule, top.Rule)) > 0 {
			best[group] = a
		}
	}
	points := map[string]int64{}
	for _, a := range best {
		if a.points > 0 {
			points[a.Rule] = capped(b, a.Rule, a.points)
		}
	}
	return points, nil
}

// capped is what a rule's cap leaves of its first award of a period.
func capped(b *topics.Rulebook, rule string, points int64) int64 {
	for i := range b.Rules {
		if r := &b.Rules[i]; r.ID == rule && r.Cap.Points > 0 {
			return min(points, r.Cap.Points)
		}
	}
	return points
}

func awardAt(b *topics.Rulebook, c *pointspb.Candidate, tier string) (int64, error) {
	campaigns, _ := ledger.CampaignsOf(c, tier)
	points, err := awardBy(b, c, tier, campaigns)
	budget := ledger.BudgetOf(c, tier)
	if err != nil || budget == nil {
		return points, err
	}
	without, err := awardBy(b, c, tier, budget.Less)
	if campaign := b.CampaignNamed(budget.Campaign); campaign != nil {
		points = without + min(points-without, campaign.Budget)
	}
	return points, err
}

// awardBy is what a candidate gives by its campaigns' multiplier; nil: none.
func awardBy(b *topics.Rulebook, c *pointspb.Candidate, tier string, campaigns *pointspb.Ratio) (int64, error) {
	m := topics.One()
	if campaigns != nil {
		m = topics.Ratio{Num: campaigns.Num, Den: campaigns.Den}
	}
	if i := slices.IndexFunc(b.Tiers.Levels, func(l topics.Level) bool { return l.ID == tier }); i >= 0 && c.TierMultiplier {
		m = m.Mul(b.Tiers.Levels[i].Multiplier)
	}
	if m.Valid() && m.Cmp(b.MaxMultiplier) > 0 {
		m = b.MaxMultiplier
	}
	return topics.Award(topics.Mode(c.Mode), c.Points, c.Per, c.Eligible, c.Quantity, m)
}

func parseCases(b *topics.Rulebook, name string, data []byte) ([]golden, error) {
	d, top := open(name, data)
	if top == nil {
		return nil, d.faults.sorted()
	}
	s := d.section(top, "", "apiVersion", "kind", "cases")
	s.envelope(kindCases)
	var cases []golden
	if s.has("cases", "a list of cases") {
		for i, n := range s.list("cases") {
			cases = append(cases, d.golden(n, fmt.Sprintf("cases[%d]", i), b))
		}
	}
	if len(d.faults) > 0 {
		return nil, d.faults.sorted()
	}
	return cases, nil
}

func (d *document) golden(n ast.Node, path string, b *topics.Rulebook) golden {
	s := d.section(n, path, "name", "tier", "first_order", "bought", "shared", "event", "points", "pending", "times", "abuse")
	line, _ := position(n)
	c := golden{line: line, want: map[string]int64{}, first: s.flag("first_order"), bought: s.flag("bought")}
	if s.has("name", "what the case shows") {
		c.name = s.value("name", "what the case shows")
	}
	levels := make([]string, len(b.Tiers.Levels))
	for i, l := range b.Tiers.Levels {
		levels[i] = l.ID
	}
	c.tier = s.choice("tier", levels...)
	s.event(&c.event)
	s.shared(&c.event)
	if v := c.event.Data.Currency; v != "" && v != b.Currency {
		s.fault(s.fields["event"], s.of("event")+": its currency is "+v, b.Currency+", the book's")
	}
	ids := make([]string, len(b.Rules))
	for i, r := range b.Rules {
		ids[i] = r.ID
	}
	points := s.required("points", ids...)
	for key := range points.fields {
		if v := points.integer(key, 0, math.MaxInt64); v > 0 {
			c.want[key] = v
		}
	}
	c.pending = s.windows(b, ids)
	s.abuse(&c, b)
	return c
}

// windows reads until when the points of rules should wait; a rule that is not listed should have no window.
func (s *section) windows(b *topics.Rulebook, rules []string) map[string]string {
	p := s.child("pending", rules...)
	if p == nil {
		return nil
	}
	want := map[string]string{}
	for rule := range p.fields {
		if v, ok := scalar(p.fields[rule]); ok && v == completed {
			want[rule] = completed
		} else if t := p.instant(rule); !t.IsZero() {
			want[rule] = instant(b, t)
		}
	}
	return want
}
