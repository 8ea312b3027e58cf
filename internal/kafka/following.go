package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// following is one run of a follower: it fetches each partition, but for those that its handover brings.
type following struct {
	*Follower
	client *kgo.Client
	next   map[place]int64     // behind the last record of a partition that was handled
	handed map[place]time.Time // partitions that are not fetched, and when the handover last brought something of them
	held   *handed             // comes behind what is still to be fetched
	room   recordRoom
}

const (
	// followWait is how long one poll takes, and followMost how many records.
	followWait = 500 * time.Millisecond
	followMost = 20_000
	// handedSilence is how long a partition is not fetched while nothing of it is handed over: whoever owns it may hang.
	handedSilence = time.Minute
)

func (f *following) run(ctx context.Context) error {
	for {
		if err := f.poll(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		if f.Handover == nil {
			continue
		}
		if err := f.takeHanded(ctx); err != nil {
			return err
		}
		f.fetchSilent(time.Now())
	}
}

// poll handles what was fetched: within a time, or before something is handed over.
func (f *following) poll(ctx context.Context) error {
	wait, done := context.WithTimeout(ctx, followWait)
	defer done()
	if f.Handover != nil && f.held == nil && !f.Handover.waking(done) {
		wait = nil // for the client: what it has, at once
	}
	fetches := f.client.PollRecords(wait, followMost)
	if ctx.Err() != nil {
		return nil
	}
	for _, e := range fetches.Errors() {
		if !errors.Is(e.Err, context.DeadlineExceeded) && !errors.Is(e.Err, context.Canceled) {
			return fmt.Errorf("follow %s/%d: %w", e.Topic, e.Partition, e.Err)
		}
	}
	records := fromFetches(fetches, &f.room)
	defer clear(records)
	f.passed(records)
	f.took(len(records), 0)
	// An empty poll is handed on too: a feed flushes by the clock.
	return f.Handle(ctx, records)
}

func (f *following) took(fetched, handed int) {
	if f.Took != nil {
		f.Took(fetched, handed)
	}
}

// passed notes how far fetched records go.
func (f *following) passed(records []topics.Record) {
	for i := range records {
		r := &records[i]
		if last := i+1 == len(records); last || records[i+1].Partition != r.Partition || records[i+1].Topic != r.Topic {
			f.next[place{r.Topic, r.Partition}] = r.Offset + 1
		}
	}
}

// takeHanded handles what was handed over, as far as it follows what was handled before.
func (f *following) takeHanded(ctx context.Context) error {
	for {
		if f.held == nil {
			t, ok := f.Handover.take()
			if !ok {
				return nil
			}
			f.held = &t
		}
		if f.held.lost {
			f.fetchAll()
		}
		if f.lacks(f.held) {
			return nil
		}
		records := f.fresh(f.held)
		f.took(0, len(records))
		if err := f.Handle(ctx, records); err != nil {
			return err
		}
		f.Handover.done(f.held.records)
		f.held = nil
	}
}

// lacks says that there is something before what was handed over, which is to be fetched first.
func (f *following) lacks(t *handed) bool {
	lacks := false
	for _, s := range t.spans {
		if next, ok := f.next[s.place]; ok && next < s.from {
			lacks = true
			f.fetch(s.place)
		}
	}
	return lacks
}

// fresh are the records of what was handed over that were not handled before. Their partitions are no longer fetched.
func (f *following) fresh(t *handed) []topics.Record {
	old := map[place]int64{} // the offset before which records were handled
	stop := map[string][]int32{}
	now := time.Now()
	for _, s := range t.spans {
		next, ok := f.next[s.place]
		if !ok { // not followed
			old[s.place] = s.to
			continue
		}
		if next > s.from {
			old[s.place] = next
		}
		f.next[s.place] = max(next, s.to)
		if _, is := f.handed[s.place]; !is {
			stop[s.topic] = append(stop[s.topic], s.partition)
		}
		f.handed[s.place] = now
	}
	f.client.RemoveConsumePartitions(stop)
	if len(old) == 0 {
		return t.records
	}
	var fresh []topics.Record
	for i := range t.records {
		if r := &t.records[i]; r.Offset >= old[place{r.Topic, r.Partition}] {
			fresh = append(fresh, *r)
		}
	}
	return fresh
}

func (f *following) fetchAll() {
	for p := range f.handed {
		f.fetch(p)
	}
}

// fetchSilent fetches partitions again that the handover has said nothing of.
func (f *following) fetchSilent(now time.Time) {
	for p, at := range f.handed {
		if now.Sub(at) > handedSilence {
			f.fetch(p)
		}
	}
}

// fetch fetches a partition again, unless it is fetched.
func (f *following) fetch(p place) {
	if _, ok := f.handed[p]; ok {
		delete(f.handed, p)
		f.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{p.topic: {p.partition: kgo.NewOffset().At(f.next[p])}})
	}
}
