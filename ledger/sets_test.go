package ledger

import (
	"testing"

	"pgregory.net/rapid"

	"jifen/topics"
)

// TestSetsHoldWhatWasAdded compares both sets with a map, with values that crowd the same places.
func TestSetsHoldWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 9), rapid.Map(rapid.Uint64Range(0, 40), func(n uint64) uint64 { return n << 32 }))
		added := rapid.SliceOfN(hash, 0, 200).Draw(t, "added")
		stored := rapid.IntRange(0, len(added)).Draw(t, "stored")
		mark := func(x uint64) topics.Mark {
			// Some have all 64 bits by which the table tells them apart alike.
			return topics.Mark{byte(x % 3), 4: byte(x % 5), 8: byte(x), byte(x >> 8), byte(x >> 16), byte(x >> 24), byte(x >> 32), byte(x >> 40), byte(x >> 48), byte(x >> 56)}
		}
		var marks []topics.Mark
		for _, x := range added[:stored] {
			marks = append(marks, mark(x))
		}
		hashes, bucket, want := &Hashes{}, NewBucket(marks), map[uint64]bool{}
		for i, x := range added {
			hashes.Add(x)
			want[x] = true
			if i >= stored {
				bucket.add(mark(x))
			}
		}
		asked := append(rapid.SliceOf(hash).Draw(t, "asked"), added...)
		for _, x := range asked {
			if got := bucket.Has(mark(x)); got != want[x] {
				t.Fatalf("the bucket has %x: %v", x, got)
			}
			if got := hashes.Has(x); got != (want[x] || x == 0 && want[1] || x == 1 && want[0]) {
				t.Fatalf("the hashes have %x: %v", x, got)
			}
		}
		if n := len(bucket.Fresh()); n != len(added)-stored || len(bucket.Marks()) != len(added) {
			t.Fatalf("%d fresh of %d", n, len(bucket.Marks()))
		}
	})
}
