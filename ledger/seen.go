package ledger

import (
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
	index map[topics.Mark]struct{} // of a long list
	fresh int                      // how many at the end the store does not have
}

// bucketIndexed is the length from which on a list is indexed.
const bucketIndexed = 32

// NewBucket makes a bucket of what a store holds.
func NewBucket(marks []topics.Mark) *Bucket {
	b := &Bucket{list: marks}
	if len(marks) >= bucketIndexed {
		b.reindex()
	}
	return b
}

func (b *Bucket) reindex() {
	b.index = make(map[topics.Mark]struct{}, 2*len(b.list))
	for _, m := range b.list {
		b.index[m] = struct{}{}
	}
}

// Has says whether an identity was seen.
func (b *Bucket) Has(m topics.Mark) bool {
	if b.index != nil {
		_, ok := b.index[m]
		return ok
	}
	return slices.Contains(b.list, m)
}

// Marks are the bucket's identities, not to be changed.
func (b *Bucket) Marks() []topics.Mark { return b.list }

// Fresh are those that were added since the bucket was read, not to be changed.
func (b *Bucket) Fresh() []topics.Mark { return b.list[len(b.list)-b.fresh:] }

func (b *Bucket) add(m topics.Mark) {
	b.list = append(b.list, m)
	b.fresh++
	switch {
	case b.index != nil:
		b.index[m] = struct{}{}
	case len(b.list) >= bucketIndexed:
		b.reindex()
	}
}
