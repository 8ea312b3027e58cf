package balances

import (
	"slices"

	"jifen/ledger"
)

// cache keeps accounts, seen buckets and which orders there are between batches. It is right as long as the store's applied mark is the
// one that the owner left, which every batch checks; two generations bound it: what a whole generation did not touch is
// dropped.
type cache struct {
	limit      int
	young, old map[string]*cached
}

// cached is what is known of a member.
type cached struct {
	account *ledger.Account
	seen    []seenBucket
	orders  *hashes // of the keys of all orders that the store has; nil: unknown
}

// hashes is a set; most members have few orders.
type hashes struct {
	list []uint64
	set  map[uint64]struct{} // of a long list
}

// hashesListed is the length from which on a set is kept.
const hashesListed = 32

func (h *hashes) add(x uint64) {
	if h.has(x) {
		return
	}
	switch {
	case h.set != nil:
		h.set[x] = struct{}{}
	case len(h.list) < hashesListed:
		h.list = append(h.list, x)
	default:
		h.set = map[uint64]struct{}{x: {}}
		for _, y := range h.list {
			h.set[y] = struct{}{}
		}
		h.list = nil
	}
}

func (h *hashes) has(x uint64) bool {
	if h.set != nil {
		_, ok := h.set[x]
		return ok
	}
	return slices.Contains(h.list, x)
}

type seenBucket struct {
	month  int32
	bucket *ledger.Bucket
}

func newCache(limit int) *cache {
	return &cache{limit: max(limit, 1000), young: map[string]*cached{}, old: map[string]*cached{}}
}

func (c *cache) get(member string) *cached {
	if m := c.young[member]; m != nil {
		return m
	}
	m := c.old[member]
	if m != nil {
		c.add(member, m)
	}
	return m
}

func (c *cache) add(member string, m *cached) {
	if len(c.young) >= c.limit {
		c.young, c.old = make(map[string]*cached, c.limit), c.young
	}
	c.young[member] = m
}

// put keeps an account as it is now.
func (c *cache) put(member string, a *ledger.Account) {
	if m := c.get(member); m != nil {
		m.account = a
		return
	}
	c.add(member, &cached{account: a})
}

// mayHave says whether the store may have an order of the member.
func (m *cached) mayHave(key string) bool {
	return m.orders == nil || m.orders.has(ledger.HashOrder(key))
}

// known keeps the hashes of a member's orders, as the store has them.
func (c *cache) known(member string, all []uint64) {
	m := c.get(member)
	if m == nil || m.orders != nil {
		return
	}
	m.orders = &hashes{}
	for _, x := range all {
		m.orders.add(x)
	}
}

// wrote notes an order that the store has now.
func (c *cache) wrote(member, key string) {
	if m := c.get(member); m != nil && m.orders != nil {
		m.orders.add(ledger.HashOrder(key))
	}
}

// bucket is a seen bucket, nil if it is not known.
func (m *cached) bucket(month int32) *ledger.Bucket {
	for _, s := range m.seen {
		if s.month == month {
			return s.bucket
		}
	}
	return nil
}

// saw keeps a bucket of a member whose account is kept; nil: it was forgotten.
func (c *cache) saw(k ledger.SeenKey, b *ledger.Bucket) {
	m := c.get(k.Member)
	if m == nil {
		return
	}
	for i := range m.seen {
		if m.seen[i].month == k.Month {
			m.seen[i].bucket = b
			return
		}
	}
	m.seen = append(m.seen, seenBucket{k.Month, b})
}

// drop forgets everything.
func (c *cache) drop() { *c = *newCache(c.limit) }
