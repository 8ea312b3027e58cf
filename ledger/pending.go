package ledger

import (
	"slices"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// PendingOrder is what an order adds to the tier metric from the instant on at which the last of its windows ends, whatever
// is returned before (semantics §3).
type PendingOrder struct {
	Lot    uint32 // its first one
	Year   int32
	Spend  int64
	Orders int32
	At     int64 // Unix ms, 0 = once the order is completed
	Looked bool  // the tier that it leads to at that instant is booked
	Day    int64 // first instant of the order's day, Unix ms, 0 = its book does not need it
}

// lateMost is how far behind others events may be, history aside. So long it is remembered from when on an order counts: an
// event from before that must not see it in the metric.
const lateMost = 7 * 24 * time.Hour

// addPending adds to what an order adds to the metric, and says from when on; an order of which nothing is left leaves no
// trace.
func (a *Account) addPending(m *pointspb.MetricDelta, day *pointspb.MetricDay, effective int64) {
	if m.Counted {
		for i := range a.PendingOrders {
			p := &a.PendingOrders[i]
			p.Looked = p.Looked || p.At == effective
		}
		return
	}
	i := slices.IndexFunc(a.PendingOrders, func(p PendingOrder) bool { return p.Lot == m.Lot })
	if i < 0 {
		i = len(a.PendingOrders)
		a.PendingOrders = append(a.PendingOrders, PendingOrder{Lot: m.Lot, Year: m.Year, Day: day.GetDay()})
	}
	p := &a.PendingOrders[i]
	p.Spend += m.Spend
	p.Orders += m.Orders
	if m.CountsAt != 0 {
		p.At = m.CountsAt
	}
	if p.Spend == 0 && p.Orders == 0 {
		a.PendingOrders = slices.Delete(a.PendingOrders, i, i+1)
	}
}

// settlePending moves to the years what has counted for so long before an order at t that no event of before will come.
func (a *Account) settlePending(t int64) {
	for i := 0; i < len(a.PendingOrders); {
		p := a.PendingOrders[i]
		if !p.Looked || p.At+lateMost.Milliseconds() > t {
			i++
			continue
		}
		a.PendingOrders = slices.Delete(a.PendingOrders, i, i+1)
		a.addMetric(&pointspb.MetricDelta{Year: p.Year, Spend: p.Spend, Orders: p.Orders})
		if p.Day != 0 {
			a.addDay(p.Day, p.Spend, p.Orders)
		}
	}
}

// pendingOrder is what an order adds to the metric from some instant on; nil: it counts in the years.
func (a *Account) pendingOrder(o *Order) *PendingOrder {
	if len(o.Grants) == 0 {
		return nil
	}
	i := slices.IndexFunc(a.PendingOrders, func(p PendingOrder) bool { return p.Lot == o.Grants[0].Lot })
	if i < 0 {
		return nil
	}
	return &a.PendingOrders[i]
}

// pendingAt says that there are orders that count from that instant on, and nobody has looked at the tier yet.
func (a *Account) pendingAt(at int64) bool {
	return slices.ContainsFunc(a.PendingOrders, func(p PendingOrder) bool { return p.At == at && !p.Looked })
}

// ordered says that the member has a paid order, whether it counts already or not.
func (a *Account) ordered() bool { return a.Ordered || len(a.PendingOrders) > 0 }

// awaits says that an order waits for its completion, with points or in the metric.
func (a *Account) awaits(o *Order) bool {
	if p := a.pendingOrder(o); p != nil && p.At == 0 {
		return true
	}
	return slices.ContainsFunc(o.Grants, func(g Grant) bool {
		i, ok := a.lot(g.Lot)
		return ok && a.Lots[i].awaits()
	})
}

// pendingThen says that a grant's points were pending at an instant, whatever the clock has done since.
func (c *credit) pendingThen(o *Order, g *Grant, at int64) bool {
	from, ok := c.activeFrom(o, g)
	return ok && from > at
}

// activeFrom is from when on a grant's points could be spent: never, where they wait for a completion. Of a lot that is gone
// its rule and its order tell; a version that is not known any more tells nothing.
func (c *credit) activeFrom(o *Order, g *Grant) (at int64, ok bool) {
	if i, ok := c.m.lot(g.Lot); ok {
		if l := &c.m.Lots[i]; !l.awaits() {
			return l.ActiveAt, true
		}
		return never, true
	}
	book := c.moment.Books.Version(g.Version)
	if book == nil {
		return 0, false
	}
	r := ruleNamed(book, g.Rule)
	switch {
	case r == nil || r.Pending.IsZero():
		return o.At, true
	case !r.Pending.Completed:
		return r.Pending.ActiveAt(o.At), true
	case o.Completed == 0:
		return never, true
	}
	return max(o.Completed, o.At), true
}

// awaits says that the lot is pending until its order is completed.
func (l *Lot) awaits() bool { return l.Pending && l.ActiveAt == 0 }

// activate books that a pending lot can be spent, and repays debt from it. If its window was the last one of an order, the
// order counts.
func (d *Decision) activate(a *Member, l Lot, e *pointspb.Entry) {
	e.Account, e.Kind = topics.MemberAccount(a.ID), pointspb.Kind_ACTIVATED
	e.Postings = []*pointspb.Posting{
		{Account: pointspb.Account_PENDING, Points: -l.Remaining, Lot: l.Number},
		{Account: pointspb.Account_AVAILABLE, Points: l.Remaining, Lot: l.Number},
	}
	e.Boards = d.boardsOf(a, l.Number)
	if !a.pendingAt(e.EffectiveAt) {
		d.emitOf(a, e)
	} else {
		d.count(a, e)
	}
	d.repay(a, l.Number, e.Cause)
}

// count emits the entry of an instant from which on orders count, and the tier that they lead to.
func (d *Decision) count(a *Member, e *pointspb.Entry) {
	e.PendingMetric = &pointspb.MetricDelta{Counted: true}
	d.emitOf(a, e)
	d.by(e.Cause, func() { d.follow(a, d.moment.Books.At(time.UnixMilli(e.EffectiveAt)), e.EffectiveAt) })
}

// by decides something under another cause: the clock's, where the clock did it.
func (d *Decision) by(cause *pointspb.Cause, decide func()) {
	own := d.cause
	d.cause = cause
	decide()
	d.cause = own
}

// bookPending counts orders whose points were all returned or have expired when the last window ended.
func (d *Decision) bookPending(a *Member, at int64) {
	d.count(a, &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_RECORDED, EffectiveAt: at, Cause: due("metric", at),
	})
}

// countsAt is from when on an order of lots with windows counts; 0: once it is completed. Completed is when it was, 0 = it
// was not.
func countsAt(windows []topics.Pending, paid, completed int64) int64 {
	at := paid
	for _, w := range windows {
		switch {
		case !w.Completed:
			at = max(at, w.ActiveAt(paid))
		case completed == 0:
			return 0
		default:
			at = max(at, completed)
		}
	}
	return at
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
	e := &pointspb.Entry{
		Account: c.event.Account, Kind: pointspb.Kind_COMPLETED, First: true, Version: c.event.Version,
		Completed: c.event.Completed, OrderKey: c.key, EffectiveAt: at,
	}
	if o != nil {
		if p := c.m.pendingOrder(o); p != nil && p.At == 0 {
			e.PendingMetric = &pointspb.MetricDelta{Lot: p.Lot, CountsAt: countsAt(c.windows(o), o.At, at)}
		}
	}
	c.emitOf(c.m, e)
	c.completed(c.m.Order(c.key))
	// What a backfill completes may be past its expiry already; and all that waited may have been returned.
	c.advance(c.m)
}

// windows are those of an order's grants, by the rules that granted.
func (c *credit) windows(o *Order) []topics.Pending {
	var all []topics.Pending
	for i := range o.Grants {
		if book := c.moment.Books.Version(o.Grants[i].Version); book != nil && !o.ofRun(o.Grants[i].Lot) {
			if r := ruleNamed(book, o.Grants[i].Rule); r != nil {
				all = append(all, r.Pending)
			}
		}
	}
	return all
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
		x := c.approach(c.m, c.book, at, c.moment.Now).unless(l.History)
		c.activate(c.m, l, &pointspb.Entry{Cause: c.cause, EffectiveAt: at, Lot: to})
		c.reach(c.m, x.by(c.cause, l.Number, c.key))
	}
}

// activateLot makes a lot spendable; to is what it is then, nil: as it was.
func (a *Account) activateLot(i int, to *pointspb.Lot) {
	l := a.Lots[i]
	l.Pending, l.History = false, false
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
		s.flags(p.Looked, p.Day != 0)
		for _, v := range [...]int64{int64(p.Lot), int64(p.Year), p.Spend, int64(p.Orders), p.At} {
			s.int(v)
		}
		if p.Day != 0 {
			s.int(p.Day)
		}
	}
}

func (r *reading) pendingOrder() (p PendingOrder) {
	var day bool
	r.flags(&p.Looked, &day)
	p.Lot, p.Year, p.Spend, p.Orders, p.At = uint32(r.int()), int32(r.int()), r.int(), int32(r.int()), r.int()
	if day {
		p.Day = r.int()
	}
	return p
}
