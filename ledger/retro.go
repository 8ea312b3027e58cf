package ledger

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// TypeRetro is the type of the cause of what a retro run does.
const TypeRetro = "jifen.retro"

// errRetro is a retro request that says nothing of an order.
var errRetro = errors.New("retro request without a run, or without the event of an order of its account's member")

// NewRetro names the states of a retro request; its marks are those of the run on this event.
func NewRetro(account string, q *pointspb.RetroRequest) (Event, error) {
	ev := q.GetCredit()
	if q.GetRun() == "" || ev.GetCause() == nil || ev.Order == nil || ev.Refund != nil || ev.Account != account {
		return Event{}, errRetro
	}
	e, err := NewEvent(ev)
	e.marks, e.marked = Marks("jifen", retroID(q, q.Undo), "", ev.Cause.OccurredAt)
	return e, err
}

// RetroOf is the run that a cause names by its type and id, and whether it is the run's undoing; empty: it names none.
func RetroOf(typ, id string) (run string, undo bool) {
	step, rest, _ := strings.Cut(id, " ")
	if typ != TypeRetro {
		return "", false
	}
	run, _, _ = strings.Cut(rest, " ")
	return run, step == "retro-undo"
}

func retroID(q *pointspb.RetroRequest, undo bool) string {
	step := "retro "
	if undo {
		step = "retro-undo "
	}
	return step + q.Run + " " + q.Credit.Cause.Source + " " + q.Credit.Cause.Id
}

// retro is what a run makes of one order, or what its undoing does (V3). The rules of the order go by the run's version
// from then on, and the difference to what they have given is booked. Neither tier nor metric, cap nor budget changes.
func (d *Decision) retro(r *pointspb.Request, q *pointspb.RetroRequest) (*Decision, error) {
	ev, err := NewRetro(r.Account, q)
	if err != nil {
		return nil, err
	}
	c := &credit{Decision: d, desk: new(Desk), event: ev.CreditEvent, m: d.world.Member(ev.ID), key: ev.OrderKey}
	if c.book = d.moment.Books.Version(ev.Version); c.book == nil {
		return nil, fmt.Errorf("retro run %s under version %q, which is no published one", q.Run, ev.Version)
	}
	from := ev.Cause
	d.marks = ev.Marks()
	d.cause = &pointspb.Cause{
		Source: "jifen", Id: retroID(q, q.Undo), Type: TypeRetro, OccurredAt: from.OccurredAt, Backfill: "retro " + q.Run, Run: q.Run,
		Store: from.Store, Channel: from.Channel, Traceparent: r.Traceparent,
	}
	undone, n := Marks("jifen", retroID(q, true), "", from.OccurredAt)
	o := c.m.Order(c.key)
	switch {
	case o == nil || !o.Paid:
		return d.refuse(UnknownOrder), nil
	case c.m.saw(d.marks) || c.m.saw(undone[:n]) || !q.Undo && o.run(q.Run):
		return d.refuse(Duplicate), nil
	case !o.is(ev.CreditEvent):
		return d.refuse(Conflict), nil
	}
	var steps []retroStep
	if q.Undo {
		steps, err = c.undone(o, q.Run)
	} else {
		steps, err = c.rerun(o)
	}
	if err != nil {
		return nil, fmt.Errorf("retro run %s: %w", q.Run, err)
	}
	return d, c.bookRetro(o, q, steps)
}

// is says that an event is the one that made the order.
func (o *Order) is(ev *pointspb.CreditEvent) bool {
	return o.At == ev.Cause.OccurredAt && slices.EqualFunc(o.Lines, ev.Order.Lines, func(l OrderLine, x *pointspb.OrderLine) bool {
		return l.ID == x.Id && l.Net == x.Net && l.Eligible == x.Eligible
	})
}

// retroStep is what happens to one rule of the order: points are given if delta > 0, and taken back if it is < 0.
type retroStep struct {
	rule       string
	delta      int64
	gives      int64                // for what is kept
	pin        *Grant               // the arithmetic by which the rule goes; nil: it gives nothing
	arithmetic *pointspb.Arithmetic // of the whole order
}

// rerun decides each rule that the version has for the order, or that gave points for it.
func (c *credit) rerun(o *Order) ([]retroStep, error) {
	found, err := c.again(o)
	if err != nil {
		return nil, err
	}
	var steps []retroStep
	for _, x := range found {
		steps = append(steps, retroStep{rule: x.Rule, arithmetic: &x.arithmetic})
	}
	for i := range o.Grants {
		rule := o.Grants[i].Rule
		if !o.budgeted(rule) && !slices.ContainsFunc(steps, func(s retroStep) bool { return s.rule == rule }) {
			steps = append(steps, retroStep{rule: rule, arithmetic: &pointspb.Arithmetic{Mode: string(topics.ModeFixed)}})
		}
	}
	for i := range steps {
		s := &steps[i]
		pin := pinOf(s.rule, c.book.Version, s.arithmetic)
		s.pin = &pin
		if s.gives, err = o.earns(s.pin); err != nil {
			return nil, err
		}
		old, _ := o.governing(s.rule, "")
		had, err := o.earns(old)
		if err != nil {
			return nil, err
		}
		// What a cap or a budget took of the earlier award stays taken: only what the arithmetic changes is given.
		net := o.net(s.rule)
		if old == nil && bounded(c.book, s.rule) { // a cap may have left nothing of its award, which then has no trace
			had = s.gives
		}
		if had = max(had, net); s.gives > had {
			s.delta = s.gives - had
		} else {
			s.delta = min(0, s.gives-net)
		}
	}
	return steps, c.fits(given(found, steps))
}

// budgeted says that a campaign's budget gave, or is yet to give, a part of what a rule gave: a run leaves such a rule as it
// is, for only the budget can say what is left for it.
func (o *Order) budgeted(rule string) bool {
	return slices.Contains(o.Asked, rule) || slices.ContainsFunc(o.Grants, func(g Grant) bool { return g.Rule == rule && g.LessDen != 0 })
}

// bounded says that a rule has a cap or a limit.
func bounded(book *topics.Rulebook, rule string) bool {
	r := ruleNamed(book, rule)
	return r != nil && (r.Cap != topics.Cap{} || r.Limit != topics.Limit{})
}

// given are the awards with what the run would give of them.
func given(found []award, steps []retroStep) []award {
	var all []award
	for i, x := range found {
		if n := steps[i].delta; n > 0 {
			all = append(all, award{x.Candidate, &slip{arithmetic: pointspb.Arithmetic{Awarded: n}}})
		}
	}
	return all
}

// again are the candidates that hold for the order under the run's version, with their amounts for the whole of it, at the
// tier held just before it.
func (c *credit) again(o *Order) ([]award, error) {
	tier := c.m.tierBefore(c.book, o.At)
	var found []award
	for _, k := range c.event.Candidates {
		if len(k.Tiers) > 0 && !slices.Contains(k.Tiers, tier) || k.FirstOrder && !c.wasFirst(o, k.Rule) {
			continue
		}
		if k.Budget != nil || o.budgeted(k.Rule) || k.ToReferrer { // a referral is the sharer's, decided once
			continue
		}
		x := &slip{}
		if err := c.compute(&x.arithmetic, k, tier, &x.tier); err != nil {
			return nil, err
		}
		found = append(found, award{k, x})
	}
	return stack(found), nil
}

// tierBefore is the tier held just before an order: its own rise stands at its very instant.
func (a *Account) tierBefore(book *topics.Rulebook, t int64) string {
	before, at := a.Tier(book, t-1), a.Tier(book, t)
	if levelNamed(book, at) > levelNamed(book, before) {
		return before
	}
	return at
}

// wasFirst says that an order was its member's first one, as far as it is known still: a rule for first orders gave points
// for it, or no other order counts.
func (c *credit) wasFirst(o *Order, rule string) bool {
	if slices.ContainsFunc(o.Grants, func(g Grant) bool { return g.Rule == rule }) {
		return true
	}
	var orders int32
	for _, y := range c.m.Years {
		orders += y.Orders
	}
	for i := range c.m.PendingOrders {
		orders += c.m.PendingOrders[i].Orders
	}
	return o.Counted && orders == 1
}

// undone decides the rules that the run governs still: what is kept earns again what it did before the run, and no more
// than the rule had given. What the run did to others a later run has replaced.
func (c *credit) undone(o *Order, run string) ([]retroStep, error) {
	var steps []retroStep
	for i := range o.Retros {
		t := &o.Retros[i]
		if now, _ := o.governing(t.Pin.Rule, ""); t.Run != run || t.Undone || now != &t.Pin {
			continue
		}
		s := retroStep{rule: t.Pin.Rule}
		var most int64
		s.pin, most = o.governing(s.rule, run)
		earns, err := o.earns(s.pin)
		if err != nil {
			return nil, err
		}
		s.gives = min(earns, most)
		s.delta = min(s.gives-o.net(s.rule), t.Taken)
		if s.pin != nil {
			s.arithmetic = s.pin.arithmetic()
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// governing is the arithmetic by which a rule of the order goes: that of the last run that is not undone, else that of the
// rule's own award; nil: it gives nothing. Undone runs leave no more than the rule had given before them. The run named
// without counts as undone.
func (o *Order) governing(rule, without string) (pin *Grant, most int64) {
	most = math.MaxInt64
	for i := len(o.Retros) - 1; i >= 0; i-- {
		switch t := &o.Retros[i]; {
		case t.Pin.Rule != rule:
		case t.Undone || t.Run == without:
			most = min(most, t.Before)
		default:
			return &t.Pin, most
		}
	}
	for i := range o.Grants {
		if g := &o.Grants[i]; g.Rule == rule && !o.ofRun(g.Lot) {
			return g, most
		}
	}
	return nil, most
}
