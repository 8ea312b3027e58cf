package ledger

import (
	"iter"
	"slices"

	"jifen/topics"
)

// Member is what a world holds of a member: the account, and those orders and seen buckets that were read or made. It
// knows what entries changed of them since, and an owner keeps it from batch to batch: whatever an event needs of its
// member is found from here.
type Member struct {
	ID string
	Account
	// Whole says that all of the member's orders are held.
	Whole bool
	// Known are the hashes of the keys of all orders that the store has; nil: it was not asked. Who was told them was told
	// the seen buckets, too: one that is not held is empty.
	Known *Hashes

	orders []heldOrder
	places map[string]int // of keys in orders, once they are many
	seen   []heldBucket

	changed, rescheduled bool
}

// heldOrder is an order in a world; nil: it was forgotten.
type heldOrder struct {
	key     string
	order   *Order
	changed bool
}

// heldBucket is a seen bucket in a world; gone: one that the store has was forgotten.
type heldBucket struct {
	month  int32
	bucket *Bucket
	gone   bool
}

// ordersListed is the number of orders from which on their places are indexed.
const ordersListed = 16

// Order is an order that is held, by its key; nil if it is not.
func (m *Member) Order(key string) *Order {
	if h := m.held(key); h != nil {
		return h.order
	}
	return nil
}

func (m *Member) held(key string) *heldOrder {
	if m.places != nil {
		if i, ok := m.places[key]; ok {
			return &m.orders[i]
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

func (m *Member) hold(h heldOrder) {
	m.orders = append(m.orders, h)
	switch n := len(m.orders); {
	case m.places != nil:
		m.places[h.key] = n - 1
	case n == ordersListed:
		m.places = make(map[string]int, 4*ordersListed)
		for i := range m.orders {
			m.places[m.orders[i].key] = i
		}
	}
}

// ChangeOrder is an order to be changed, made where there is none.
func (m *Member) ChangeOrder(key string) *Order {
	h := m.held(key)
	if h == nil {
		o := &Order{}
		m.hold(heldOrder{key: key, order: o, changed: true})
		return o
	}
	if h.changed = true; h.order == nil {
		h.order = &Order{}
	}
	return h.order
}

// forgetOrder drops an order, whether it is held or not.
func (m *Member) forgetOrder(key string) {
	if h := m.held(key); h != nil {
		h.order, h.changed = nil, true
		return
	}
	m.hold(heldOrder{key: key, changed: true})
}

// Orders are the orders that are held.
func (m *Member) Orders() iter.Seq2[string, *Order] {
	return func(yield func(string, *Order) bool) {
		for i := range m.orders {
			if h := &m.orders[i]; h.order != nil && !yield(h.key, h.order) {
				return
			}
		}
	}
}

// ChangedOrders are those that entries changed since they were read; nil: forgotten.
func (m *Member) ChangedOrders() iter.Seq2[string, *Order] {
	return func(yield func(string, *Order) bool) {
		for i := range m.orders {
			if h := &m.orders[i]; h.changed && !yield(h.key, h.order) {
				return
			}
		}
	}
}

// Bucket is the seen bucket of a month; nil if it is not held.
func (m *Member) Bucket(month int32) *Bucket {
	if h := m.heldBucket(month); h != nil {
		return h.bucket
	}
	return nil
}

func (m *Member) heldBucket(month int32) *heldBucket {
	for i := range m.seen {
		if m.seen[i].month == month {
			return &m.seen[i]
		}
	}
	return nil
}

// HoldBucket takes a seen bucket in as a store has it; one that is held already stays as it is.
func (m *Member) HoldBucket(month int32, marks []topics.Mark) {
	if m.Bucket(month) == nil {
		m.seen = append(m.seen, heldBucket{month: month, bucket: NewBucket(marks)})
	}
}

// See adds an identity to its bucket.
func (m *Member) See(x SeenMark) {
	h := m.heldBucket(x.Month)
	if h == nil {
		m.seen = append(m.seen, heldBucket{month: x.Month})
		h = &m.seen[len(m.seen)-1]
	}
	if h.bucket == nil {
		h.bucket = &Bucket{}
	}
	h.bucket.add(x.Mark)
}

func (m *Member) saw(marks []SeenMark) bool {
	for i := range marks {
		if b := m.Bucket(marks[i].Month); b != nil && b.Has(marks[i].Mark) {
			return true
		}
	}
	return false
}

// forgetBucket drops a bucket, whether it is held or not.
func (m *Member) forgetBucket(month int32) {
	if h := m.heldBucket(month); h != nil {
		h.bucket, h.gone = nil, true
		return
	}
	m.seen = append(m.seen, heldBucket{month: month, gone: true})
}

// Buckets are the seen buckets that are held, by month.
func (m *Member) Buckets() iter.Seq2[int32, *Bucket] {
	return func(yield func(int32, *Bucket) bool) {
		for _, h := range m.seen {
			if h.bucket != nil && !yield(h.month, h.bucket) {
				return
			}
		}
	}
}

// Forgot says that an order or a seen bucket was forgotten since the member was read.
func (m *Member) Forgot() bool {
	return slices.ContainsFunc(m.orders, func(h heldOrder) bool { return h.order == nil }) ||
		slices.ContainsFunc(m.seen, func(h heldBucket) bool { return h.gone })
}

// Gone are the months whose buckets were forgotten since they were read.
func (m *Member) Gone() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for _, h := range m.seen {
			if h.gone && !yield(h.month) {
				return
			}
		}
	}
}

// Reschedule notes that Due or Sweep changed.
func (m *Member) Reschedule() { m.rescheduled = true }

// Rescheduled says that Due or Sweep is not what it was when the member was read.
func (m *Member) Rescheduled() bool { return m.rescheduled }

// Settle says that a store has everything as it is now. The orders are let go: few of them are ever asked for again, and
// the hashes of their keys stay.
func (m *Member) Settle() {
	m.changed, m.rescheduled, m.Whole = false, false, false
	if m.Known != nil {
		for key := range m.ChangedOrders() {
			m.Known.Add(HashOrder(key))
		}
	}
	clear(m.orders)
	m.orders, m.places = m.orders[:0], nil
	if cap(m.orders) > ordersListed {
		m.orders = nil
	}
	for i := range m.seen {
		if m.seen[i].gone = false; m.seen[i].bucket != nil {
			m.seen[i].bucket.fresh = 0
		}
	}
}

// NextDue is when the member's clock-driven work is due next: the earlier of Due and Sweep, 0 = never.
func (m *Member) NextDue() int64 { return sooner(m.Due, m.Sweep) }

// MayHaveOrder says whether the store may have an order; it is true for a few that it has not.
func (m *Member) MayHaveOrder(key string) bool { return m.Known == nil || m.Known.Has(HashOrder(key)) }
