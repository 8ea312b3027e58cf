package ledger

import (
	"fmt"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Coupon is the last one that a milestone gave in a period; those before it were revoked (I11). What it needs is kept
// until it is used or revoked.
type Coupon struct {
	Milestone, Period, Template string
	Member                      string // to whom it was issued, and after whom it is named: another one, if they were merged since
	N                           uint32
	Used, Revoked               bool
	Lot                         uint32 // that crossed
	Threshold, Before           int64  // Before: available less debt, just before that lot
	Beside                      []LotPoints
}

// LotPoints are points of a lot.
type LotPoints struct {
	Lot    uint32
	Points int64
}

// periodsKept bounds what is remembered of one milestone: more months than an order is kept for, so that whatever can still
// cross or be returned finds its period.
const periodsKept = 16

// id is the identity of a member's n-th coupon of the period.
func (k *Coupon) id(n uint32) string { return topics.CouponID(k.Milestone, k.Member, k.Period, n) }

// couponNamed finds the period that a coupon is of, and which of its coupons it is.
func (a *Account) couponNamed(id string) (*Coupon, uint32) {
	for i := range a.Coupons {
		k := &a.Coupons[i]
		for n := k.N; n > 0; n-- {
			if k.id(n) == id {
				return k, n
			}
		}
	}
	return nil, 0
}

// foldCoupon keeps what an entry says of a coupon.
func (m *Member) foldCoupon(e *pointspb.Entry) {
	switch e.Kind {
	case pointspb.Kind_REVERSED:
		m.foldLess(e)
	case pointspb.Kind_MILESTONE:
		m.addCoupon(m.ID, e.Milestone)
	case pointspb.Kind_COUPON_REVOKED:
		m.closeCoupon(e.Milestone.Coupon, func(k *Coupon) { k.Revoked = true })
	case pointspb.Kind_COUPON_USED:
		if Outcome(e.Coupon.Outcome) == Applied {
			m.closeCoupon(e.Coupon.Coupon, func(k *Coupon) { k.Used = true })
		}
	}
}

// addCoupon keeps a coupon in the place of the one of the period before it, if there is one.
func (a *Account) addCoupon(member string, m *pointspb.MilestoneFacts) {
	k := Coupon{
		Milestone: m.Milestone, Period: m.Period, Template: m.Template, Member: member, N: m.N,
		Lot: m.Lot, Threshold: m.Threshold, Before: m.Before,
	}
	for _, b := range m.Beside {
		k.Beside = append(k.Beside, LotPoints{Lot: b.Lot, Points: b.Points})
	}
	if i := slices.IndexFunc(a.Coupons, k.follows); i >= 0 {
		a.Coupons[i] = k
		return
	}
	a.Coupons = append(a.Coupons, k)
	a.dropCoupons(member, m.Milestone)
}

// follows says that both are of a member's period.
func (k *Coupon) follows(o Coupon) bool {
	return o.Milestone == k.Milestone && o.Period == k.Period && o.Member == k.Member
}

// dropCoupons forgets the earliest period of a milestone of which a member has more than are kept.
func (a *Account) dropCoupons(member, milestone string) {
	kept, first := 0, -1
	for i := range a.Coupons {
		if k := &a.Coupons[i]; k.Milestone == milestone && k.Member == member {
			kept++
			if first < 0 || k.Period < a.Coupons[first].Period {
				first = i
			}
		}
	}
	if kept > periodsKept {
		a.Coupons = slices.Delete(a.Coupons, first, first+1)
	}
}

func (a *Account) closeCoupon(id string, how func(*Coupon)) {
	if k, _ := a.couponNamed(id); k != nil {
		*k = Coupon{Milestone: k.Milestone, Period: k.Period, Member: k.Member, N: k.N}
		how(k)
	}
}

// mergeCoupons adds the coupons of an account whose lots are numbered on by so much: they keep their names, and each counts as
// its period's.
func (a *Account) mergeCoupons(all []Coupon, lots uint32) {
	for _, k := range all {
		if !k.Used && !k.Revoked {
			k.Lot += lots
			k.Beside = slices.Clone(k.Beside)
			for i := range k.Beside {
				k.Beside[i].Lot += lots
			}
		}
		a.Coupons = append(a.Coupons, k)
	}
}

// checkCoupons says what is wrong with coupons (I11): a member's period has one, and it is not both used and revoked.
func checkCoupons(all []Coupon) error {
	for i := range all {
		k := &all[i]
		switch {
		case k.N == 0 || k.Used && k.Revoked:
			return fmt.Errorf("I11: coupon %d of %s in %s, used %t, revoked %t", k.N, k.Milestone, k.Period, k.Used, k.Revoked)
		case slices.ContainsFunc(all[:i], k.follows):
			return fmt.Errorf("I11: two coupons of %s in %s for %s", k.Milestone, k.Period, k.Member)
		}
	}
	return nil
}

func (s *state) coupons(all []Coupon) {
	s.count(len(all))
	for i := range all {
		k := &all[i]
		s.flags(k.Used, k.Revoked)
		s.text(k.Milestone)
		s.text(k.Period)
		s.text(k.Template)
		s.text(k.Member)
		for _, v := range [...]int64{int64(k.N), int64(k.Lot), k.Threshold, k.Before} {
			s.int(v)
		}
		s.count(len(k.Beside))
		for _, b := range k.Beside {
			s.int(int64(b.Lot))
			s.int(b.Points)
		}
	}
}

func (r *reading) coupon() (k Coupon) {
	r.flags(&k.Used, &k.Revoked)
	k.Milestone, k.Period, k.Template, k.Member = r.text(), r.text(), r.text(), r.text()
	k.N, k.Lot, k.Threshold, k.Before = uint32(r.int()), uint32(r.int()), r.int(), r.int()
	k.Beside = many(r, func() LotPoints { return LotPoints{Lot: uint32(r.int()), Points: r.int()} })
	return k
}
