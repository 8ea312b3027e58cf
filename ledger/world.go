package ledger

import (
	"strings"
	"time"

	"jifen/topics"
)

// World holds the states that decisions read: those of one batch in an owner, all of them in an audit.
// A state that is absent has never been written.
type World struct {
	Members     map[string]*Account
	Orders      map[string]*Order
	Redemptions map[string]*Redemption
	Items       map[string]*Item
	Seen        map[SeenMark]struct{}
}

// SeenMark is one seen identity in its bucket.
type SeenMark struct {
	Bucket string // SeenBucket(member, month)
	Mark   topics.Mark
}

// NewWorld returns an empty world.
func NewWorld() *World {
	return &World{
		Members: map[string]*Account{}, Orders: map[string]*Order{}, Redemptions: map[string]*Redemption{},
		Items: map[string]*Item{}, Seen: map[SeenMark]struct{}{},
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

// ever is the bucket of business keys, which hold whatever the month.
const ever = "ever"

// SeenBucket names the set of identities that a member's events of a month left behind.
func SeenBucket(member, month string) string { return member + "\x1f" + month }

// BucketMember returns the member of a seen bucket.
func BucketMember(bucket string) string {
	member, _, _ := strings.Cut(bucket, "\x1f")
	return member
}

// Marks returns the identities of an event: (source, id) in the month of its time, and its business key, which has no month.
func Marks(member, source, id, businessKey string, occurredAt int64) []SeenMark {
	month := time.UnixMilli(occurredAt).UTC().Format("200601")
	marks := []SeenMark{{SeenBucket(member, month), topics.MarkOf(source, id)}}
	if businessKey != "" {
		marks = append(marks, SeenMark{SeenBucket(member, ever), topics.MarkOf("business", businessKey)})
	}
	return marks
}

func (w *World) seen(marks []SeenMark) bool {
	for _, m := range marks {
		if _, ok := w.Seen[m]; ok {
			return true
		}
	}
	return false
}

// Merge takes over the states of another world that this one lacks.
func (w *World) Merge(o *World) {
	merge(w.Members, o.Members)
	merge(w.Orders, o.Orders)
	merge(w.Redemptions, o.Redemptions)
	merge(w.Items, o.Items)
	merge(w.Seen, o.Seen)
}

func merge[K comparable, V any](to, from map[K]V) {
	for k, v := range from {
		if _, ok := to[k]; !ok {
			to[k] = v
		}
	}
}
