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
	// Kept is a note of who keeps members from batch to batch: in which of its generations it last kept this one; 0: in none.
	Kept int32
	// Known are the hashes of the keys of all orders that the store has; nil: it was not asked. Who was told them was told
	// the seen buckets, too: one that is not held is empty.
	Known *Hashes

	orders []heldOrder
	places []uint32 // of keys in orders, once they are many
	seen   []heldBucket

	boards               []int32 // periods of leaderboards on which the member changed
	written              written
	changed, rescheduled bool
	cleared              bool // the store is to have no order and no seen bucket but those that are held
}

// heldBucket is a seen bucket in a world; none: it was forgotten, gone: it is one that the store has.
type heldBucket struct {
	month      int32
	none, gone bool
	bucket     Bucket
}

// Bucket is the seen bucket of a month; nil if it is not held.
func (m *Member) Bucket(month int32) *Bucket {
	if h := m.heldBucket(month); h != nil && !h.none {
		return &h.bucket
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
	if m.heldBucket(month) == nil {
		m.seen = append(m.seen, heldBucket{month: month, bucket: *NewBucket(marks)})
	}
}

// See adds an identity to its bucket.
func (m *Member) See(x SeenMark) {
	h := m.heldBucket(x.Month)
	if h == nil {
		m.seen = append(m.seen, heldBucket{month: x.Month})
		h = &m.seen[len(m.seen)-1]
	}
	h.none = false
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
		*h = heldBucket{month: month, none: true, gone: true}
		return
	}
	m.seen = append(m.seen, heldBucket{month: month, none: true, gone: true})
}

// Buckets are the seen buckets that are held, by month.
func (m *Member) Buckets() iter.Seq2[int32, *Bucket] {
	return func(yield func(int32, *Bucket) bool) {
		for i := range m.seen {
			if h := &m.seen[i]; !h.none && !yield(h.month, &h.bucket) {
				return
			}
		}
	}
}

// Forgot says that an order or a seen bucket was forgotten since the member was read.
func (m *Member) Forgot() bool {
	if m.cleared {
		return true
	}
	for i := range m.seen {
		if m.seen[i].gone {
			return true
		}
	}
	return slices.ContainsFunc(m.orders, func(h heldOrder) bool { return h.forgotten() })
}

// Unstored says that the store is known to have no order and no seen bucket of the member: all that there is, is held.
func (m *Member) Unstored() bool {
	if m.Known == nil || !m.Known.None() {
		return false
	}
	return !slices.ContainsFunc(m.seen, func(h heldBucket) bool { return h.gone || len(h.bucket.Fresh()) < len(h.bucket.list) })
}

// Gone are the months whose buckets were forgotten since they were read.
func (m *Member) Gone() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i := range m.seen {
			if h := &m.seen[i]; h.gone && !yield(h.month) {
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
	m.changed, m.rescheduled, m.Whole, m.cleared = false, false, false, false
	m.boards = m.boards[:0]
	m.settleOrders()
	for i := range m.seen {
		m.seen[i].gone, m.seen[i].bucket.fresh = false, 0
	}
}

// NextDue is when the member's clock-driven work is due next: the earlier of Due and Sweep, 0 = never.
func (m *Member) NextDue() int64 { return sooner(m.Due, m.Sweep) }
