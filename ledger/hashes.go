package ledger

// Hashes is a set of hashes. It is a plain table, so that asking for one that is not there, as for nearly every order,
// touches one place of memory: a busy member's does not stay in the processor's cache.
type Hashes struct {
	slots []uint64 // a power of two of them, 0: free; a hash lies in the first free one from its own place on
	count int
}

// hashesLeast is the size of the smallest table, a cache line.
const hashesLeast = 8

// Add puts a hash into the set.
func (h *Hashes) Add(x uint64) {
	if 4*(h.count+1) > 3*len(h.slots) {
		h.grow()
	}
	x = max(x, 1)
	if i := h.place(x); h.slots[i] == 0 {
		h.slots[i] = x
		h.count++
	}
}

// None says that the set is empty.
func (h *Hashes) None() bool { return h.count == 0 }

// Has says whether a hash is in the set.
func (h *Hashes) Has(x uint64) bool {
	x = max(x, 1)
	return h.count > 0 && h.slots[h.place(x)] == x
}

// place is where a hash lies or would lie.
func (h *Hashes) place(x uint64) int {
	i, mask := h.home(x), len(h.slots)-1
	for h.slots[i] != 0 && h.slots[i] != x {
		i = (i + 1) & mask
	}
	return i
}

// home is the slot at which the search for a hash begins.
func (h *Hashes) home(x uint64) int { return int(x) & (len(h.slots) - 1) }

func (h *Hashes) grow() {
	old := h.slots
	h.slots = make([]uint64, max(hashesLeast, 2*len(old)))
	for _, x := range old {
		if x != 0 {
			h.slots[h.place(x)] = x
		}
	}
}

// HashOrder is a hash of an order's key. Who knows those of all of a member's orders knows which one was never written,
// without keeping the keys; two orders with one hash cost a reading in vain.
func HashOrder(key string) uint64 {
	const prime = 0x9e3779b97f4a7c15
	h := uint64(len(key))
	for ; len(key) >= 8; key = key[8:] {
		w := uint64(key[0]) | uint64(key[1])<<8 | uint64(key[2])<<16 | uint64(key[3])<<24 |
			uint64(key[4])<<32 | uint64(key[5])<<40 | uint64(key[6])<<48 | uint64(key[7])<<56
		h = (h ^ w) * prime
		h ^= h >> 32
	}
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * prime
	}
	return h ^ h>>29
}
