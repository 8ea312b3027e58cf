package ledger

import (
	"fmt"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// refund takes back what a return no longer earns: pinned to the grants of the order, cumulative by return id (§4).
func (c *credit) refund() error {
	f := c.event.Refund
	o := c.m.Order(c.key)
	if o != nil {
		if outcome, known := o.knownReturn(f); known {
			c.Outcome = outcome
			return nil
		}
	}
	c.advance(c.m)
	if o == nil || !o.Paid {
		c.Outcome = Waiting
		e := &pointspb.Entry{
			Account: c.event.Account, Kind: pointspb.Kind_REFUNDED, First: true, Version: c.event.Version, Refund: f, OrderKey: c.key,
		}
		c.watch(e)
		c.emitOf(c.m, e)
		c.accuse()
		return nil
	}
	err := c.apply(f, c.cause, true)
	c.accuse()
	return err
}

// early applies the refunds that came before their order, each under its own cause.
func (c *credit) early() error {
	for _, r := range c.waiting {
		f := r.facts(c.event.Order.Order)
		cause := &pointspb.Cause{Source: r.Source, Id: r.ID, Type: topics.TypeOrderRefunded, OccurredAt: r.At}
		if err := c.apply(f, cause, false); err != nil {
			return err
		}
	}
	return nil
}

// apply books one return of a paid order. The facts say what was really given back: never more than was kept,
// and what was asked beyond that.
func (c *credit) apply(f *pointspb.RefundFacts, cause *pointspb.Cause, first bool) error {
	o := c.m.Order(c.key)
	facts := &pointspb.RefundFacts{Order: f.Order, Refund: f.Refund}
	lines, outcome := giveBackLines(o, f)
	facts.Lines = lines
	metric := &pointspb.MetricDelta{Year: o.Year}
	kept := int64(0)
	for _, l := range o.Lines {
		if back := refunded(facts, l.ID); back > 0 {
			before := eligibleKept(l)
			l.Kept -= back
			metric.Spend -= before - eligibleKept(l)
		}
		kept += l.Kept
	}
	if kept == 0 && o.Counted {
		metric.Orders = -1
	}
	e := &pointspb.Entry{
		Account: c.event.Account, Kind: pointspb.Kind_REFUNDED, Cause: cause, Version: c.event.Version,
		First: first, Refund: facts, OrderKey: c.key, EffectiveAt: max(cause.OccurredAt, o.At),
	}
	var gone int64
	switch p := c.m.pendingOrder(o); {
	case o.Year == 0:
	case p != nil:
		if metric.Lot = p.Lot; p.Looked {
			gone = p.At
		}
		e.PendingMetric = metric
	default:
		e.Metric, e.MetricDay = metric, c.dayOf(o)
	}
	if metric.Orders < 0 {
		c.dropAnchor(e)
	}
	if first {
		c.Outcome = outcome
		c.watch(e)
	}
	c.emitOf(c.m, e)
	for i := range o.Grants {
		if o.rerun(o.Grants[i].Rule) {
			continue
		}
		if err := c.reverse(o, i, cause); err != nil {
			return err
		}
	}
	if err := c.settleRetros(o, cause); err != nil {
		return err
	}
	if kept == 0 {
		c.takeReferralBack(o, f, cause)
	}
	c.revoke(c.m.Order(c.key), cause)
	c.followReturn(c.m, c.book, max(cause.OccurredAt, o.At), gone)
	return nil
}

func refunded(f *pointspb.RefundFacts, line string) int64 {
	var n int64
	for _, l := range f.Lines {
		if l.Id == line {
			n += l.Net
		}
	}
	return n
}

// eligibleKept is the eligible amount of what is kept of a line: in proportion, rounded down, exact when nothing was paid with points.
func eligibleKept(l OrderLine) int64 {
	if l.Net == l.Eligible || l.Net == 0 {
		return min(l.Kept, l.Eligible)
	}
	return topics.Scale(l.Eligible, l.Kept, l.Net)
}

// reverse takes one grant back to what the kept amount would earn under the grant's own arithmetic (C1, C6).
func (c *credit) reverse(o *Order, i int, cause *pointspb.Cause) error {
	g := o.Grants[i]
	var kept, net int64
	for _, n := range g.Lines {
		kept += eligibleKept(o.Lines[n])
		net += o.Lines[n].Kept
	}
	quantity := keptQuantity(&g, kept, net)
	would, err := g.award(kept, quantity)
	if err != nil {
		return fmt.Errorf("clawback of %s@%s: %w", g.Rule, g.Version, err)
	}
	delta := g.Awarded - min(g.Awarded, would) - g.Reversed
	if delta <= 0 {
		return nil
	}
	postings := c.source(o, &g, delta, max(cause.OccurredAt, o.At))
	e := &pointspb.Entry{
		Account: c.event.Account, Kind: pointspb.Kind_REVERSED, Cause: cause, Rule: g.Rule, Version: g.Version, OrderKey: c.key,
		EffectiveAt: max(cause.OccurredAt, o.At), Postings: postings, Uses: c.giveBack(o, &g, delta, postings[0].Points), Granted: g.Awarded, Boards: c.boardsBefore(o, &g), Less: c.less(o, &g, postings),
		Arithmetic: &pointspb.Arithmetic{
			Mode: g.Mode, Points: g.Points, Per: g.Per, Eligible: kept, Quantity: quantity, Campaign: &pointspb.Ratio{Num: g.Num, Den: g.Den},
			Desired: delta, Awarded: postings[0].Points, KeptPoints: would, ReversedBefore: g.Reversed, Lot: g.Lot,
		},
	}
	if g.Campaign != "" {
		e.Arithmetic.Less = &pointspb.Ratio{Num: g.LessNum, Den: g.LessDen}
		e.Budget = &pointspb.BudgetFacts{Campaign: g.Campaign, Awarded: -postings[0].Points}
	}
	c.emitOf(c.m, e)
	c.give(&g, cause, postings[0].Points)
	return nil
}

// award is what a grant's own arithmetic gives for an amount and a quantity.
func (g *Grant) award(eligible, quantity int64) (int64, error) {
	x := &pointspb.Arithmetic{
		Mode: g.Mode, Points: g.Points, Per: g.Per, Eligible: eligible, Quantity: quantity, Campaign: &pointspb.Ratio{Num: g.Num, Den: g.Den},
	}
	if g.Campaign != "" {
		x.Less = &pointspb.Ratio{Num: g.LessNum, Den: g.LessDen}
	}
	return keptPoints(x)
}

// source says where the points of a clawback come from: the grant's own lot, what of it expired already, other lots in
// spend order, then debt (§4). Under only_pending it takes what was pending at the return's own time at, and nothing else:
// history comes to what would have been (decision 0030).
func (c *credit) source(o *Order, g *Grant, delta, at int64) []*pointspb.Posting {
	policy := topics.ClawbackDebt
	if c.book != nil && c.book.Clawback != "" {
		policy = c.book.Clawback
	}
	pending := policy != topics.ClawbackOnlyPending || c.pendingThen(o, g, at)
	return c.m.takeBack(g.Lot, delta, c.moment.Now, policy, pending)
}

// takeBack names where delta points of a lot come from; pending says that they were not to be spent yet.
func (a *Account) takeBack(own uint32, delta, now int64, policy topics.Clawback, pending bool) []*pointspb.Posting {
	postings := []*pointspb.Posting{{Account: pointspb.Account_REVERSED_POINTS, Points: delta}}
	take := func(from pointspb.Account, lot uint32, most int64) {
		if n := min(delta, most); n > 0 {
			delta -= n
			postings = append(postings, &pointspb.Posting{Account: from, Points: -n, Lot: lot})
		}
	}
	if policy == topics.ClawbackOnlyPending && !pending {
		return short(postings, delta)
	}
	if i, ok := a.lot(own); ok {
		take(booked(a.Lots[i]), own, a.Lots[i].Remaining)
	}
	take(pointspb.Account_BREAKAGE, own, a.expired(own))
	if policy == topics.ClawbackOnlyPending {
		return short(postings, delta)
	}
	for i := range a.Lots {
		if l := &a.Lots[i]; delta > 0 && l.Number != own && l.open(now) {
			take(pointspb.Account_AVAILABLE, l.Number, l.Remaining)
		}
	}
	if policy != topics.ClawbackDebt {
		return short(postings, delta)
	}
	take(pointspb.Account_DEBT, 0, delta)
	return postings
}

// short lowers the first posting by what the policy does not take.
func short(postings []*pointspb.Posting, missing int64) []*pointspb.Posting {
	postings[0].Points -= missing
	return postings
}

func booked(l Lot) pointspb.Account {
	switch {
	case l.Frozen:
		return pointspb.Account_FROZEN_POINTS
	case l.Pending:
		return pointspb.Account_PENDING
	}
	return pointspb.Account_AVAILABLE
}
