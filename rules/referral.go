package rules

import (
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// shareSkew is by how much a share may be younger than the order that it led to: clocks differ.
const shareSkew = 5 * time.Minute

// startReferral notes through whose share an order came. What it says may be anything the shop passed on: only what one of
// our keys signed counts.
func (p *parcel) startReferral(e *topics.Event) {
	s := &e.Shared
	f := &pointspb.ReferralFacts{Sharer: s.Sharer, Product: s.Product}
	switch s.Sharer {
	case "":
		f.Outcome = topics.ReferralInvalid
	case e.Data.Member:
		f.Outcome = topics.ReferralSelf
	}
	if s.Sharer != "" {
		f.IssuedAt = s.IssuedAt.UnixMilli()
	}
	p.event.Referral, p.expired = f, false
}

// refers says whether a rule for sharers holds for the order's share: it is one, and not too old.
func (p *parcel) refers(r *rule, e *topics.Event) bool {
	f := p.event.Referral
	if f == nil || f.Outcome != "" {
		return false
	}
	if age := e.Time.Sub(e.Shared.IssuedAt); age > r.Within || age < -shareSkew {
		p.expired = true
		return false
	}
	return true
}

// endReferral says of a share that no rule holds for why that is, as far as the event tells.
func (p *parcel) endReferral() {
	f := p.event.Referral
	if f == nil || f.Outcome != "" || !p.expired {
		return
	}
	for _, c := range p.event.Candidates {
		if c.ToReferrer {
			return
		}
	}
	f.Outcome = topics.ReferralExpired
}
