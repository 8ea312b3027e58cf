package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestOneCouponPerMemberAndPeriodOverRandomHistories holds the coupons of random histories against a second account of
// them, which knows the entries' postings and no state (D8, I11).
func TestOneCouponPerMemberAndPeriodOverRandomHistories(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		per := rapid.SampledFrom([]topics.Period{topics.PerYear, topics.PerQuarter, topics.PerMonth, topics.PerEver}).Draw(r, "per")
		s := milestones(t, "2024-01-01 00:00:00", per).wait(2, topics.Pending{Days: 7}, nil).wait(3, topics.Pending{Completed: true}, nil)
		c := &couponClerk{s: s, standing: map[string]int64{}, live: map[string]string{}, used: map[string]bool{}, base: map[string]int64{}, kept: map[string]map[uint32]int64{}, waits: map[string]bool{}}
		for range rapid.IntRange(1, 120).Draw(r, "operations") {
			before := len(s.entries)
			step(r, s)
			sound(r, s)
			c.read(r, s.entries[before:])
		}
		replayed := ledger.NewWorld()
		for _, e := range s.entries {
			ledger.Fold(replayed, e)
		}
		same(r, replayed, s.world)
	})
}

// step draws and does one operation near the threshold.
func step(r *rapid.T, s *shop) {
	s.now = s.now.Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(r, "minutes")) * time.Minute)
	m, id := fmt.Sprintf("m%d", rapid.IntRange(0, 1).Draw(r, "member")), fmt.Sprint(rapid.IntRange(0, 9).Draw(r, "id"))
	switch rapid.IntRange(0, 6).Draw(r, "operation") {
	case 0, 1:
		l := func(name string) line {
			per := rapid.SampledFrom([]int64{1, 1, 2, 3}).Draw(r, "per")
			return line{net: per * rapid.Int64Range(0, 4000).Draw(r, name), per: per}
		}
		ev := s.event(m, id, l("a"), l("b"), l("c"))
		if rapid.IntRange(0, 5).Draw(r, "history") == 0 {
			ev.Cause.Backfill = "run"
		}
		s.credit(ev)
	case 2:
		s.gift(m, "g"+id+fmt.Sprint(len(s.entries)), rapid.Int64Range(1, 3000).Draw(r, "points"))
	case 3:
		s.spend(m, fmt.Sprint(m, "r", len(s.entries)), rapid.Int64Range(1, 4000).Draw(r, "price"))
	case 4:
		n := func(name string) int64 { return rapid.Int64Range(0, 4000).Draw(r, name) }
		s.refund(m, id, fmt.Sprint(id, "-", rapid.IntRange(0, 3).Draw(r, "return")), n("x"), n("y"), n("z"))
	case 5:
		s.complete(m, id, m+id)
	case 6:
		if all := s.issued(m); len(all) > 0 {
			s.use(m, rapid.SampledFrom(all).Draw(r, "coupon").Coupon, fmt.Sprint(len(s.entries)))
		}
	}
}

// couponClerk is the second account.
type couponClerk struct {
	s        *shop
	standing map[string]int64            // by account: posted to available and debt
	live     map[string]string           // coupon that is not revoked, by account and period
	used     map[string]bool             // coupons
	base     map[string]int64            // standing before the event of an order, by order key
	kept     map[string]map[uint32]int64 // points of an order's lots, by order key
	waits    map[string]bool             // order keys with pending lots, or history
}

// read checks the entries of one decision.
func (c *couponClerk) read(r *rapid.T, entries []*pointspb.Entry) {
	var expected []string // accounts whose entry has crossed and awaits its coupon
	for i, e := range entries {
		before := c.standing[e.Account]
		for _, p := range e.Postings {
			if p.Account == pointspb.Account_AVAILABLE || p.Account == pointspb.Account_DEBT {
				c.standing[e.Account] += p.Points
			}
		}
		after := c.standing[e.Account]
		c.order(e, before)
		switch e.Kind {
		case pointspb.Kind_GRANTED, pointspb.Kind_ACTIVATED:
			period := c.s.book.Milestones[0].Per.Name(time.UnixMilli(e.EffectiveAt), c.s.book.Zone)
			if before < threshold && after >= threshold && !c.history(e) && c.live[e.Account+period] == "" {
				expected = append(expected, fmt.Sprint(e.Account, period, before, after))
			}
		case pointspb.Kind_MILESTONE:
			f := e.Milestone
			got := fmt.Sprint(e.Account, f.Period, f.Before, f.After)
			if len(expected) != 1 || expected[0] != got || c.live[e.Account+f.Period] != "" {
				r.Fatalf("entry %d issues %s, want %v; live %q", i, got, expected, c.live[e.Account+f.Period])
			}
			expected, c.live[e.Account+f.Period] = nil, f.Coupon
		case pointspb.Kind_COUPON_REVOKED:
			f := e.Milestone
			if c.live[e.Account+f.Period] != f.Coupon || c.used[f.Coupon] {
				r.Fatalf("revoked %s, live %q, used %t", f.Coupon, c.live[e.Account+f.Period], c.used[f.Coupon])
			}
			delete(c.live, e.Account+f.Period)
		case pointspb.Kind_COUPON_USED:
			c.used[e.Coupon.Coupon] = c.used[e.Coupon.Coupon] || e.Coupon.Outcome == string(ledger.Applied)
		}
	}
	if len(expected) > 0 {
		r.Fatalf("no coupon for %v", expected)
	}
	c.keeps(r)
}

// history says that a grant, or the grant of a lot that becomes active, is of a backfill.
func (c *couponClerk) history(e *pointspb.Entry) bool {
	if e.Kind == pointspb.Kind_GRANTED {
		return e.Cause.Backfill != ""
	}
	for _, g := range c.s.entries {
		if g.Kind == pointspb.Kind_GRANTED && g.Account == e.Account && g.Lot.Number == e.Postings[0].Lot {
			return g.Cause.Backfill != ""
		}
	}
	return false
}

// order notes what is kept of an order's grants.
func (c *couponClerk) order(e *pointspb.Entry, before int64) {
	switch e.Kind {
	case pointspb.Kind_GRANTED:
		if e.OrderKey == "" {
			return
		}
		if c.kept[e.OrderKey] == nil {
			c.kept[e.OrderKey], c.base[e.OrderKey] = map[uint32]int64{}, before
		}
		c.kept[e.OrderKey][e.Lot.Number] = e.Arithmetic.Awarded
		if e.Postings[1].Account == pointspb.Account_PENDING {
			c.waits[e.OrderKey] = true
		}
	case pointspb.Kind_REVERSED:
		c.kept[e.OrderKey][e.Arithmetic.Lot] -= e.Arithmetic.Desired
	}
}

// keeps checks that a coupon which an order without windows led to is there exactly as long as what is kept of the order
// would have led to it, or it was used; and that none stays of an order of which nothing is kept.
func (c *couponClerk) keeps(r *rapid.T) {
	for _, e := range c.s.entries {
		f := e.Milestone
		if e.Kind != pointspb.Kind_MILESTONE || f.Order == "" || c.used[f.Coupon] {
			continue
		}
		var sum int64
		for _, n := range c.kept[f.Order] {
			sum += n
		}
		live := c.live[e.Account+f.Period] == f.Coupon
		if sum == 0 && live {
			r.Fatalf("%s is there, and nothing of its order is", f.Coupon)
		}
		if c.waits[f.Order] {
			continue
		}
		if enough := c.base[f.Order]+sum >= threshold; enough != live {
			r.Fatalf("%s: %d and %d kept, live %t", f.Coupon, c.base[f.Order], sum, live)
		}
	}
}
