package balances

import (
	"strconv"
	"testing"

	"jifen/ledger"
)

// TestCacheKeepsTwoGenerations: what is touched stays, what a whole generation did not touch goes, and what was dropped is
// not taken for kept when it is put again.
func TestCacheKeepsTwoGenerations(t *testing.T) {
	const limit = 1000
	c := newCache(limit)
	kept := &ledger.Member{ID: "kept"}
	touched := func(others, from int) {
		for i := range others {
			c.put(&ledger.Member{ID: strconv.Itoa(from + i)})
			c.put(kept)
		}
	}
	for round := range 5 {
		touched(limit, round*limit)
		if c.get("kept") != kept {
			t.Fatalf("round %d: who was touched all the time is gone", round)
		}
	}
	if c.get("0") != nil || c.get(strconv.Itoa(5*limit-1)) == nil {
		t.Errorf("of others the first is there: %t, the last: %t", c.get("0") != nil, c.get(strconv.Itoa(5*limit-1)) != nil)
	}
	if n := len(c.young) + len(c.old); n > 2*limit {
		t.Errorf("%d members, at most %d are kept", n, 2*limit)
	}
	c.drop()
	if c.get("kept") != nil {
		t.Error("kept over a drop")
	}
	if c.put(kept); c.get("kept") != kept {
		t.Error("what was dropped is not kept again")
	}
}
