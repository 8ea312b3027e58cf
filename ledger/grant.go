package ledger

import (
	"jifen/topics"
	"jifen/topics/pointspb"
)

// grant books one award: a lot of its own, or the record that the rule was met and gave nothing.
func (c *credit) grant(x award) {
	g := x.slip
	e := &g.entry
	e.Kind, e.Rule, e.Arithmetic, e.Uses = pointspb.Kind_RECORDED, x.Rule, &g.arithmetic, g.uses
	if n := x.arithmetic.Awarded; n > 0 {
		e.Kind, e.OrderKey, e.Lot = pointspb.Kind_GRANTED, c.key, &g.lot
		g.issued.Account, g.issued.Points = pointspb.Account_ISSUED, -n
		g.holding.Account, g.holding.Points, g.holding.Lot = pointspb.Account_AVAILABLE, n, c.m.NextLot+1
		if g.pending() {
			g.holding.Account = pointspb.Account_PENDING
		}
		g.lot.Number, g.lot.Order = g.holding.Lot, c.key
		if c.made == 0 {
			c.made = g.lot.Number
		}
		c.date(g)
		g.postings = [2]*pointspb.Posting{&g.issued, &g.holding}
		if e.Referral = c.referred; e.Referral != nil {
			c.watch(e)
		}
		e.Boards = c.boards(c.book, c.event.Cause.OccurredAt)
		e.Postings = g.postings[:]
	}
	if g.extra != nil && g.extra.asked > 0 {
		g.budget = &pointspb.BudgetFacts{Campaign: g.extra.campaign, Desired: g.extra.asked}
	}
	if g.budget != nil {
		e.Budget, e.OrderKey = g.budget, c.key
	}
	way := c.approach(c.m, c.book, c.event.Cause.OccurredAt, c.moment.Now)
	c.record(e)
	if e.Lot != nil {
		c.repay(c.m, e.Lot.Number, c.cause)
		c.reach(c.m, way.by(c.cause, e.Lot.Number, c.key))
	}
	if g.extra != nil {
		c.ask(x)
	}
}

// date says from when to when a lot can be spent: its validity counts from its activation, or from what earned it. Where
// its order's completion has to come first, only that will tell.
func (c *credit) date(g *slip) {
	at := c.event.Cause.OccurredAt
	v := validity(c.book, g.rule)
	g.lot.ActiveAt = at
	if !g.pending() {
		g.lot.ExpiresAt = c.desk.calendar.expiresAt(v, c.book.Zone, at)
		return
	}
	g.lot.ActiveAt = g.rule.Pending.ActiveAt(at)
	switch {
	case v.FromEarning:
		g.lot.ExpiresAt = c.desk.calendar.expiresAt(v, c.book.Zone, at)
	case g.lot.ActiveAt != 0:
		g.lot.ExpiresAt = c.desk.activations.expiresAt(v, c.book.Zone, g.lot.ActiveAt)
	}
}

// pendingMetric says of an order with pending points from when on it counts in the metric, unless the book counts it at once.
func (c *credit) pendingMetric(found []award) {
	if c.event.Order == nil || c.book == nil || c.book.Tiers.CountPending {
		return
	}
	var windows []topics.Pending
	for _, x := range found {
		if x.arithmetic.Awarded > 0 && x.pending() {
			windows = append(windows, x.rule.Pending)
		}
	}
	if windows != nil {
		c.desk.metric.Lot = c.m.NextLot + 1 // the order's first one
		c.desk.metric.CountsAt = countsAt(windows, c.event.Cause.OccurredAt, c.finished)
	}
}

// ruleNamed is a rule of a book; nil if it has none of that name.
func ruleNamed(book *topics.Rulebook, id string) *topics.Rule {
	for i := range book.Rules {
		if book.Rules[i].ID == id {
			return &book.Rules[i]
		}
	}
	return nil
}

// validity is how long a rule's lots live: as the rule says, else as the book does (L1, L2).
func validity(book *topics.Rulebook, r *topics.Rule) topics.Validity {
	if r != nil && r.Validity != nil {
		return *r.Validity
	}
	return book.Validity
}
