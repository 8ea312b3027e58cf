package balances

import "jifen/ledger"

// cache keeps accounts decoded between batches. It is right as long as the store's applied mark is the one that the
// owner left, which every batch checks; two generations bound it: what a whole generation did not touch is dropped.
type cache struct {
	limit      int
	young, old map[string]*ledger.Account
}

func newCache(limit int) *cache {
	return &cache{limit: max(limit, 1000), young: map[string]*ledger.Account{}, old: map[string]*ledger.Account{}}
}

func (c *cache) get(member string) *ledger.Account {
	if a := c.young[member]; a != nil {
		return a
	}
	a := c.old[member]
	if a != nil {
		c.put(member, a)
	}
	return a
}

func (c *cache) put(member string, a *ledger.Account) {
	if len(c.young) >= c.limit {
		c.young, c.old = make(map[string]*ledger.Account, c.limit), c.young
	}
	c.young[member] = a
}

// drop forgets the accounts of a shard whose store was recovered.
func (c *cache) drop() { *c = *newCache(c.limit) }
