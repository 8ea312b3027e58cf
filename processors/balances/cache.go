package balances

import "jifen/ledger"

// cache keeps members between batches. It is right as long as the store's applied mark is the one that the owner left,
// which every batch checks; two generations bound it: what a whole generation did not touch is dropped.
type cache struct {
	limit      int
	generation int32 // of the young, from 1; none is used twice
	young, old map[string]*ledger.Member
}

func newCache(limit int) *cache {
	c := &cache{limit: max(limit, 1000)}
	c.drop()
	return c
}

func (c *cache) get(id string) *ledger.Member {
	if m := c.young[id]; m != nil {
		return m
	}
	return c.old[id]
}

// put keeps a member, as one that was touched now.
func (c *cache) put(m *ledger.Member) {
	if m.Kept == c.generation {
		return // it is found without another search
	}
	if len(c.young) >= c.limit {
		c.young, c.old = make(map[string]*ledger.Member, c.limit), c.young
		c.generation++
	}
	c.young[m.ID], m.Kept = m, c.generation
}

// drop forgets everything.
func (c *cache) drop() {
	c.young, c.old = map[string]*ledger.Member{}, map[string]*ledger.Member{}
	c.generation++
}
