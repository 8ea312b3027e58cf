package ledger

// World holds the states that decisions read: those of one batch in an owner, all of them in an audit. It knows which of
// them entries changed. A state that is absent has never been written.
type World struct {
	Members     map[string]*Member
	Redemptions map[string]*Redemption
	Items       map[string]*Item
	Budgets     map[string]*Budget // by campaign
	Identities  map[string]*Identity
	Codes       map[string]*CodeChunk // by ChunkOf
	// Packing is where the orders that credits made are kept as they are written; nil: they are kept as they are.
	Packing *Packing

	changed              []*Member
	redemptions, items   map[string]struct{} // that entries changed
	budgets, identities  map[string]struct{}
	codes                map[string][]CodeBlock
	forgottenRedemptions map[string]struct{}
}

// NewWorld returns an empty world.
func NewWorld() *World {
	return &World{
		Members: map[string]*Member{}, Redemptions: map[string]*Redemption{}, Items: map[string]*Item{}, Budgets: map[string]*Budget{},
		Identities: map[string]*Identity{},
	}
}

// Member returns a member, making one of whom nothing is known.
func (w *World) Member(id string) *Member {
	m := w.Members[id]
	if m == nil {
		m = &Member{ID: id}
		w.Members[id] = m
	}
	return m
}

// Change is a member to be changed.
func (w *World) Change(id string) *Member {
	m := w.Member(id)
	w.touch(m)
	return m
}

func (w *World) touch(m *Member) {
	if !m.changed {
		m.changed = true
		w.changed = append(w.changed, m)
	}
}

// Changed are the members whom entries changed, in their order.
func (w *World) Changed() []*Member { return w.changed }

// SetRedemption puts a redemption in its state.
func (w *World) SetRedemption(id string, r *Redemption) {
	w.Redemptions[id] = r
	note(&w.redemptions, id)
}

// ChangedRedemptions are the ids of those that entries made or forgot; what was forgotten and made anew is in both.
func (w *World) ChangedRedemptions() (made, forgotten map[string]struct{}) {
	return w.redemptions, w.forgottenRedemptions
}

func (w *World) forgetRedemption(id string) {
	delete(w.Redemptions, id)
	delete(w.redemptions, id)
	note(&w.forgottenRedemptions, id)
}

// ChangeItem is an item to be changed, made where there is none.
func (w *World) ChangeItem(id string) *Item {
	note(&w.items, id)
	return w.item(id)
}

// ChangedItems are the ids of the items that entries changed.
func (w *World) ChangedItems() map[string]struct{} { return w.items }

func (w *World) item(id string) *Item {
	i := w.Items[id]
	if i == nil {
		i = &Item{}
		w.Items[id] = i
	}
	return i
}

func note(set *map[string]struct{}, id string) {
	if *set == nil {
		*set = map[string]struct{}{}
	}
	(*set)[id] = struct{}{}
}

// Orders are all orders that are held, by key.
func (w *World) Orders() map[string]*Order {
	all := map[string]*Order{}
	for _, m := range w.Members {
		for key, o := range m.Orders() {
			all[key] = o
		}
	}
	return all
}

// Order is an order that is held, by its key; nil if it is not.
func (w *World) Order(key string) *Order {
	if m := w.Members[memberOfOrder(key)]; m != nil {
		return m.Order(key)
	}
	return nil
}

// Seen are all seen buckets that are held.
func (w *World) Seen() map[SeenKey]*Bucket {
	all := map[SeenKey]*Bucket{}
	for _, m := range w.Members {
		for month, b := range m.Buckets() {
			all[SeenKey{m.ID, month}] = b
		}
	}
	return all
}
