package ledger

// Want names the states of one shard that somebody needs.
type Want struct {
	Shard                               int32
	Members, Orders, Redemptions, Items []string
	Seen                                []SeenKey // buckets, whole
	Swept                               []string  // members of whom all orders are wanted
	Now                                 int64     // Unix ms; what is due by then is listed
	DueMost                             int       // 0: do not look
}

// Got is what a store holds of a shard: how far it was applied (Seq 0: never), the wanted states, and what is due.
type Got struct {
	Head  Head
	World *World
	Due   []string // DueMember, DueSweep or DueRedemption + key
	// Known are, of each member of whom orders were wanted, the hashes of all orders that the store has.
	Known map[string][]uint64
}

// Batch is what the entries From..Head.Seq of one shard changed.
type Batch struct {
	Shard   int32
	From    uint64 // seq of the first entry
	Head    Head
	World   *World
	Changes *Changes
}

// Names are the keys of a shard's states, by kind, as a store holds them; of orders the members.
type Names struct {
	Members, Ordered, Redemptions, Items []string
	Seen                                 []SeenKey
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
