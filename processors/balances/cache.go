package balances

import "jifen/ledger"

// cache keeps members between batches. It is right as long as the store's applied mark is the one that the owner left,
// which every batch checks; two generations bound it: what a whole generation did not touch is dropped.
type cache struct {
	limit      int
	young, old map[string]*ledger.Member
}

func newCache(limit int) *cache {
	return &cache{limit: max(limit, 1000), young: map[string]*ledger.Member{}, old: map[string]*ledger.Member{}}
}

func (c *cache) get(id string) *ledger.Member {
	if m := c.young[id]; m != nil {
		return m
	}
	return c.old[id]
}

// put keeps a member, as one that was touched now.
func (c *cache) put(m *ledger.Member) {
	if c.young[m.ID] == m {
		return
	}
	if len(c.young) >= c.limit {
		c.young, c.old = make(map[string]*ledger.Member, c.limit), c.young
	}
	c.young[m.ID] = m
}

// drop forgets everything.
func (c *cache) drop() { *c = *newCache(c.limit) }
