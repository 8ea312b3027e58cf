package ledger

import "slices"

// Hashes is a set of hashes; most have few.
type Hashes struct {
	list []uint64
	set  map[uint64]struct{} // of a long list
}

// hashesListed is the length from which on a set is kept.
const hashesListed = 32

// NewHashes makes a set of hashes, which may repeat.
func NewHashes(all []uint64) *Hashes {
	h := &Hashes{}
	for _, x := range all {
		h.Add(x)
	}
	return h
}

// Add puts a hash into the set.
func (h *Hashes) Add(x uint64) {
	if h.Has(x) {
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

// Has says whether a hash is in the set.
func (h *Hashes) Has(x uint64) bool {
	if h.set != nil {
		_, ok := h.set[x]
		return ok
	}
	return slices.Contains(h.list, x)
}

// HashOrder is the FNV-1a hash of an order's key. Who knows those of all of a member's orders knows which one was never
// written, without keeping the keys; two orders with one hash cost a reading in vain.
func HashOrder(key string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	return h
}
