package ledger

// World holds the states that decisions read: those of one batch in an owner, all of them in an audit.
// A state that is absent has never been written.
type World struct {
	Members     map[string]*Account
	Orders      map[string]*Order
	Redemptions map[string]*Redemption
	Items       map[string]*Item
	Seen        map[SeenKey]*Bucket
	// Rescheduled are the members whose Due or Sweep is not what it was when the world was read.
	Rescheduled map[string]struct{}
	// Whole are the members of whom the world holds all orders.
	Whole map[string]struct{}
}

// NewWorld returns an empty world.
func NewWorld() *World {
	return &World{
		Members: map[string]*Account{}, Orders: map[string]*Order{}, Redemptions: map[string]*Redemption{},
		Items: map[string]*Item{}, Seen: map[SeenKey]*Bucket{}, Rescheduled: map[string]struct{}{}, Whole: map[string]struct{}{},
	}
}

// Member returns the account of a member, making an empty one.
func (w *World) Member(id string) *Account {
	a := w.Members[id]
	if a == nil {
		a = &Account{}
		w.Members[id] = a
	}
	return a
}

func (w *World) order(key string) *Order {
	o := w.Orders[key]
	if o == nil {
		o = &Order{}
		w.Orders[key] = o
	}
	return o
}

func (w *World) item(id string) *Item {
	i := w.Items[id]
	if i == nil {
		i = &Item{}
		w.Items[id] = i
	}
	return i
}

// Merge takes over the states of another world that this one lacks.
func (w *World) Merge(o *World) {
	merge(w.Members, o.Members)
	merge(w.Orders, o.Orders)
	merge(w.Redemptions, o.Redemptions)
	merge(w.Items, o.Items)
	merge(w.Seen, o.Seen)
	merge(w.Whole, o.Whole)
}

func merge[K comparable, V any](to, from map[K]V) {
	for k, v := range from {
		if _, ok := to[k]; !ok {
			to[k] = v
		}
	}
}
