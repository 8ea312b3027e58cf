package ledger

import (
	"slices"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// PendingOrder is what an order adds to the tier metric once none of its lots is pending any more (semantics §3).
type PendingOrder struct {
	From, To uint32 // its lots
	Year     int32
	Spend    int64
	Orders   int32
}

func (p *PendingOrder) has(lot uint32) bool { return p.From <= lot && lot <= p.To }

// addPending adds to what an order will add to the metric; an order of which nothing is left leaves no trace.
func (a *Account) addPending(m *pointspb.MetricDelta) {
	i := slices.IndexFunc(a.PendingOrders, func(p PendingOrder) bool { return p.From == m.FromLot })
	if i < 0 {
		i = len(a.PendingOrders)
		a.PendingOrders = append(a.PendingOrders, PendingOrder{From: m.FromLot, To: m.ToLot, Year: m.Year})
	}
	p := &a.PendingOrders[i]
	p.Spend += m.Spend
	p.Orders += m.Orders
	if p.Spend == 0 && p.Orders == 0 {
		a.PendingOrders = slices.Delete(a.PendingOrders, i, i+1)
	}
}

// pendingOrder is what an order will add to the metric; nil: it counts already.
func (a *Account) pendingOrder(o *Order) *PendingOrder {
	for i := range a.PendingOrders {
		p := &a.PendingOrders[i]
		if slices.ContainsFunc(o.Grants, func(g Grant) bool { return p.has(g.Lot) }) {
			return p
		}
	}
	return nil
}

// ordered says that the member has a paid order, whether it counts already or not.
func (a *Account) ordered() bool { return a.Ordered || len(a.PendingOrders) > 0 }

// awaits says that an order has lots that wait for its completion.
func (a *Account) awaits(o *Order) bool {
	return slices.ContainsFunc(o.Grants, func(g Grant) bool {
		i, ok := a.lot(g.Lot)
		return ok && a.Lots[i].awaits()
	})
}

// awaits says that the lot is pending until its order is completed.
func (l *Lot) awaits() bool { return l.Pending && l.ActiveAt == 0 }

// count makes an entry that ends a lot's being pending add the lot's order to the metric, unless another lot of the order
// is still pending.
func (a *Account) count(e *pointspb.Entry, lot uint32) {
	i := slices.IndexFunc(a.PendingOrders, func(p PendingOrder) bool { return p.has(lot) })
	if i < 0 {
		return
	}
	p := &a.PendingOrders[i]
	if slices.ContainsFunc(a.Lots, func(l Lot) bool { return l.Pending && l.Number != lot && p.has(l.Number) }) {
		return
	}
	e.Metric = &pointspb.MetricDelta{Year: p.Year, Spend: p.Spend, Orders: p.Orders}
	e.PendingMetric = &pointspb.MetricDelta{Year: p.Year, Spend: -p.Spend, Orders: -p.Orders, FromLot: p.From, ToLot: p.To}
}

// emitEnd emits an entry that ends a lot's being pending, and the tier that its order then leads to.
func (d *Decision) emitEnd(a *Member, l Lot, e *pointspb.Entry) {
	a.count(e, l.Number)
	d.emitOf(a, e)
	if e.Metric == nil {
		return
	}
	cause := d.cause
	d.cause = e.Cause // that of the clock, where the clock did it
	d.follow(a, d.moment.Books.At(time.UnixMilli(e.EffectiveAt)), e.EffectiveAt, false)
	d.cause = cause
}

// activate books that a pending lot can be spent, and repays debt from it.
func (d *Decision) activate(a *Member, l Lot, e *pointspb.Entry) {
	e.Account, e.Kind = topics.MemberAccount(a.ID), pointspb.Kind_ACTIVATED
	e.Postings = []*pointspb.Posting{
		{Account: pointspb.Account_PENDING, Points: -l.Remaining, Lot: l.Number},
		{Account: pointspb.Account_AVAILABLE, Points: l.Remaining, Lot: l.Number},
	}
	d.emitEnd(a, l, e)
	d.repay(a, l.Number, e.Cause)
}

// complete books that an order was completed: those of its lots become spendable that wait for that. A completion that
// comes before its order is kept on the order's key, and does its work when the order comes; a second one is a duplicate.
func (c *credit) complete() {
	o := c.m.Order(c.key)
	if o != nil && o.Completed != 0 {
		c.Outcome = Duplicate
		return
	}
	c.advance(c.m)
	at := c.event.Cause.OccurredAt
	if o == nil || !o.Paid {
		c.Outcome = Waiting
	} else {
		at = max(at, o.At)
	}
	c.emitOf(c.m, &pointspb.Entry{
		Account: c.event.Account, Kind: pointspb.Kind_COMPLETED, First: true, Version: c.event.Version,
		Completed: c.event.Completed, OrderKey: c.key, EffectiveAt: at,
	})
	c.completed(c.m.Order(c.key))
	// What a backfill completes may be past its expiry already.
	c.advance(c.m)
}

// completed activates the lots of a completed order that wait for that, each with the validity of the rule that granted it.
func (c *credit) completed(o *Order) {
	at := max(o.Completed, o.At)
	for i := range o.Grants {
		g := &o.Grants[i]
		n, ok := c.m.lot(g.Lot)
		if !ok || !c.m.Lots[n].awaits() {
			continue
		}
		l := c.m.Lots[n]
		to := &pointspb.Lot{Number: l.Number, ActiveAt: at, ExpiresAt: l.ExpiresAt, Priority: l.Priority, Order: c.key}
		if book := c.moment.Books.Version(g.Version); book != nil {
			if v := validity(book, ruleNamed(book, g.Rule)); !v.FromEarning {
				to.ExpiresAt = c.desk.activations.expiresAt(v, book.Zone, at)
			}
		}
		c.activate(c.m, l, &pointspb.Entry{Cause: c.cause, EffectiveAt: at, Lot: to})
	}
}

// activateLot makes a lot spendable; to is what it is then, nil: as it was.
func (a *Account) activateLot(i int, to *pointspb.Lot) {
	l := a.Lots[i]
	l.Pending = false
	if to == nil {
		a.Lots[i] = l
		return
	}
	l.ActiveAt, l.ExpiresAt = to.ActiveAt, to.ExpiresAt
	a.Lots = slices.Delete(a.Lots, i, i+1)
	a.addLot(l)
}

func (s *state) pendingOrders(all []PendingOrder) {
	s.count(len(all))
	for _, p := range all {
		for _, v := range [...]int64{int64(p.From), int64(p.To), int64(p.Year), p.Spend, int64(p.Orders)} {
			s.int(v)
		}
	}
}

func (r *reading) pendingOrder() PendingOrder {
	return PendingOrder{From: uint32(r.int()), To: uint32(r.int()), Year: int32(r.int()), Spend: r.int(), Orders: int32(r.int())}
}
