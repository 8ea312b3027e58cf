package balances

import "jifen/ledger"

// cache keeps accounts and seen buckets decoded between batches. It is right as long as the store's applied mark is the
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
