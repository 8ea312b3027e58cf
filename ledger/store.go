package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Want names the states of one shard that somebody needs.
type Want struct {
	Shard                               int32
	Members, Orders, Redemptions, Items []string
	Budgets                             []string // of campaigns
	Identities                          []string
	Codes                               []string // chunks of items' pools
	Logs                                []string // members of whom the seen buckets are wanted, and which orders there are
	Swept                               []string // members of whom all orders are wanted, and the seen buckets
	Now                                 int64    // Unix ms; what is due by then is listed
	DueMost                             int      // 0: do not look
	// Into is the world that takes the states in; nil: a new one. What it holds already stays as it is.
	Into *World
}

// Got is what a store holds of a shard: how far it was applied (Seq 0: never), the wanted states, and what is due.
type Got struct {
	Head  Head
	World *World
	Due   []string // DueMember or DueRedemption + key
}

// Unreadable says that a store holds of some shards what is no state: damaged, or written by somebody else. The ledger has them.
type Unreadable struct {
	Shards map[int32]error
}

func (u *Unreadable) Error() string {
	var all []string
	for _, n := range slices.Sorted(maps.Keys(u.Shards)) {
		all = append(all, fmt.Sprintf("shard %d: %v", n, u.Shards[n]))
	}
	return strings.Join(all, "; ")
}

// Batch is what the entries From..Head.Seq of one shard changed: the world into which they were folded knows it.
type Batch struct {
	Shard int32
	From  uint64 // seq of the first entry
	Head  Head
	World *World
}

// Names are the keys of a shard's states, by kind, as a store holds them; of orders and seen buckets the members.
type Names struct {
	Members, Logs, Redemptions, Items, Budgets, Identities []string
	Codes                                                  []string // chunks
	Boards                                                 []string // periods
}
