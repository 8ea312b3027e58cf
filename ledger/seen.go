package ledger

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"jifen/topics"
)

// SeenKey names a seen bucket: the identities that a member's events of one month left behind.
type SeenKey struct {
	Member string
	Month  int32 // 202611; ever for business keys, which hold whatever the month
}

const ever int32 = 0

// String is the bucket's name in entries and stores: member, U+001F, month.
func (k SeenKey) String() string {
	if k.Month == ever {
		return k.Member + "\x1fever"
	}
	return k.Member + "\x1f" + strconv.Itoa(int(k.Month))
}

// ParseSeenKey reads a bucket's name.
func ParseSeenKey(name string) (SeenKey, bool) {
	member, month, ok := strings.Cut(name, "\x1f")
	if !ok || month == "ever" {
		return SeenKey{Member: member}, ok
	}
	n, err := strconv.ParseInt(month, 10, 32)
	return SeenKey{member, int32(n)}, err == nil
}

// SeenMark is one seen identity, and the month of its bucket.
type SeenMark struct {
	Month int32
	Mark  topics.Mark
}

// Marks returns the identities of an event: (source, id) in the month of its time, and its business key if it has one; n
// is how many. It is an array because every event needs them several times.
func Marks(source, id, businessKey string, occurredAt int64) (marks [2]SeenMark, n int) {
	year, month, _ := time.UnixMilli(occurredAt).UTC().Date()
	marks[0] = SeenMark{int32(year*100 + int(month)), topics.MarkOf(source, id)}
	if businessKey == "" {
		return marks, 1
	}
	marks[1] = SeenMark{ever, topics.MarkOf("business", businessKey)}
	return marks, 2
}

// Bucket holds identities in the order in which they were seen.
type Bucket struct {
	list  []topics.Mark
	slots []uint64 // of a long list: where in it each identity is
	fresh int      // how many at the end the store does not have
}

// bucketIndexed is the length from which on a list is indexed.
const bucketIndexed = 16

// NewBucket makes a bucket of what a store holds.
func NewBucket(marks []topics.Mark) *Bucket {
	b := &Bucket{list: marks}
	b.index()
	return b
}

// index makes the table anew, if there is to be one: at most half full. A slot is 32 bits of the identity and its place in
// the list, from 1 on; it lies in the first free slot from the one on that 32 other bits of the identity name.
func (b *Bucket) index() {
	if len(b.list) < bucketIndexed {
		return
	}
	b.slots = make([]uint64, 4<<bits.Len(uint(len(b.list)-1)))
	for i := range b.list {
		if slot, found := b.find(b.list[i]); !found {
			b.slots[slot] = uint64(imprint(b.list[i]))<<32 | uint64(i+1)
		}
	}
}

func imprint(m topics.Mark) uint32 { return binary.LittleEndian.Uint32(m[4:]) }

// find is the slot where an identity is, or would be.
func (b *Bucket) find(m topics.Mark) (slot int, found bool) {
	mask := len(b.slots) - 1
	for i := b.home(m); ; i = (i + 1) & mask {
		s := b.slots[i]
		if s == 0 || uint32(s>>32) == imprint(m) && b.list[uint32(s)-1] == m {
			return i, s != 0
		}
	}
}

// home is the slot at which the search for an identity begins.
func (b *Bucket) home(m topics.Mark) int {
	return int(binary.LittleEndian.Uint32(m[:])) & (len(b.slots) - 1)
}

// Has says whether an identity was seen.
func (b *Bucket) Has(m topics.Mark) bool {
	if b.slots == nil {
		return slices.Contains(b.list, m)
	}
	_, found := b.find(m)
	return found
}

// Marks are the bucket's identities, not to be changed.
func (b *Bucket) Marks() []topics.Mark { return b.list }

// Fresh are those that were added since the bucket was read, not to be changed.
func (b *Bucket) Fresh() []topics.Mark { return b.list[len(b.list)-b.fresh:] }

func (b *Bucket) add(m topics.Mark) {
	b.list = append(b.list, m)
	b.fresh++
	if 2*len(b.list) > len(b.slots) {
		b.index()
		return
	}
	if slot, found := b.find(m); !found {
		b.slots[slot] = uint64(imprint(m))<<32 | uint64(len(b.list))
	}
}
