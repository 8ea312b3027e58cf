package ledger

import (
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// The kinds of members in a shard's due index: a prefix, then the state's key.
const (
	DueMember     = "m:"
	DueOrder      = "o:"
	DueRedemption = "r:"
	DueSeen       = "e:"
)

// Changes are the states that entries touched: what a store has to write after them, and to load before folding them.
type Changes struct {
	Members, Orders, Redemptions, Items map[string]struct{}
	Seen                                map[SeenMark]struct{}
	Buckets                             map[string]int64    // seen bucket → when it is due to be forgotten
	Forgotten                           map[string]struct{} // dropped before anything is written: a state may begin anew
}

// NewChanges returns an empty set.
func NewChanges() *Changes {
	return &Changes{
		Members: map[string]struct{}{}, Orders: map[string]struct{}{}, Redemptions: map[string]struct{}{},
		Items: map[string]struct{}{}, Seen: map[SeenMark]struct{}{}, Buckets: map[string]int64{}, Forgotten: map[string]struct{}{},
	}
}

// Add notes what one entry touches.
func (c *Changes) Add(e *pointspb.Entry) {
	if item, ok := topics.ItemOf(e.Account); ok {
		c.Items[item] = struct{}{}
		return
	}
	member, ok := topics.MemberOf(e.Account)
	if !ok {
		return
	}
	c.Members[member] = struct{}{}
	if e.OrderKey != "" {
		c.Orders[e.OrderKey] = struct{}{}
	}
	if e.Redemption != nil {
		c.Redemptions[e.Redemption.Id] = struct{}{}
	}
	if e.First {
		for _, m := range Marks(member, e.Cause.Source, e.Cause.Id, e.BusinessKey, e.Cause.OccurredAt) {
			c.Seen[m] = struct{}{}
			if !strings.HasSuffix(m.Bucket, ever) {
				c.Buckets[m.Bucket] = DueAt(Day(e.RecordedAt))
			}
		}
	}
	for _, key := range e.Forgotten {
		c.forget(key)
	}
}

func (c *Changes) forget(key string) {
	c.Forgotten[key] = struct{}{}
	c.Orders[key] = struct{}{}
	delete(c.Redemptions, key)
	delete(c.Buckets, key)
	for m := range c.Seen {
		if m.Bucket == key {
			delete(c.Seen, m)
		}
	}
}

// Want names the states that the changes touch, as they were before.
func (c *Changes) Want(shard int32) Want {
	w := Want{Shard: shard}
	w.Members = names(c.Members)
	w.Orders = names(c.Orders)
	w.Redemptions = names(c.Redemptions)
	w.Items = names(c.Items)
	return w
}

func names(set map[string]struct{}) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	return out
}
