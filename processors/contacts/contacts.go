// Package contacts keeps what is known of members beside the ledger: addresses and how to reach them, the keys that open
// these, and ratings. It folds them for who reads, and removes them when their redemption or their member goes.
//
//	in:     points.contacts.v1 points.keys.v1 points.ratings.v1 points.ledger.v1
//	out:    points.contacts.v1 points.keys.v1 points.ratings.v1 (tombstones; seals, by Seals)
//	state:  in Redis, with the offsets up to which it goes: a Redis that was emptied is filled from the topics' starts
//	repeat: safe, a tombstone is one however often it is written, and a fold applies once
package contacts

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
)

// Store is where the fold lies.
type Store interface {
	PrivatePositions(ctx context.Context, shards []int32) (map[int32]topics.PrivatePosition, error)
	// PrivateNames are the names of what is kept of members, by mark and topic.
	PrivateNames(ctx context.Context, shard int32, marks []string) (map[string]map[string][]string, error)
	FoldPrivate(ctx context.Context, f *topics.PrivateFold) error
}

// States reads what the owners have applied: which ids a member once had, and how a redemption was decided.
type States interface {
	Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error)
}

// Observer is told what was removed, for metrics.
type Observer interface {
	Removed(topic string, n int)
}

// Stage folds and removes.
type Stage struct {
	store    Store
	states   States
	observer Observer
	shards   int

	mu     sync.Mutex
	held   map[int32]*shard
	nonce  string // of the seals since the last assignment
	run    string
	turn   int
	next   chan struct{}
	folds  map[int32]*topics.PrivateFold // of the batch
	gone   map[string]bool               // record keys for which the batch has a tombstone
	counts map[string]int
}

// shard is how far the fold goes, and what is remembered to remove what comes later.
type shard struct {
	topics.PrivatePosition
	stored  map[string]int64    // of Next, what the store holds
	sealed  map[string]bool     // topics of which the seal of this run was read
	refused map[string]struct{} // record keys of addresses whose redemptions were refused before they were read
}

// refusedMost bounds what is remembered of refusals whose address, if there is one, has yet to be read.
const refusedMost = 100_000

// New makes a stage; run tells its seals from those of other runs.
func New(store Store, states States, o Observer, shards int, run string) *Stage {
	return &Stage{store: store, states: states, observer: o, shards: shards, run: run, held: map[int32]*shard{}, next: make(chan struct{}, 1)}
}

var _ processors.Stage = (*Stage)(nil)

// From says from which offsets to read the partitions that were assigned: those that Redis goes up to.
func (s *Stage) From(ctx context.Context, assigned map[string][]int32) (map[string]map[int32]int64, error) {
	var shards []int32
	for _, partitions := range assigned {
		shards = append(shards, partitions...)
	}
	at, err := s.store.PrivatePositions(ctx, shards)
	if err != nil {
		return nil, err
	}
	from := map[string]map[int32]int64{}
	for topic, partitions := range assigned {
		from[topic] = map[int32]int64{}
		for _, n := range partitions {
			from[topic][n] = at[n].Next[topic]
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	s.nonce = fmt.Sprint(s.run, "-", s.turn)
	for n, position := range at {
		s.held[n] = &shard{PrivatePosition: position, stored: position.Next, sealed: map[string]bool{}, refused: map[string]struct{}{}}
	}
	select {
	case s.next <- struct{}{}:
	default:
	}
	return from, nil
}

// Loss forgets: another one may fold on.
func (s *Stage) Loss() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = map[int32]*shard{}
}

// Emptied says that the store has lost what it held: the next batch finds out and begins afresh, and seals make one.
func (s *Stage) Emptied(ctx context.Context) (bool, error) {
	s.mu.Lock()
	n := int32(-1)
	for shard, h := range s.held {
		if len(h.stored) > 0 {
			n = shard
			break
		}
	}
	s.mu.Unlock()
	if n < 0 {
		return false, nil
	}
	at, err := s.store.PrivatePositions(ctx, []int32{n})
	return err == nil && len(at[n].Next) == 0, err
}

// Assigned is told when partitions were, so that their topics are sealed at once.
func (s *Stage) Assigned() <-chan struct{} { return s.next }

// Seals are records that do nothing but end segments that are old enough, without which compaction would leave what was
// erased where it is; the first of a run also tells that all before it was folded.
func (s *Stage) Seals() (all []topics.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.held {
		for _, topic := range topics.PrivateTopics() {
			all = append(all, topics.Record{Topic: topic, Partition: n, Key: []byte(topics.SealName), Value: []byte(s.nonce)})
		}
	}
	return all
}

// Process gathers what the batch folds, and writes tombstones for what goes.
func (s *Stage) Process(ctx context.Context, b processors.Batch) (processors.Output, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folds, s.gone, s.counts = map[int32]*topics.PrivateFold{}, map[string]bool{}, map[string]int{}
	var out processors.Output
	var ends []*ending
	for i := range b.Records {
		r := &b.Records[i]
		h := s.held[r.Partition]
		if h == nil {
			return out, fmt.Errorf("%s/%d was not assigned", r.Topic, r.Partition)
		}
		if r.Offset < h.Next[r.Topic] {
			continue // it was folded
		}
		f := s.fold(r.Partition, h)
		f.To[r.Topic] = r.Offset + 1
		if r.Topic != topics.Ledger {
			s.gather(h, f, r)
			continue
		}
		e, err := endingOf(r)
		if err != nil {
			return out, err
		}
		if e != nil {
			ends = append(ends, e)
		}
	}
	if err := s.end(ctx, ends, &out); err != nil {
		return out, err
	}
	return out, s.late(ctx, &out)
}

// fold is the fold of a shard in this batch.
func (s *Stage) fold(n int32, h *shard) *topics.PrivateFold {
	f := s.folds[n]
	if f == nil {
		f = &topics.PrivateFold{Shard: n, From: h.stored, To: maps.Clone(h.Next)}
		s.folds[n] = f
	}
	return f
}

// gather takes a record of a private topic into the fold.
func (s *Stage) gather(h *shard, f *topics.PrivateFold, r *topics.Record) {
	if string(r.Key) == topics.SealName {
		if string(r.Value) == s.nonce {
			h.sealed[r.Topic] = true
		}
		f.Seals = true
		f.Ready = len(h.sealed) == len(topics.PrivateTopics())
		return
	}
	f.Records = append(f.Records, *r)
}

// remove writes the tombstone of a record, once in a batch.
func (s *Stage) remove(out *processors.Output, topic string, n int32, key string) {
	if id := topic + "\x00" + key; !s.gone[id] {
		s.gone[id] = true
		s.counts[topic]++
		out.Records = append(out.Records, topics.Record{Topic: topic, Partition: n, Key: []byte(key)})
	}
}

// late removes what came after its end: of members who were erased, of redemptions that were refused.
func (s *Stage) late(ctx context.Context, out *processors.Output) error {
	for n, f := range s.folds {
		h := s.held[n]
		erased := maps.Clone(h.Erased)
		for _, mark := range f.Erased {
			erased[mark] = true
		}
		for i := range f.Records {
			r := &f.Records[i]
			mark, _, ok := topics.OfPrivateKey(string(r.Key))
			if !ok || len(r.Value) == 0 {
				continue
			}
			_, refused := h.refused[string(r.Key)]
			if erased[mark] || r.Topic == topics.Contacts && refused {
				s.remove(out, r.Topic, n, string(r.Key))
			}
		}
	}
	return ctx.Err()
}

// Committed applies the folds.
func (s *Stage) Committed(ctx context.Context, _ []topics.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, f := range s.folds {
		h := s.held[n]
		if h == nil {
			continue // it went to another one meanwhile
		}
		h.Next = f.To
		if !f.Seals && len(f.Records) == 0 && len(f.Erased) == 0 {
			continue // entries that end nothing may be read again
		}
		if err := s.store.FoldPrivate(ctx, f); err != nil {
			return err
		}
		h.stored = f.To
		for _, mark := range f.Erased {
			h.Erased[mark] = true
		}
	}
	for topic, n := range s.counts {
		s.observer.Removed(topic, n)
	}
	s.folds, s.gone, s.counts = nil, nil, nil
	return nil
}

// Aborted forgets the batch, which comes again.
func (s *Stage) Aborted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folds, s.gone, s.counts = nil, nil, nil
}
