package ledger

import (
	"errors"
	"fmt"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// A referral is decided at the buyer's shard, which knows their orders, and its points are held at the sharer's (D6). What
// joins them are requests, each in the transaction of the entry that caused it: ReferRequest, and RecallRequest when the
// order was refunded in full. The sharer's shard keeps the referral as an order without lines, under a key of its own kind.

var (
	errReferral = errors.New("a referral without its facts, its cause or its arithmetic")
	errUnread   = errors.New("a referral under a version that is no published one")
)

// judge is why the order's sharer gets nothing, whatever the rules are; empty: they may get something. It looks at the
// member as they are before the order.
func (c *credit) judge() string {
	f := c.event.Referral
	sharer, paid := f.Sharer, false
	for _, l := range c.event.Order.Lines {
		paid = paid || l.Net > 0
	}
	switch {
	case f.Outcome != "":
		return f.Outcome
	case sharer == c.m.ID:
		return topics.ReferralSelf
	case c.m.ordered():
		return topics.ReferralNotFirst
	case !paid:
		return topics.ReferralUnpaid
	}
	return ""
}

// refers notes what a rule gives to the sharer.
func (c *credit) refers(k *pointspb.Candidate, tier string) error {
	if c.event.Referral == nil || c.judged != "" {
		return nil
	}
	x := &slip{rule: ruleNamed(c.book, k.Rule)}
	if err := c.compute(&x.arithmetic, k, tier, &x.tier); err != nil {
		return err
	}
	c.referrals = append(c.referrals, award{k, x})
	return nil
}

// refer books what became of the order's referral, and asks the sharer's shard to credit it.
func (c *credit) refer() {
	f := c.event.Referral
	facts := &pointspb.ReferralFacts{Sharer: f.Sharer, Product: f.Product, IssuedAt: f.IssuedAt, Outcome: c.judged}
	if len(c.referrals) == 0 {
		if facts.Outcome == "" {
			facts.Outcome = topics.ReferralNoRule
		}
		c.emitOf(c.m, &pointspb.Entry{
			Account: c.event.Account, Kind: pointspb.Kind_REFERRED, Version: c.event.Version, Referral: facts,
		})
		return
	}
	facts.Outcome = topics.ReferralApplied
	for _, x := range c.referrals {
		c.emitOf(c.m, &pointspb.Entry{
			Account: c.event.Account, Kind: pointspb.Kind_REFERRED, Version: c.event.Version, Rule: x.Rule,
			OrderKey: c.key, Referral: facts,
		})
		c.send(f.Sharer, &pointspb.Request{What: &pointspb.Request_Refer{Refer: &pointspb.ReferRequest{
			Referral: &pointspb.ReferralFacts{
				Product: f.Product, IssuedAt: f.IssuedAt, Outcome: topics.ReferralApplied, Buyer: c.m.ID, Order: c.event.Order.Order,
			},
			Cause: c.cause, Version: c.event.Version, Rule: x.Rule, Arithmetic: &x.arithmetic,
		}}}, c.cause)
	}
}

// takeReferralBack asks the sharer's shard for the points of an order that was refunded in full.
func (c *credit) takeReferralBack(o *Order, f *pointspb.RefundFacts, cause *pointspb.Cause) {
	if o.Sharer == "" {
		return
	}
	sharer := o.Sharer
	c.emitOf(c.m, &pointspb.Entry{
		Account: c.event.Account, Kind: pointspb.Kind_REFERRED, Cause: cause, Version: c.event.Version, OrderKey: c.key,
		EffectiveAt: max(cause.OccurredAt, o.At),
		Referral:    &pointspb.ReferralFacts{Sharer: sharer, Outcome: topics.ReferralApplied, TakenBack: true},
	})
	c.send(sharer, &pointspb.Request{What: &pointspb.Request_Recall{Recall: &pointspb.RecallRequest{
		Referral: &pointspb.ReferralFacts{Buyer: c.m.ID, Order: f.Order, TakenBack: true},
		Cause:    cause, Version: c.event.Version, OrderSource: c.event.Cause.Source,
	}}}, cause)
}

// ask sends a request to a member's shard, in the transaction of this decision.
func (c *credit) send(member string, r *pointspb.Request, cause *pointspb.Cause) {
	r.Account, r.Id, r.Traceparent = topics.MemberAccount(member), cause.Id, cause.Traceparent
	c.Requests = append(c.Requests, r)
}

// ReferralOrderKey is the key of the state that a request about a referral concerns; empty: it is about none.
func ReferralOrderKey(r *pointspb.Request) string {
	member, _ := topics.MemberOf(r.Account)
	if q := r.GetRefer(); q != nil {
		return topics.ReferralKey(member, q.GetCause().GetSource(), q.GetReferral().GetOrder())
	}
	if q := r.GetRecall(); q != nil {
		return topics.ReferralKey(member, q.GetOrderSource(), q.GetReferral().GetOrder())
	}
	return ""
}

// refer books the points of a referral at its sharer, as a grant under the order's cause.
func (d *Decision) refer(r *pointspb.Request, q *pointspb.ReferRequest) (*Decision, error) {
	if q.Referral == nil || q.Cause == nil || q.Arithmetic == nil {
		return nil, errReferral
	}
	c, err := d.ofSharer(r, q.Cause, q.Version)
	if err != nil {
		return nil, err
	}
	if c.book == nil {
		return nil, fmt.Errorf("version %q: %w", q.Version, errUnread)
	}
	switch {
	case c.m.MergedInto != "":
		return c.sendOn(r), nil
	case c.m.Erased != 0:
		return d.refuse(Erased), nil
	}
	if q.Referral.Buyer == c.m.ID { // the sharer turned out to be the buyer
		return d.refuse(Unchanged), nil
	}
	if o := c.m.Order(c.key); o != nil && slices.ContainsFunc(o.Grants, func(g Grant) bool { return g.Rule == q.Rule }) {
		return d.refuse(Duplicate), nil
	}
	x := award{&pointspb.Candidate{Rule: q.Rule}, &slip{rule: ruleNamed(c.book, q.Rule)}}
	a := q.Arithmetic
	x.arithmetic.Mode, x.arithmetic.Points, x.arithmetic.Per, x.arithmetic.Quantity = a.Mode, a.Points, a.Per, a.Quantity
	x.arithmetic.Campaign, x.arithmetic.Campaigns = a.Campaign, a.Campaigns
	x.arithmetic.Desired, x.arithmetic.Awarded = a.Desired, a.Awarded
	if err := c.fits([]award{x}); err != nil { // before anything is booked
		return nil, err
	}
	c.advance(c.m)
	c.referred = q.Referral
	c.grant(x)
	c.accuse()
	c.advance(c.m) // of a backfill the points may be past their expiry already
	return d, nil
}

// recall takes the points of a referral back, in the order of a clawback (§4).
func (d *Decision) recall(r *pointspb.Request, q *pointspb.RecallRequest) (*Decision, error) {
	if q.Referral == nil || q.Cause == nil {
		return nil, errReferral
	}
	c, err := d.ofSharer(r, q.Cause, q.Version)
	if err != nil {
		return nil, err
	}
	switch {
	case c.m.MergedInto != "":
		return c.sendOn(r), nil
	case c.m.Erased != 0:
		return d.refuse(Erased), nil
	}
	o := c.m.Order(c.key)
	if o == nil { // past its horizon
		return d.refuse(Unchanged), nil
	}
	c.advance(c.m)
	for i := range o.Grants {
		if err := c.reverse(o, i, c.cause); err != nil {
			return nil, err
		}
	}
	c.revoke(c.m.Order(c.key), c.cause)
	return d, nil
}

// sendOn sends a request to the member that the sharer was merged into.
func (c *credit) sendOn(r *pointspb.Request) *Decision {
	c.send(c.m.MergedInto, &pointspb.Request{What: r.What}, c.cause)
	return c.refuse(Forwarded)
}

// ofSharer is the decision of a request about a referral, under the cause that the buyer's shard had.
func (d *Decision) ofSharer(r *pointspb.Request, cause *pointspb.Cause, version string) (*credit, error) {
	member, ok := topics.MemberOf(r.Account)
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoMember, r.Account)
	}
	d.cause = cause
	return &credit{
		Decision: d, desk: new(Desk), m: d.world.Member(member), book: d.moment.Books.Version(version), facts: true,
		event: &pointspb.CreditEvent{Account: r.Account, Cause: cause, Version: version}, key: ReferralOrderKey(r),
	}, nil
}

// foldReferral notes at the buyer's whose share an order came through while they have points for it, and at the sharer's
// that the order is there.
func foldReferral(o *Order, e *pointspb.Entry) {
	switch f := e.Referral; {
	case e.Kind != pointspb.Kind_REFERRED:
		o.Paid, o.At = true, e.Cause.OccurredAt
	case f.TakenBack:
		o.Sharer = ""
	default:
		o.Sharer = f.Sharer
	}
}
