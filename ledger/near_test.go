package ledger

import (
	"slices"
	"strconv"
	"testing"
	"unsafe"

	"jifen/topics"
)

// What is read of a member has to reach all of it, whatever fields come: one that lies apart is waited for alone.
func TestTheFieldsReadOfAMemberReachAllOfIt(t *testing.T) {
	var m Member
	account := unsafe.Offsetof(m.Account)
	read := map[uintptr]func(){
		account + unsafe.Offsetof(m.NextLot):                                      func() { m.NextLot = 1 },
		account + unsafe.Offsetof(m.PendingOrders):                                func() { m.PendingOrders = make([]PendingOrder, 1) },
		account + unsafe.Offsetof(m.Notices) + unsafe.Offsetof(m.Notices.Expired): func() { m.Notices.Expired = make([]Noticed, 1) },
		account + unsafe.Offsetof(m.Watched):                                      func() { m.Watched = make([]Watched, 1) },
		account + unsafe.Offsetof(m.Months):                                       func() { m.Months = make([]SeenMonth, 1) },
		unsafe.Offsetof(m.places):                                                 func() { m.places = make([]uint32, 1) },
	}
	reached := make([]bool, (unsafe.Sizeof(m)+fetchedBytes-1)/fetchedBytes)
	for at, set := range read {
		before := m.fields()
		set()
		reached[at/fetchedBytes] = m.fields() != before
	}
	if slices.Contains(reached, false) {
		t.Errorf("of the parts of %d bytes in a member of %d, these are read: %v", fetchedBytes, unsafe.Sizeof(m), reached)
	}
}

func TestMembersInReachAreAllOfThemInOrder(t *testing.T) {
	members := make([]*Member, 2*nearMost+7)
	for i := range members {
		members[i] = &Member{Known: &Hashes{}}
	}
	var got []*Member
	for m := range InReach(members) {
		got = append(got, m)
	}
	if !slices.Equal(got, members) {
		t.Errorf("%d members of %d, or in another order", len(got), len(members))
	}
	for range InReach(members) { // may be left
		break
	}
}

// Whatever a member is like, fetching finds its way, to where deciding will look.
func TestFetchingLooksWhereDecidingDoes(t *testing.T) {
	mark, n := Marks("/shop", "e-1", "", 1_700_000_000_000)
	e := &Event{marks: mark, marked: n, OrderHash: 77}
	month := mark[0].Month
	known := func(n uint64) *Hashes {
		h := &Hashes{}
		for x := range n {
			h.Add(1000 + x)
		}
		return h
	}
	long := make([]topics.Mark, 5*bucketIndexed)
	for i := range long {
		long[i] = topics.MarkOf("other", strconv.Itoa(i))
	}
	for name, m := range map[string]*Member{
		"new": {}, "no order": {Known: known(0)}, "orders": {Known: known(100)},
		"other month": {Known: known(1), seen: []heldBucket{{month: month + 1}}},
		"forgotten":   {seen: []heldBucket{{month: month, none: true, gone: true}}},
		"empty":       {seen: []heldBucket{{month: month}}},
		"short":       {seen: []heldBucket{{month: month, bucket: *NewBucket(long[:3])}}},
		"long":        {seen: []heldBucket{{month: month, bucket: *NewBucket(long)}}},
	} {
		e.Member = m
		before := FetchEvents([]*Event{e, e})
		if e.Member.Known != nil {
			e.Member.Known.Add(e.OrderHash)
			if after := FetchEvents([]*Event{e, e}); after != before+2*e.OrderHash+2 {
				t.Errorf("%s: %d was read, %d once the order is known", name, before, after)
			}
		}
		if b := m.Bucket(month); b != nil && b.slots != nil {
			b.add(mark[0].Mark)
			slot, found := b.find(mark[0].Mark)
			if !found || b.ends(mark[0].Mark) != uint64(mark[0].Mark[0])+b.slots[slot] {
				t.Errorf("%s: the place of the identity was not read", name)
			}
		}
	}
}
