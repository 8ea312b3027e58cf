package ledger

import (
	"fmt"
	"testing"
)

// TestEachOrderIsFoundAgain among few and among many, also those whose hashes name one place, and none that is not there.
func TestEachOrderIsFoundAgain(t *testing.T) {
	m := &Member{}
	key := func(i int) string { return fmt.Sprintf("ana\x1f/s\x1fO-%d", i) }
	orders := map[string]*Order{}
	for n := range 3000 {
		if m.Order(key(n)) != nil {
			t.Fatalf("order %d is there before it was made", n)
		}
		orders[key(n)] = m.ChangeOrder(key(n))
		if n < 50 || n == 2999 {
			for k, o := range orders {
				if m.Order(k) != o {
					t.Fatalf("of %d orders, %q is another one", n+1, k)
				}
			}
		}
	}
	m.forgetOrder(key(7))
	if m.Order(key(7)) != nil || m.Order(key(8)) != orders[key(8)] {
		t.Error("an order was forgotten, and not it alone is gone")
	}
	m.Settle()
	if m.Order(key(8)) != nil {
		t.Error("an order is held that was let go")
	}
}
