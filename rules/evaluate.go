package rules

import (
	"fmt"
	"math"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Desk is where a credit event is made, with room for the usual order. It can be used again once the event is no longer
// needed, so that most events need no memory of their own.
type Desk struct{ parcel parcel }

// parcel is a credit event and what it points to.
type parcel struct {
	event      pointspb.CreditEvent
	cause      pointspb.Cause
	order      pointspb.OrderFacts
	lines      [4]pointspb.OrderLine
	linePtrs   [4]*pointspb.OrderLine
	candidates [2]pointspb.Candidate
	ptrs       [2]*pointspb.Candidate
	indexes    [8]uint32
	index      []uint32 // what is used of indexes, or of what replaced it
	account    []byte
	expired    bool // a rule for sharers would hold, but for the age of the order's share
}

// Evaluate turns an event into the credit event that travels to its member's shard: facts always, and one candidate per
// rule that matches (E1..E6, B3). Amounts of the event are minor units, checked to be ≥ 0. The answer shares values with the Book: do not
// change what its candidates point to.
// nil: a rule's condition cannot be told.
func (b *Book) Evaluate(e *topics.Event) *pointspb.CreditEvent {
	c, err := b.EvaluateAt(new(Desk), e)
	if err != nil {
		return nil
	}
	return c
}

// EvaluateAt is Evaluate at a desk: the answer is good until the desk is used again. An error means that a rule's condition
// cannot be told, because it fails or costs too much: RULE_ERROR.
func (b *Book) EvaluateAt(d *Desk, e *topics.Event) (*pointspb.CreditEvent, error) {
	p := &d.parcel
	p.start(e)
	switch e.Type {
	case topics.TypeOrderPaid:
		p.orderFacts(&e.Data)
	case topics.TypeOrderRefunded:
		p.event.Refund = refundFacts(&e.Data)
	case topics.TypeOrderCompleted:
		p.event.Completed = e.Data.Order
	case topics.TypeTierChanged:
		p.event.Tier = e.Data.Tier
	case topics.TypeMerged:
		p.event.MergedFrom = e.Data.From
	case topics.TypeErased:
		p.event.Erased = true
	case topics.TypeReviewPublished, topics.TypeReviewRemoved:
		p.event.Review = reviewFacts(e)
	case topics.TypeCouponUsed:
		p.event.Coupon = e.Data.Coupon
	}
	if e.Data.Device != "" || e.Data.AddressHash != "" {
		b.identify(p, e)
	}
	p.event.BusinessKey = b.businessKey(e)
	if b == nil {
		return &p.event, nil
	}
	p.event.Version = b.source.Version
	p.event.Candidates = p.ptrs[:0]
	p.index = p.indexes[:0]
	if b.refers && e.Data.Referral != "" {
		p.startReferral(e)
	}
	for _, r := range b.byType[e.Type] {
		if r.when != nil && (r.event == nil || r.event(e)) {
			switch holds, err := r.when(e); {
			case err != nil:
				return nil, fmt.Errorf("rule %s@%s: %w", r.ID, b.source.Version, err)
			case !holds:
				continue
			}
		}
		p.apply(r, e)
	}
	p.endReferral()
	return &p.event, nil
}

func (p *parcel) start(e *topics.Event) {
	p.account = slices.Grow(p.account[:0], len(topics.MemberPrefix)+len(e.Data.Member))
	p.account = append(append(p.account, topics.MemberPrefix...), e.Data.Member...)
	p.cause, p.event = pointspb.Cause{}, pointspb.CreditEvent{}
	c := &p.cause
	c.Source, c.Id, c.Type = e.Source, e.ID, e.Type
	c.OccurredAt = e.Time.UnixMilli()
	c.Backfill, c.Traceparent = e.Backfill, e.Traceparent
	c.Store, c.Channel = e.Data.Store, e.Data.Channel
	p.event.Cause = c
	p.event.Account = topics.TextOf(p.account)
}

// orderFacts notes each line with what of it earns: net less its part of what was paid with points (D3).
func (p *parcel) orderFacts(d *topics.Data) {
	lines, ptrs := p.lines[:], p.linePtrs[:]
	if n := len(d.Lines); n > len(lines) {
		lines, ptrs = make([]pointspb.OrderLine, n), make([]*pointspb.OrderLine, n)
	}
	ptrs = ptrs[:len(d.Lines)]
	for i := range d.Lines {
		l := &lines[i]
		*l = pointspb.OrderLine{}
		l.Id, l.Net, l.Eligible = d.Lines[i].Line, d.Lines[i].Net, d.Lines[i].Net
		ptrs[i] = l
	}
	if d.PaidWithPoints > 0 {
		takePaidWithPoints(ptrs, d.PaidWithPoints)
	}
	p.order = pointspb.OrderFacts{}
	p.order.Order, p.order.Currency, p.order.Lines = d.Order, d.Currency, ptrs
	p.event.Order = &p.order
}

// takePaidWithPoints takes the part of Σ net that was paid with points off the lines, pro rata by largest remainder.
func takePaidWithPoints(lines []*pointspb.OrderLine, paid int64) {
	var sum int64
	nets := make([]int64, len(lines))
	for i, l := range lines {
		nets[i] = l.Net
		sum += l.Net
	}
	for i, part := range topics.Allocate(min(paid, sum), nets) {
		lines[i].Eligible -= part
	}
}

func refundFacts(d *topics.Data) *pointspb.RefundFacts {
	f := &pointspb.RefundFacts{Order: d.Order, Refund: d.Refund, Lines: make([]*pointspb.RefundLine, len(d.Lines))}
	for i := range d.Lines {
		f.Lines[i] = &pointspb.RefundLine{Id: d.Lines[i].Line, Net: d.Lines[i].Net}
	}
	return f
}

func reviewFacts(e *topics.Event) *pointspb.ReviewFacts {
	d := &e.Data
	return &pointspb.ReviewFacts{Review: d.Review, Order: d.Order, Line: d.Line, Removed: e.Type == topics.TypeReviewRemoved}
}

// apply adds a rule's candidate if the event and, for an order, at least one of its lines match.
func (p *parcel) apply(r *rule, e *topics.Event) {
	if r.event != nil && !r.event(e) || r.Referrer && !p.refers(r, e) {
		return
	}
	var eligible, quantity int64
	begin := len(p.index)
	if e.Type == topics.TypeOrderPaid {
		for i := range e.Data.Lines {
			l := &e.Data.Lines[i]
			if r.line != nil && !r.line(l) {
				continue
			}
			p.index = append(p.index, uint32(i))
			eligible = add(eligible, p.order.Lines[i].Eligible)
			quantity = add(quantity, l.Quantity)
		}
		if len(p.index) == begin {
			return
		}
	} else {
		eligible, quantity = e.Data.Amount, e.Data.Quantity
	}
	c := p.candidate(r)
	c.Lines = p.index[begin:len(p.index):len(p.index)]
	c.Eligible = eligible
	if r.Mode == topics.ModeQuantity {
		c.Quantity = quantity
	}
	c.Campaign, c.Campaigns = r.campaigns(e, "")
	if r.budgeted {
		c.Budget = r.budget(e, "")
	}
	if r.tiers != nil {
		c.ByTier = r.byTier(e, c)
	}
	if r.by != nil {
		c.By = r.by(&e.Data)
	}
}

// candidate adds a candidate that says what the rule says.
func (p *parcel) candidate(r *rule) *pointspb.Candidate {
	var c *pointspb.Candidate
	if n := len(p.event.Candidates); n < len(p.candidates) {
		c = &p.candidates[n]
	} else {
		c = new(pointspb.Candidate)
	}
	*c = pointspb.Candidate{}
	c.Rule, c.Mode, c.Points, c.Per = r.ID, r.mode, r.Points, r.Per
	c.TierMultiplier, c.Tiers, c.FirstOrder = r.TierMultiplier, r.Match.Tier, r.Match.FirstOrder
	c.Exclusive, c.Priority, c.HoldoutPercent = r.Exclusive, r.Priority, r.HoldoutPercent
	c.Verified, c.ToReferrer = r.Match.Verified, r.Referrer
	p.event.Candidates = append(p.event.Candidates, c)
	return c
}

// add adds values ≥ 0 and stays at the highest int64, where the award then reports its overflow instead of wrapping.
func add(a, b int64) int64 {
	if b > math.MaxInt64-a {
		return math.MaxInt64
	}
	return a + b
}
