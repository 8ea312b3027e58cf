package balances

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// foldChunk is how many entries are folded between two writes to the store.
const foldChunk = 20000

// takeoverRetry is the pause between two tries while the store or the ledger is away.
const takeoverRetry = 250 * time.Millisecond

// errAssignment says that a shard's two inputs went to different owners, which would decide side by side.
var errAssignment = errors.New("credits and requests of a shard are not assigned together")

// Takeover makes the assigned shards ours: the store is caught up to the end of the ledger before the first decision.
func (s *Stage) Takeover(ctx context.Context, assigned map[string][]int32) error {
	shards := slices.Clone(assigned[topics.Credits])
	requests := slices.Clone(assigned[topics.Requests])
	slices.Sort(shards)
	slices.Sort(requests)
	if !slices.Equal(shards, requests) {
		return fmt.Errorf("%w: credits %v, requests %v", errAssignment, shards, requests)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	err := s.recover(ctx, shards)
	for err != nil && !errors.Is(err, ledger.ErrChain) && ctx.Err() == nil {
		slog.Warn("takeover waits", "shards", len(shards), "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(takeoverRetry):
		}
		err = s.recover(ctx, shards)
	}
	return err
}

// recover brings shards of the store to the end of the ledger: by the entries after their applied mark, or, where the
// mark is missing or of another ledger, from the first entry. A chain that is broken from its start is the ledger's own.
func (s *Stage) recover(ctx context.Context, shards []int32) error {
	err := s.catchUp(ctx, shards)
	if errors.Is(err, ledger.ErrChain) {
		err = s.rebuild(ctx, shards)
	}
	return err
}

// catchUp folds what the store lacks, as far as the ledger goes.
func (s *Stage) catchUp(ctx context.Context, shards []int32) error {
	wants := make([]ledger.Want, len(shards))
	for i, n := range shards {
		wants[i] = ledger.Want{Shard: n}
	}
	got, err := s.Store.Read(ctx, wants)
	if err != nil {
		return err
	}
	heads := map[int32]*ledger.Head{}
	lost := map[int32]bool{}
	for i, n := range shards {
		head := got[i].Head
		if known := s.heads[n]; known != nil && (head.Seq > known.Seq || head.Seq == known.Seq && !bytes.Equal(head.Hash, known.Hash)) {
			head = ledger.Head{Offset: -1} // the store is ahead of the truth: it is not of this ledger
		}
		if head.Seq == 0 {
			lost[n] = true
		}
		heads[n] = &head
	}
	if len(lost) > 0 {
		if err := s.Store.Reset(ctx, lost); err != nil {
			return err
		}
	}
	return s.fold(ctx, heads, len(lost) == len(shards))
}

// rebuild folds the whole ledger of shards whose store does not belong to it.
func (s *Stage) rebuild(ctx context.Context, shards []int32) error {
	heads, lost := map[int32]*ledger.Head{}, map[int32]bool{}
	for _, n := range shards {
		heads[n], lost[n] = &ledger.Head{Offset: -1}, true
	}
	if err := s.Store.Reset(ctx, lost); err != nil {
		return err
	}
	return s.fold(ctx, heads, true)
}

// folding is a recovery under way.
type folding struct {
	*Stage
	heads    map[int32]*ledger.Head // applied to the store
	next     map[int32]*ledger.Head // read
	entries  map[int32][]*pointspb.Entry
	waiting  int
	total    int64
	reported int64 // of total
	told     time.Time
	whole    bool
}

func (s *Stage) fold(ctx context.Context, heads map[int32]*ledger.Head, whole bool) error {
	f := folding{Stage: s, heads: heads, next: map[int32]*ledger.Head{}, entries: map[int32][]*pointspb.Entry{}, whole: whole}
	from := map[int32]int64{}
	for n, h := range heads {
		next := *h
		f.next[n], from[n] = &next, h.Offset+1
	}
	err := s.History.Replay(ctx, topics.Ledger, from, func(n int32, offset int64, value []byte) error {
		e, err := ledger.Open(f.next[n], value)
		if err != nil {
			return fmt.Errorf("shard %d, offset %d: %w", n, offset, err)
		}
		f.next[n].Offset = offset
		f.entries[n] = append(f.entries[n], e)
		f.waiting++
		if f.waiting < foldChunk {
			return nil
		}
		return f.flush(ctx)
	})
	if err == nil {
		err = f.flush(ctx)
	}
	if err != nil {
		return err
	}
	for n, h := range f.next {
		s.heads[n] = h
	}
	if f.total > f.reported {
		s.Observer.Recovering(len(heads), f.total-f.reported, whole)
	}
	return nil
}

// flush folds what was read into the states that it touches, and writes them.
func (f *folding) flush(ctx context.Context) error {
	var wants []ledger.Want
	var batches []ledger.Batch
	for n, entries := range f.entries {
		if len(entries) == 0 {
			continue
		}
		b := ledger.Batch{Shard: n, From: f.heads[n].Seq + 1, Head: *f.next[n], Changes: ledger.NewChanges()}
		for _, e := range entries {
			b.Changes.Add(e)
		}
		batches, wants = append(batches, b), append(wants, b.Changes.Want(n))
	}
	if len(batches) == 0 {
		return nil
	}
	got, err := f.Store.Read(ctx, wants)
	if err != nil {
		return err
	}
	for i := range batches {
		b := &batches[i]
		b.World = got[i].World
		for _, e := range f.entries[b.Shard] {
			ledger.Fold(b.World, e)
		}
	}
	if err := f.Store.Apply(ctx, batches); err != nil {
		return err
	}
	for i := range batches {
		head := batches[i].Head
		f.heads[batches[i].Shard], f.entries[batches[i].Shard] = &head, nil
	}
	f.total += int64(f.waiting)
	f.waiting = 0
	if time.Since(f.told) > time.Second {
		f.told = time.Now()
		f.Observer.Recovering(len(f.heads), f.total-f.reported, f.whole)
		f.reported = f.total
	}
	return nil
}
