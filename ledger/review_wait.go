package ledger

import (
	"fmt"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// A review that earns as a verified purchase only is of another topic than its order, so either may be read first. It waits
// on the order's key, undecided, and comes again by a request once the order is there (decision 0030).

// reviewsMost is how many reviews wait for one order: those of its lines, and no flood of them.
const reviewsMost = 1000

// published says of a review that nothing is to be awarded now: it is known, or it waits for the order that it reviews.
func (c *credit) published(purchase string) (done bool, err error) {
	o := c.m.Order(c.key)
	switch {
	case o != nil && o.Paid || c.m.saw(formerReview(c.event)):
		c.Outcome = Duplicate
		return true, nil
	case c.unbought(purchase):
		return true, c.await(purchase)
	}
	if o != nil {
		c.waiting = o.Early
	}
	return false, nil
}

// unbought says that an event reviews what is not known to be bought, and could earn by nothing else.
func (c *credit) unbought(purchase string) bool {
	if purchase == "" || c.event.Review.Order == "" || slices.ContainsFunc(c.event.Candidates, func(k *pointspb.Candidate) bool { return !k.Verified }) {
		return false
	}
	o := c.m.Order(purchase)
	return o == nil || !o.Paid && len(o.Reviews) < reviewsMost
}

// await keeps a review on its order's key. Nothing is known of it until the order comes, so that it is decided then like any
// other; told again, or of the same line again, it is a duplicate.
func (c *credit) await(purchase string) error {
	if o := c.m.Order(purchase); o != nil {
		for _, b := range o.Reviews {
			x := &pointspb.CreditEvent{}
			if err := x.UnmarshalVT(b); err != nil {
				return fmt.Errorf("a review that waits for %q: %w", purchase, err)
			}
			if x.BusinessKey == c.event.BusinessKey || x.Cause.GetSource() == c.cause.Source && x.Cause.GetId() == c.cause.Id {
				c.Outcome = Duplicate
				return nil
			}
		}
	}
	event, err := c.event.MarshalVT()
	if err != nil {
		return fmt.Errorf("a review to wait for %q: %w", purchase, err)
	}
	c.advance(c.m)
	c.Outcome = Waiting
	c.emitOf(c.m, &pointspb.Entry{
		Account: c.event.Account, Kind: pointspb.Kind_RECORDED, Version: c.event.Version, OrderKey: purchase, Waiting: event,
	})
	return nil
}

// sendReviews sends the reviews that waited for this order to be decided.
func (c *credit) sendReviews() {
	for i, event := range c.reviews {
		c.Requests = append(c.Requests, &pointspb.Request{
			Account: c.event.Account, Id: fmt.Sprintf("%s review %d", c.cause.Id, i), Traceparent: c.cause.Traceparent,
			What: &pointspb.Request_Forward{Forward: &pointspb.ForwardRequest{Event: event}},
		})
	}
}

// formerReview is the business key of a review as it was before it named the source: what was reviewed then is reviewed.
func formerReview(ev *pointspb.CreditEvent) []SeenMark {
	if ev.BusinessKey == "" {
		return nil
	}
	f := ev.Review
	key := "review\x1f" + f.Order + "\x1f" + f.Line
	if f.Order == "" {
		key = "review\x1f\x1f" + f.Review
	}
	return []SeenMark{{ever, topics.MarkOf("business", key)}}
}
