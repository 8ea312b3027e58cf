package ledger

import (
	"slices"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// beside is what became spendable at an instant, so far: a refund of an order asks what of it reached a milestone together.
type beside struct {
	at   int64
	lots []*pointspb.LotPoints
}

// crossing is a lot on its way to becoming spendable, in a program with milestones (D8).
type crossing struct {
	book   *topics.Rulebook // nil: nothing can be crossed
	at     int64            // event time, or when its window ends
	now    int64            // the clock by which the others are spendable
	before int64            // standing
	silent bool             // history: it fires nothing
	lot    uint32
	cause  *pointspb.Cause
	order  string
}

// standing is available less debt, with what events are ahead of the clock by, which no entry makes spendable.
func (a *Account) standing(now int64) int64 {
	n := -a.Debt
	for i := range a.Lots {
		if a.Lots[i].open(now) {
			n += a.Lots[i].Remaining
		}
	}
	return n
}

// approach notes what a member has before a lot becomes spendable.
func (d *Decision) approach(a *Member, book *topics.Rulebook, at, now int64) crossing {
	if book == nil || len(book.Milestones) == 0 {
		return crossing{}
	}
	return crossing{book: book, at: at, now: now, before: a.standing(now)}
}

// approachAt is approach by the clock: what expires between then and now was still spendable.
func (d *Decision) approachAt(a *Member, l Lot) crossing {
	return d.approach(a, d.moment.Books.At(time.UnixMilli(l.ActiveAt)), l.ActiveAt, l.ActiveAt).unless(l.History)
}

func (x crossing) unless(silent bool) crossing {
	x.silent = silent
	return x
}

func (x *crossing) by(cause *pointspb.Cause, lot uint32, order string) *crossing {
	x.cause, x.lot, x.order = cause, lot, order
	return x
}

// reach issues a coupon for each milestone that a lot reached, debt repaid. History fires none (semantics §8).
func (d *Decision) reach(a *Member, x *crossing) {
	if x.book == nil {
		return
	}
	if d.beside.at != x.at {
		d.beside = beside{at: x.at}
	}
	after := a.standing(x.now)
	for i := range x.book.Milestones {
		m := &x.book.Milestones[i]
		if x.before < m.Available && m.Available <= after && !x.silent && x.cause.Backfill == "" {
			d.issue(a, m, x, after)
		}
	}
	d.beside.lots = append(d.beside.lots, &pointspb.LotPoints{Lot: x.lot, Points: after - x.before})
}

// issue books a coupon, unless the period has one that was not revoked: the member's, or one of whom they were merged with.
func (d *Decision) issue(a *Member, m *topics.Milestone, x *crossing, after int64) {
	period, n := m.Per.Name(time.UnixMilli(x.at), x.book.Zone), uint32(1)
	for i := range a.Coupons {
		k := &a.Coupons[i]
		switch {
		case k.Milestone != m.ID || k.Period != period:
		case !k.Revoked:
			return
		case k.Member == a.ID:
			n = k.N + 1
		}
	}
	d.emitOf(a, &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_MILESTONE, Cause: x.cause, Version: x.book.Version, EffectiveAt: x.at,
		Milestone: &pointspb.MilestoneFacts{
			Milestone: m.ID, Template: m.Template, Coupon: topics.CouponID(m.ID, a.ID, period, n), Period: period, N: n,
			Order: x.order, Lot: x.lot, Threshold: m.Available, Before: x.before, After: after, Beside: slices.Clone(d.beside.lots),
		},
	})
}

// revoke takes back the coupons that an order, a review or a referral led to and that, of what is kept of it, would not have come about, unless
// they were used (§4). The period is open again.
func (c *credit) revoke(o *Order, cause *pointspb.Cause) {
	for i := range c.m.Coupons {
		k := c.m.Coupons[i]
		if k.Used || k.Revoked || !o.granted(k.Lot) || c.keeps(o, &k) {
			continue
		}
		c.emitOf(c.m, &pointspb.Entry{
			Account: c.event.Account, Kind: pointspb.Kind_COUPON_REVOKED, Cause: cause, Version: c.event.Version,
			EffectiveAt: max(cause.OccurredAt, o.At),
			Milestone: &pointspb.MilestoneFacts{
				Milestone: k.Milestone, Template: k.Template, Coupon: k.id(k.N),
				Period: k.Period, N: k.N, Order: c.key, Lot: k.Lot, Threshold: k.Threshold,
			},
		})
	}
}

func (o *Order) granted(lot uint32) bool {
	return slices.ContainsFunc(o.Grants, func(g Grant) bool { return g.Lot == lot })
}

// keeps says that what is kept of an order would have reached the threshold, too: what was available just before it, and
// of its grants those that became spendable with the one that crossed, or since.
func (c *credit) keeps(o *Order, k *Coupon) bool {
	sum := k.Before
	for i := range o.Grants {
		g := &o.Grants[i]
		n := slices.IndexFunc(k.Beside, func(b LotPoints) bool { return b.Lot == g.Lot })
		if n >= 0 {
			sum -= k.Beside[n].Points
		}
		if l, ok := c.m.lot(g.Lot); ok && c.m.Lots[l].Pending || n < 0 && c.earlier(o, k, g) {
			continue
		}
		sum += g.Awarded - g.Reversed
	}
	return sum >= k.Threshold
}

// earlier says that a grant of the order could be spent before the one that crossed did: it stands in what was available
// before that. Where nothing tells, the numbers do.
func (c *credit) earlier(o *Order, k *Coupon, g *Grant) bool {
	crossed := slices.IndexFunc(o.Grants, func(x Grant) bool { return x.Lot == k.Lot })
	if crossed < 0 || g.Lot == k.Lot || slices.ContainsFunc(k.Beside, func(b LotPoints) bool { return b.Lot == g.Lot }) {
		return false
	}
	own, known := c.activeFrom(o, g)
	at, also := c.activeFrom(o, &o.Grants[crossed])
	if !known || !also {
		return g.Lot < k.Lot
	}
	return own < at
}

// less is what a clawback takes from the standing that coupons of its order were crossed from: the points of grants that
// could be spent earlier. What has expired may not have stood there, and is not counted.
func (c *credit) less(o *Order, g *Grant, postings []*pointspb.Posting) []*pointspb.LotPoints {
	var all []*pointspb.LotPoints
	for i := range c.m.Coupons {
		k := &c.m.Coupons[i]
		if n := taken(postings); n > 0 && !k.Used && !k.Revoked && c.earlier(o, k, g) {
			all = append(all, &pointspb.LotPoints{Lot: k.Lot, Points: n})
		}
	}
	return all
}

// foldLess lowers what coupons were crossed from.
func (a *Account) foldLess(e *pointspb.Entry) {
	for _, x := range e.Less {
		for i := range a.Coupons {
			if k := &a.Coupons[i]; k.Lot == x.Lot && !k.Used && !k.Revoked {
				k.Before -= x.Points
			}
		}
	}
}

// use books that a coupon was used, or why the account does not change: the event is recorded all the same.
func (c *credit) use(id string) {
	u := &pointspb.CouponUse{Coupon: id}
	k, n := c.m.couponNamed(id)
	switch {
	case k == nil:
		c.Outcome = CouponUnknown
	case n < k.N || k.Revoked:
		c.Outcome = CouponRevoked
	case k.Used:
		c.Outcome = Unchanged
	}
	if u.Outcome = string(c.Outcome); k != nil {
		u.Milestone, u.Period, u.N = k.Milestone, k.Period, n
	}
	c.record(&pointspb.Entry{Kind: pointspb.Kind_COUPON_USED, Coupon: u})
}
