package ledger

import (
	"iter"
	"math/bits"
)

// heldOrder is an order that a member holds in a world. One that a decision is done with may be kept as it is written, for
// nearly all of them are never asked for again; neither order nor state: it was forgotten.
type heldOrder struct {
	key     string
	hash    uint64
	order   *Order
	state   []byte // packed
	changed bool
}

func (h *heldOrder) forgotten() bool { return h.order == nil && h.state == nil }

// unpacked is the order to be looked at or changed; nil: it was forgotten.
func (h *heldOrder) unpacked() *Order {
	if h.order == nil && h.state != nil {
		h.order = &Order{}
		_ = h.order.UnmarshalBinary(h.state) // never fails on what AppendBinary wrote
		h.state = nil
	}
	return h.order
}

// ordersListed is the number of orders from which on their places are indexed.
const ordersListed = 16

// index makes the table of places anew, at most a quarter full: a slot is a place in the list, from 1 on, and lies in the
// first free one from that on which the hash of the order's key names.
func (m *Member) index() {
	m.places = make([]uint32, 4<<bits.Len(uint(len(m.orders)-1)))
	for i := range m.orders {
		m.places[m.slot(m.orders[i].hash, m.orders[i].key)] = uint32(i + 1)
	}
}

// slot is where an order's place is, or would be.
func (m *Member) slot(hash uint64, key string) int {
	mask := len(m.places) - 1
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		if at := m.places[i]; at == 0 || m.orders[at-1].hash == hash && m.orders[at-1].key == key {
			return i
		}
	}
}

// Packing is where the orders of a batch lie as they are written, and an order to make the next one in: memory that is
// used again from batch to batch, and stays in the processor's cache, instead of an order's own for each.
type Packing struct {
	spare  *Order
	states []byte
}

// Free gives the memory back, once nobody holds a world of the batch.
func (p *Packing) Free() { p.states = p.states[:0] }

// order is an empty order.
func (p *Packing) order() *Order {
	if p == nil || p.spare == nil {
		return &Order{}
	}
	o := p.spare
	p.spare = nil
	*o = Order{Lines: o.Lines[:0], Grants: o.Grants[:0]}
	return o
}

// pack keeps an order that was changed as it is written, and its memory for the next one.
func (p *Packing) pack(m *Member, key string) {
	if p == nil {
		return
	}
	h := m.held(key)
	if h == nil || h.order == nil || !h.changed {
		return
	}
	from := len(p.states)
	p.states, _ = h.order.AppendBinary(p.states) // never fails
	h.state = p.states[from:len(p.states):len(p.states)]
	p.spare, h.order = h.order, nil
}

// Order is an order that is held, by its key; nil if it is not.
func (m *Member) Order(key string) *Order {
	if h := m.held(key); h != nil {
		return h.unpacked()
	}
	return nil
}

func (m *Member) held(key string) *heldOrder {
	if m.places != nil {
		if at := m.places[m.slot(HashOrder(key), key)]; at != 0 {
			return &m.orders[at-1]
		}
		return nil
	}
	for i := range m.orders {
		if m.orders[i].key == key {
			return &m.orders[i]
		}
	}
	return nil
}

// HoldOrder takes an order in as a store has it; one that is held already stays as it is.
func (m *Member) HoldOrder(key string, o *Order) {
	if m.held(key) == nil {
		m.hold(heldOrder{key: key, order: o})
	}
}

func (m *Member) hold(h heldOrder) *heldOrder {
	h.hash = HashOrder(h.key)
	m.orders = append(m.orders, h)
	n := len(m.orders)
	switch {
	case n < ordersListed:
	case 2*n > len(m.places):
		m.index()
	default:
		m.places[m.slot(h.hash, h.key)] = uint32(n)
	}
	return &m.orders[n-1]
}

// ChangeOrder is an order to be changed, made where there is none.
func (m *Member) ChangeOrder(key string) *Order { return m.changeOrder(key, nil) }

func (m *Member) changeOrder(key string, p *Packing) *Order {
	h := m.held(key)
	if h == nil {
		h = m.hold(heldOrder{key: key})
	}
	h.changed = true
	if h.unpacked() == nil {
		h.order = p.order()
	}
	return h.order
}

// forgetOrder drops an order, whether it is held or not.
func (m *Member) forgetOrder(key string) {
	h := m.held(key)
	if h == nil {
		h = m.hold(heldOrder{key: key})
	}
	h.order, h.state, h.changed = nil, nil, true
}

// Orders are the orders that are held.
func (m *Member) Orders() iter.Seq2[string, *Order] {
	return func(yield func(string, *Order) bool) {
		for i := range m.orders {
			if h := &m.orders[i]; !h.forgotten() && !yield(h.key, h.unpacked()) {
				return
			}
		}
	}
}

// WrittenOrder is an order as it is written.
type WrittenOrder struct {
	Key  string
	held *heldOrder
}

// AppendBinary appends the order's state; nothing: it was forgotten. It never fails.
func (w WrittenOrder) AppendBinary(b []byte) ([]byte, error) {
	if w.held.order != nil {
		return w.held.order.AppendBinary(b)
	}
	return append(b, w.held.state...), nil
}

// ChangedOrders are those that entries changed since they were read, to be written.
func (m *Member) ChangedOrders() iter.Seq[WrittenOrder] {
	return m.toWrite(func(h *heldOrder) bool { return h.changed })
}

// WholeOrders are all that are held, to be written.
func (m *Member) WholeOrders() iter.Seq[WrittenOrder] {
	return m.toWrite(func(h *heldOrder) bool { return !h.forgotten() })
}

func (m *Member) toWrite(which func(*heldOrder) bool) iter.Seq[WrittenOrder] {
	return func(yield func(WrittenOrder) bool) {
		for i := range m.orders {
			if h := &m.orders[i]; which(h) && !yield(WrittenOrder{h.key, h}) {
				return
			}
		}
	}
}

// MayHaveOrder says whether the store may have an order, by the hash of its key; it is true for a few that it has not.
func (m *Member) MayHaveOrder(hash uint64) bool { return m.Known == nil || m.Known.Has(hash) }

// settleOrders lets the orders go and keeps the hashes of those that entries changed.
func (m *Member) settleOrders() {
	if m.Known != nil {
		for i := range m.orders {
			if m.orders[i].changed {
				m.Known.Add(m.orders[i].hash)
			}
		}
	}
	clear(m.orders)
	m.orders, m.places = m.orders[:0], nil
	if cap(m.orders) > ordersListed {
		m.orders = nil
	}
}
