package rulefile

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"jifen/topics"
)

// shape is what an event type has for rules to look at.
type shape struct {
	match []string // beside store, channel and tier
	modes []topics.Mode
	by    []string // what limits can count by
}

// earning are the event types that can earn. The others correct or administrate, or are seen only, as clicks are (R8):
// points for them would be points for nothing.
func earning() map[string]shape {
	fixed := []topics.Mode{topics.ModeFixed}
	every := []topics.Mode{topics.ModeStep, topics.ModeProportional, topics.ModeQuantity, topics.ModeFixed}
	return map[string]shape{
		topics.TypeOrderPaid:        {match: []string{"category", "sku", "tag", "first_order"}, modes: every},
		topics.TypeActivity:         {match: []string{"activity"}, modes: every, by: []string{topics.ByActivity}},
		topics.TypeReviewPublished:  {match: []string{"min_length", "min_pictures", "verified"}, modes: fixed, by: []string{topics.BySKU}},
		topics.TypeShareCreated:     {modes: fixed, by: []string{topics.ByProduct}},
		topics.TypeRegistered:       {modes: fixed},
		topics.TypeProfileCompleted: {modes: fixed},
		topics.TypeSurveyCompleted:  {modes: fixed, by: []string{topics.BySurvey}},
		topics.TypeSignedIn:         {modes: fixed},
		topics.TypeCouponUsed:       {modes: fixed},
	}
}

func (b *book) rule(n ast.Node, path string) {
	s := b.section(n, path, "id", "on", "match", "when", "earn", "tier_multiplier", "validity", "exclusive", "priority",
		"holdout", "pending", "within", "limit", "cap")
	r := topics.Rule{
		ID:             s.id("id"),
		TierMultiplier: s.flag("tier_multiplier"),
		Validity:       s.validity(),
		Exclusive:      s.word("exclusive"),
	}
	if s.fields["priority"] != nil {
		r.Priority = int32(s.integer("priority", math.MinInt32, math.MaxInt32))
	}
	b.unique(s, r.ID)
	sh, known := s.eventType(&r)
	r.Pending = s.pending(r.On)
	r.Cap = s.cap()
	r.When = s.when(r.On, known)
	b.outlives(s, &r)
	if h := s.child("holdout", "percent"); h != nil && h.has("percent", "a whole number from 0 to 100") {
		r.HoldoutPercent = uint32(h.integer("percent", 0, 100))
	}
	b.match(s.child("match", "category", "sku", "tag", "store", "channel", "tier", "first_order", "activity", "min_length", "min_pictures", "verified"), &r, sh, known)
	s.earn(&r, sh, known)
	s.referrer(&r, sh, known)
	b.out.Rules = append(b.out.Rules, r)
}

// unique refuses a second rule of the same id: grants, refunds and hold-outs go by it.
func (b *book) unique(s *section, id string) {
	if id == "" {
		return
	}
	if b.rules[id] {
		s.fault(s.fields["id"], fmt.Sprintf("%s: rule %q stands here twice", s.of("id"), id), "each rule id once")
	}
	b.rules[id] = true
}

func (s *section) eventType(r *topics.Rule) (shape, bool) {
	types := earning()
	expected := "one of " + strings.Join(slices.Sorted(maps.Keys(types)), ", ")
	if !s.has("on", expected) {
		return shape{}, false
	}
	r.On = s.value("on", expected)
	sh, ok := types[r.On]
	if !ok && r.On != "" {
		s.fault(s.fields["on"], fmt.Sprintf("%s: no rule can earn on %q", s.of("on"), r.On), expected)
	}
	return sh, ok
}

// pendingDaysMost bounds a window: ten years.
const pendingDaysMost = 3650

// pending reads how long a rule's points wait: {days} or {until: completed}, which only orders can be.
func (s *section) pending(on string) (out topics.Pending) {
	p := s.child("pending", "days", "until")
	if p == nil || p.broken {
		return out
	}
	const expected = "{days: 7} or {until: completed}"
	days, until := p.fields["days"], p.fields["until"]
	switch {
	case days == nil && until == nil:
		p.fault(p.at, p.path+" does not say how long", expected)
	case days != nil && until != nil:
		p.fault(until, p.path+" says two windows", expected)
	case days != nil:
		out.Days = int(p.integer("days", 0, pendingDaysMost))
	case p.choice("until", "completed") != p.value("until", "completed"): // said already
	case on != "" && on != topics.TypeOrderPaid:
		p.fault(until, fmt.Sprintf("%s: events %s are not completed", p.of("until"), on), "a rule on "+topics.TypeOrderPaid)
	default:
		out.Completed = true
	}
	return out
}

// outlives refuses a validity that counts from earning and always ends before the window does; where it is rounded up, it
// depends on the day.
func (b *book) outlives(s *section, r *topics.Rule) {
	v := b.out.Validity
	if r.Validity != nil {
		v = *r.Validity
	}
	if r.Pending.Days == 0 || !v.FromEarning || v.Rounding != topics.RoundDay || b.out.Zone == nil {
		return
	}
	earned := b.out.From
	if ends := v.ExpiresAt(earned, b.out.Zone); !ends.IsZero() && ends.UnixMilli() <= r.Pending.ActiveAt(earned.UnixMilli()) {
		s.fault(s.fields["pending"], s.of("pending")+": the points would expire before they can be spent", "a longer validity, or one from activation")
	}
}

func (b *book) match(s *section, r *topics.Rule, sh shape, known bool) {
	if s == nil {
		return
	}
	for key, n := range s.fields {
		if everywhere := key == "store" || key == "channel" || key == "tier"; known && !everywhere && !slices.Contains(sh.match, key) {
			s.fault(n, fmt.Sprintf("%s: events %s have none", s.of(key), r.On), "one of "+strings.Join(append([]string{"store", "channel", "tier"}, sh.match...), ", "))
		}
	}
	m := &r.Match
	m.Category, m.SKU, m.Tag = s.texts("category"), s.texts("sku"), s.texts("tag")
	m.Store, m.Channel, m.Tier = s.texts("store"), s.texts("channel"), s.references("tier", "tier", b.tiers)
	m.Activity, m.FirstOrder = s.texts("activity"), s.flag("first_order")
	m.MinLength, m.MinPictures = s.integer("min_length", 0, math.MaxInt64), s.integer("min_pictures", 0, math.MaxInt64)
	m.Verified = s.flag("verified")
}

// earn reads one of the three ways: {points, per, mode}, {points, per_quantity} or {fixed}.
func (s *section) earn(r *topics.Rule, sh shape, known bool) {
	const expected = "{points, per, mode}, {points, per_quantity} or {fixed}"
	if !s.has("earn", expected) {
		return
	}
	e := s.child("earn", "points", "per", "mode", "per_quantity", "fixed", "to")
	r.Referrer = e.fields["to"] != nil && e.choice("to", "referrer") == "referrer"
	_, per := e.fields["per"]
	_, quantity := e.fields["per_quantity"]
	_, fixed := e.fields["fixed"]
	switch {
	case e.broken:
		return
	case per && !quantity && !fixed:
		r.Mode = topics.Mode(e.choice("mode", string(topics.ModeStep), string(topics.ModeProportional)))
		r.Points, r.Per = e.positive("points"), e.positive("per")
	case quantity && !per && !fixed:
		r.Mode, r.Points, r.Per = topics.ModeQuantity, e.positive("points"), e.positive("per_quantity")
		e.none("mode")
	case fixed && !per && !quantity:
		r.Mode, r.Points = topics.ModeFixed, e.positive("fixed")
		e.none("mode", "points")
	default:
		e.fault(e.at, e.path+" does not say one way to earn", expected)
		return
	}
	if known && !slices.Contains(sh.modes, r.Mode) {
		e.fault(e.at, fmt.Sprintf("%s: events %s have no amount or quantity to earn by", e.path, r.On), "{fixed: points}")
	}
}

// positive reads a required number above zero.
func (s *section) positive(key string) int64 {
	if !s.has(key, "a whole number of at least 1") {
		return 1
	}
	return s.integer(key, 1, math.MaxInt64)
}

// none refuses keys of another way to earn, which would look as if they counted.
func (s *section) none(keys ...string) {
	for _, key := range keys {
		if n, ok := s.fields[key]; ok {
			s.fault(n, s.of(key)+" has no meaning here", "nothing in its place")
		}
	}
}
