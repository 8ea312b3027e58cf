package ledger

import (
	"maps"
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// The kinds of members in a shard's due index: a prefix, then the state's key.
const (
	DueMember     = "m:" // Member.NextDue
	DueRedemption = "r:"
	DueOverdue    = "o:" // never due: it stands at Account.OverdueAt, for whoever counts what is overdue
)

// Touched are the states that entries touch: what has to be read before they are folded.
type Touched struct {
	members, orders, redemptions, items, budgets, identities map[string]struct{}
}

// NewTouched returns an empty set.
func NewTouched() *Touched {
	return &Touched{
		members: map[string]struct{}{}, orders: map[string]struct{}{}, redemptions: map[string]struct{}{}, items: map[string]struct{}{},
		budgets: map[string]struct{}{}, identities: map[string]struct{}{},
	}
}

// Add notes what one entry touches. Seen buckets are only added to, and need not be read.
func (c *Touched) Add(e *pointspb.Entry) {
	if item, ok := topics.ItemOf(e.Account); ok {
		c.items[item] = struct{}{}
		return
	}
	if campaign, ok := topics.CampaignOf(e.Account); ok {
		c.budgets[campaign] = struct{}{}
		return
	}
	if identity, ok := topics.IdentityOf(e.Account); ok {
		c.identities[identity] = struct{}{}
		return
	}
	member, ok := topics.MemberOf(e.Account)
	if !ok {
		return
	}
	c.members[member] = struct{}{}
	if e.OrderKey != "" {
		c.orders[e.OrderKey] = struct{}{}
	}
	if e.Redemption != nil {
		c.redemptions[e.Redemption.Id] = struct{}{}
	}
	for _, name := range e.Forgotten {
		if IsOrder(name) { // what its lots lost by expiry goes with it
			c.orders[name] = struct{}{}
		} else if !strings.Contains(name, "\x1f") { // the same of a redemption's rebate
			c.redemptions[name] = struct{}{}
		}
	}
}

// IsOrder says that a forgotten state is an order: member, U+001F, source, U+001F, order.
func IsOrder(name string) bool { return strings.Count(name, "\x1f") > 1 }

// memberOfOrder is the member in an order's key.
func memberOfOrder(key string) string {
	member, _, _ := strings.Cut(key, "\x1f")
	return member
}

// Want names the states, as those of a shard.
func (c *Touched) Want(shard int32) Want {
	return Want{
		Shard: shard, Members: names(c.members), Redemptions: names(c.redemptions), Items: names(c.items), Budgets: names(c.budgets),
		Identities: names(c.identities),
		Orders:     names(c.orders), // those of a member lie together
	}
}

func names(set map[string]struct{}) []string { return slices.Sorted(maps.Keys(set)) }
