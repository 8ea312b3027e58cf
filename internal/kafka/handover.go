package kafka

import (
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/processors"
	"jifen/topics"
)

// Handover brings what a loop commits to a follower in the same process, which then need not fetch it: a record is asked
// for, checked and unpacked once. It is a short cut and nothing more: what it does not bring, the follower fetches.
type Handover struct {
	// Reads are topics that the loop reads, Writes are topics whose partitions nobody writes to but the loop that owns them.
	Reads, Writes []string

	most int // bytes that wait for the follower

	mu    sync.Mutex
	term  int             // how often partitions were taken over
	at    map[place]int64 // behind the last record of a partition that the loop has committed since
	queue []handed
	bytes int
	wake  func()            // of the follower
	spare [][]topics.Record // lists to be used again
}

// place is a partition of a topic.
type place struct {
	topic     string
	partition int32
}

// handed is what one transaction committed; or, lost, that the loop's partitions went, and others may commit more of them.
type handed struct {
	records []topics.Record
	spans   []span
	bytes   int
	lost    bool
}

// span says that records are all there is of a partition from one offset to before another.
type span struct {
	place
	from, to int64
}

const (
	// handedMax is some seconds of a busy shop. What is too much is left to be fetched.
	handedMax = 64 << 20
	// recordBytes is about what a record takes beside its key and value.
	recordBytes = 128
)

// sparesMax is how many lists are kept: a feed takes over what some transactions committed while it writes a block.
const sparesMax = 16

// NewHandover makes one between one loop and one follower.
func NewHandover(reads, writes []string) *Handover {
	return &Handover{Reads: reads, Writes: writes, most: handedMax, at: map[place]int64{}}
}

// begin says from where the loop reads partitions that it took over. What others wrote to those that it writes is not known.
func (h *Handover) begin(offsets map[string]map[int32]kgo.Offset) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.term++
	clear(h.at)
	for _, topic := range h.Reads {
		for p, o := range offsets[topic] {
			h.at[place{topic, p}] = o.EpochOffset().Offset
		}
	}
}

// lose says that all partitions went.
func (h *Handover) lose() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.push(handed{lost: true})
}

// since names the partitions that the loop has now.
func (h *Handover) since() int {
	if h == nil {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.term
}

// committed hands a transaction over that began with the partitions of a term: the records that were read, and those that
// were written, whose bytes it copies unless they are left to it.
func (h *Handover) committed(term int, read []topics.Record, out processors.Output) {
	if h == nil {
		return
	}
	t := handed{records: h.list(len(read) + len(out.Records))}
	for i := range read {
		if slices.Contains(h.Reads, read[i].Topic) {
			t.records = append(t.records, read[i])
		}
	}
	first := len(t.records)
	for i := range out.Records {
		if r := &out.Records[i]; slices.Contains(h.Writes, r.Topic) {
			t.records = append(t.records, *r)
		}
	}
	if !out.Left {
		copyBytes(t.records[first:])
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if term == h.term && len(t.records) > 0 {
		h.measure(&t)
		h.push(t)
	}
}

func (h *Handover) push(t handed) {
	h.queue = append(h.queue, t)
	for h.bytes += t.bytes; h.bytes > h.most; {
		h.drop()
	}
	if h.wake != nil {
		h.wake()
		h.wake = nil
	}
}

// copyBytes gives records memory of their own.
func copyBytes(records []topics.Record) {
	size := 0
	for i := range records {
		size += len(records[i].Key) + len(records[i].Value)
	}
	room := make([]byte, 0, size)
	kept := func(b []byte) []byte {
		room = append(room, b...)
		return room[len(room)-len(b) : len(room) : len(room)]
	}
	for i := range records {
		r := &records[i]
		r.Key, r.Value, r.Headers = kept(r.Key), kept(r.Value), slices.Clone(r.Headers)
	}
}

// measure says of which partitions the records are, from where to where, and how many bytes.
func (h *Handover) measure(t *handed) {
	last := -1
	for i := range t.records {
		r := &t.records[i]
		if last < 0 || t.spans[last].partition != r.Partition || t.spans[last].topic != r.Topic {
			last = t.span(h, r)
		}
		t.spans[last].to = r.Offset + 1
		t.bytes += recordBytes + len(r.Key) + len(r.Value)
	}
	for _, s := range t.spans {
		h.at[s.place] = s.to
	}
}

// span is the index of the span that a record is of. Where nothing is known of what is before it, it begins with the record.
func (t *handed) span(h *Handover, r *topics.Record) int {
	p := place{r.Topic, r.Partition}
	for i := range t.spans {
		if t.spans[i].place == p {
			return i
		}
	}
	from, ok := h.at[p]
	if !ok || from > r.Offset {
		from = r.Offset
	}
	t.spans = append(t.spans, span{place: p, from: from})
	return len(t.spans) - 1
}

// waking has a function called once something is handed over, and says that nothing waits now.
func (h *Handover) waking(wake func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wake = wake
	return len(h.queue) == 0
}

// take is the next that was handed over.
func (h *Handover) take() (handed, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		return handed{}, false
	}
	return h.drop(), true
}

func (h *Handover) drop() handed {
	t := h.queue[0]
	h.queue[0] = handed{}
	h.queue = h.queue[1:]
	h.bytes -= t.bytes
	return t
}

// list is an empty list for so many records.
func (h *Handover) list(most int) []topics.Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []topics.Record
	if last := len(h.spare) - 1; last >= 0 {
		list, h.spare = h.spare[last], h.spare[:last]
	}
	return slices.Grow(list, most)
}

// done takes a list back that was handed over: else they would be much of what the collector has to do.
func (h *Handover) done(list []topics.Record) {
	clear(list)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.spare) < sparesMax {
		h.spare = append(h.spare, list[:0])
	}
}
