package ledger

import (
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// The kinds of members in a shard's due index: a prefix, then the state's key.
const (
	DueMember     = "m:" // Account.Due
	DueSweep      = "s:" // Account.Sweep
	DueRedemption = "r:"
)

// Changes are the states that entries touched: what a store has to write after them, and to load before folding them.
type Changes struct {
	Members, Orders, Redemptions, Items map[string]struct{}
	Seen                                map[SeenKey][]topics.Mark // what is new in a bucket
	Forgotten                           map[string]struct{}       // dropped before anything is written: a state may begin anew
}

// NewChanges returns an empty set.
func NewChanges() *Changes {
	return &Changes{
		Members: map[string]struct{}{}, Orders: map[string]struct{}{}, Redemptions: map[string]struct{}{},
		Items: map[string]struct{}{}, Seen: map[SeenKey][]topics.Mark{}, Forgotten: map[string]struct{}{},
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
		marks, n := Marks(member, e.Cause.Source, e.Cause.Id, e.BusinessKey, e.Cause.OccurredAt)
		for _, m := range marks[:n] {
			c.Seen[m.SeenKey] = append(c.Seen[m.SeenKey], m.Mark)
		}
	}
	for _, name := range e.Forgotten {
		c.forget(name)
	}
}

// forget notes a state that is dropped; an order's is needed once more, for what its lots lost by expiry.
func (c *Changes) forget(name string) {
	c.Forgotten[name] = struct{}{}
	if IsOrder(name) {
		c.Orders[name] = struct{}{}
	}
	delete(c.Redemptions, name)
	if k, ok := ParseSeenKey(name); ok {
		delete(c.Seen, k)
	}
}

// IsOrder says that a forgotten state is an order: member, U+001F, source, U+001F, order.
func IsOrder(name string) bool { return strings.Count(name, "\x1f") > 1 }

// Want names the states that the changes touch, as they were before.
func (c *Changes) Want(shard int32) Want {
	w := Want{Shard: shard}
	w.Members = names(c.Members)
	w.Orders = names(c.Orders)
	slices.Sort(w.Orders) // those of a member lie together
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
