package ledger

import (
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// A review is kept as an order without lines, under a key of its own kind: what it earned, and that it was removed.

// remove takes back what a review earned. A removal that comes before its review is kept on the review's key, and does its
// work when the review comes; a second one is a duplicate.
func (c *credit) remove() error {
	o := c.m.Order(c.key)
	if o != nil && len(o.Returns)+len(o.Early) > 0 {
		c.Outcome = Duplicate
		return nil
	}
	c.advance(c.m)
	if o == nil || !o.Paid {
		c.Outcome = Waiting
		c.emitOf(c.m, c.removal(c.cause, true))
		return nil
	}
	return c.removed(c.cause, true)
}

// removed takes back what a review has earned, under the cause of its removal: all of it, as it was granted (C6).
func (c *credit) removed(cause *pointspb.Cause, first bool) error {
	o := c.m.Order(c.key)
	e := c.removal(cause, first)
	e.EffectiveAt = max(cause.OccurredAt, o.At)
	c.emitOf(c.m, e)
	for i := range o.Grants {
		if err := c.reverse(o, i, cause); err != nil {
			return err
		}
	}
	c.revoke(c.m.Order(c.key), cause)
	return nil
}

func (c *credit) removal(cause *pointspb.Cause, first bool) *pointspb.Entry {
	return &pointspb.Entry{
		Account: c.event.Account, Kind: pointspb.Kind_REMOVED, Cause: cause, First: first, Version: c.event.Version, OrderKey: c.key,
		Review: &pointspb.ReviewFacts{Review: c.event.Review.Review, Removed: true},
	}
}

// earlyRemoval applies the removal that came before the review.
func (c *credit) earlyRemoval() error {
	for _, r := range c.waiting {
		cause := &pointspb.Cause{Source: r.Source, Id: r.ID, Type: topics.TypeReviewRemoved, OccurredAt: r.At}
		if err := c.removed(cause, false); err != nil {
			return err
		}
	}
	return nil
}

// bought says that the member has paid for, and kept, what the event reviews: a line of an order of the same source.
func (c *credit) bought() bool {
	f := c.event.Review
	if f == nil {
		return false
	}
	o := c.m.Order(topics.OrderKey(c.m.ID, c.event.Cause.Source, f.Order))
	return o != nil && o.Paid && slices.ContainsFunc(o.Lines, func(l OrderLine) bool { return l.ID == f.Line && l.Kept > 0 })
}

func foldReview(o *Order, e *pointspb.Entry) {
	switch f := e.Review; {
	case !f.Removed:
		o.Paid, o.At, o.Early = true, e.Cause.OccurredAt, nil
	case o.Paid:
		o.Returns = append(o.Returns, Returned{ID: f.Review})
	default:
		o.Early = append(o.Early, Refund{Source: e.Cause.Source, ID: e.Cause.Id, At: e.Cause.OccurredAt, Return: f.Review})
	}
}
