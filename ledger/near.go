package ledger

import (
	"iter"
	"slices"

	"jifen/topics"
)

// Members of whom nothing was heard for a while lie in memory far from the processor, each in a dozen places, and a
// decision that comes upon these one after the other waits for each. What does not depend on one another is fetched side
// by side if it is asked for in one go. So that is what is done here, and nothing else: what is read is added up, so that
// it is read.

// nearMost is how many members are fetched at a time: they stay in the processor's caches until they are needed.
const nearMost = 64

// InReach yields members, each soon after it was fetched.
func InReach(members []*Member) iter.Seq[*Member] {
	return func(yield func(*Member) bool) {
		for part := range slices.Chunk(members, nearMost) {
			fetchMembers(part)
			for _, m := range part {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// fetchMembers fetches members and what nearly all of them point to.
//
//go:noinline
func fetchMembers(members []*Member) (sum uint64) { // inlined, it would be found to have no effect
	for _, m := range members {
		sum += m.fields()
	}
	for _, m := range members {
		sum += m.lists()
	}
	return sum
}

// FetchEvents fetches what the decisions about events begin with, for as many as are decided in one go. Their members are
// known.
//
//go:noinline
func FetchEvents(events []*Event) (sum uint64) {
	for _, e := range events {
		sum += e.Member.fields()
	}
	for _, e := range events {
		sum += e.Member.lists()
	}
	for _, e := range events {
		sum += e.tables()
	}
	return sum
}

// fields reads one of the member's own fields in every fetchedBytes.
func (m *Member) fields() uint64 {
	return uint64(m.NextLot) + uint64(len(m.PendingOrders)) + uint64(len(m.Notices.Expired)) + uint64(len(m.Watched)) +
		uint64(len(m.Months)) + uint64(len(m.places)) //nolint:gosec // a sum of no meaning
}

// fetchedBytes is what a processor fetches together: two cache lines that lie beside each other.
const fetchedBytes = 128

// lists reads the ends of the lists that nearly every member has.
func (m *Member) lists() (sum uint64) {
	if n := len(m.Lots); n > 0 {
		sum += uint64(m.Lots[n-1].Number)
	}
	if n := len(m.Years); n > 0 {
		sum += uint64(m.Years[n-1].Orders) //nolint:gosec // a sum of no meaning
	}
	if n := len(m.Tiers); n > 0 {
		sum += uint64(m.Tiers[n-1].From) //nolint:gosec // a sum of no meaning
	}
	if n := len(m.Months); n > 0 {
		sum += uint64(m.Months[n-1].Month) //nolint:gosec // a sum of no meaning
	}
	if n := len(m.seen); n > 0 {
		sum += uint64(m.seen[n-1].month) //nolint:gosec // a sum of no meaning
	}
	if n := len(m.orders); n > 0 {
		sum += m.orders[n-1].hash
	}
	if m.Known != nil {
		sum += uint64(m.Known.count) //nolint:gosec // a sum of no meaning
	}
	return sum
}

// tables reads where the event's order and identities are among those of its member, or would be.
func (e *Event) tables() (sum uint64) {
	if k := e.Member.Known; k != nil && k.count > 0 {
		sum += k.slots[k.home(max(e.OrderHash, 1))]
	}
	for _, x := range e.Marks() {
		if b := e.Member.Bucket(x.Month); b != nil {
			sum += b.ends(x.Mark)
		}
	}
	return sum
}

// ends reads the list's end, and where an identity is in its table, or would be.
func (b *Bucket) ends(m topics.Mark) (sum uint64) {
	if n := len(b.list); n > 0 {
		sum += uint64(b.list[n-1][0])
	}
	if b.slots != nil {
		sum += b.slots[b.home(m)]
	}
	return sum
}
