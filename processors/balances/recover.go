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

// recover brings shards of the store to the end of the ledger, whatever the store holds of them.
func (s *Stage) recover(ctx context.Context, shards []int32) error {
	var bad *ledger.Unreadable
	err := s.catchUp(ctx, shards)
	for errors.As(err, &bad) {
		if err = s.mend(ctx, bad); err == nil {
			shards = slices.DeleteFunc(slices.Clone(shards), func(n int32) bool { return bad.Shards[n] != nil })
			err = s.catchUp(ctx, shards)
		}
	}
	return err
}

// mend rebuilds shards of which the store holds what is no state: whatever damaged that may have damaged more, and the
// ledger has all of it. What cannot be read again, with nothing decided since, was written so by ourselves: that is an error
// and no reason to fold the ledger for each batch.
func (s *Stage) mend(ctx context.Context, bad *ledger.Unreadable) error {
	lost := map[int32]bool{}
	for n, err := range bad.Shards {
		if seq, before := s.mended[n]; before && s.heads.of(n) != nil && s.heads.of(n).Seq == seq {
			return fmt.Errorf("after a rebuild at seq %d: shard %d: %w", seq, n, err)
		}
		lost[n] = true
		slog.Error("the store holds what is no state: the shard is rebuilt from the ledger", "shard", n, "error", err)
		s.Observer.Damaged(n)
	}
	if err := s.rebuild(ctx, lost); err != nil {
		return err
	}
	for n := range lost {
		s.mended[n] = s.heads.of(n).Seq
	}
	return nil
}

// catchUp folds the entries after the applied mark of shards, or, where the mark is missing or is not one of this ledger's,
// all from the first one.
func (s *Stage) catchUp(ctx context.Context, shards []int32) error {
	if len(shards) == 0 {
		return nil
	}
	wants := make([]ledger.Want, len(shards))
	for i, n := range shards {
		wants[i] = ledger.Want{Shard: n}
	}
	got, err := s.Store.Read(ctx, wants)
	if err != nil {
		return err
	}
	marks, lost := map[int32]ledger.Head{}, map[int32]bool{}
	for i, n := range shards {
		if got[i].Head.Seq == 0 {
			lost[n] = true
		} else {
			marks[n] = got[i].Head
		}
	}
	foreign, err := s.fold(ctx, marks, false)
	if err != nil {
		return err
	}
	for _, n := range foreign {
		lost[n] = true
	}
	return s.rebuild(ctx, lost)
}

// rebuild folds the whole ledger of shards whose store has nothing of it. A chain that is broken from its start on is
// the ledger's own fault: its owner decides nothing until somebody has looked (I7).
func (s *Stage) rebuild(ctx context.Context, lost map[int32]bool) error {
	if len(lost) == 0 {
		return nil
	}
	if err := s.Store.Reset(ctx, lost); err != nil {
		return err
	}
	marks := map[int32]ledger.Head{}
	for n := range lost {
		marks[n] = ledger.Head{Offset: -1}
	}
	broken, err := s.fold(ctx, marks, true)
	if err == nil && len(broken) > 0 {
		err = fmt.Errorf("%w: shards %v, from their first entry on", ledger.ErrChain, broken)
	}
	return err
}

// folding is a recovery under way.
type folding struct {
	*Stage
	applied map[int32]*ledger.Head // to the store
	read    map[int32]*ledger.Head
	marks   map[int32]ledger.Head // where the store stood, until that entry was found in the ledger
	foreign map[int32]bool        // shards whose mark is not in the ledger, or whose chain does not go on from it
	entries map[int32][]*pointspb.Entry
	waiting int

	total, reported int64
	told            time.Time
	whole           bool
}

// fold reads the ledger on from the marks to its end and applies it. A mark is believed only when the ledger holds that
// very entry; the shards for which it does not, or whose chain breaks, are returned.
func (s *Stage) fold(ctx context.Context, marks map[int32]ledger.Head, whole bool) (foreign []int32, err error) {
	f := folding{
		Stage: s, applied: map[int32]*ledger.Head{}, read: map[int32]*ledger.Head{}, marks: map[int32]ledger.Head{},
		foreign: map[int32]bool{}, entries: map[int32][]*pointspb.Entry{}, whole: whole,
	}
	from := map[int32]int64{}
	for n, mark := range marks {
		applied, read := mark, mark
		f.applied[n], f.read[n], from[n] = &applied, &read, 0
		if mark.Seq > 0 {
			f.marks[n], from[n] = mark, mark.Offset
		}
	}
	err = s.History.Replay(ctx, topics.Ledger, from, func(n int32, offset int64, value []byte) error {
		return f.take(ctx, n, offset, value)
	})
	if err == nil {
		err = f.flush(ctx)
	}
	if err != nil {
		return nil, err
	}
	for n := range f.marks { // never found
		f.foreign[n] = true
	}
	for n, h := range f.read {
		if f.foreign[n] {
			foreign = append(foreign, n)
			continue
		}
		s.heads.set(n, h)
	}
	if f.total > f.reported {
		s.Observer.Recovering(len(marks), f.total-f.reported, whole)
	}
	return foreign, nil
}

// take reads one entry: the one that the mark names, or one to be folded.
func (f *folding) take(ctx context.Context, n int32, offset int64, value []byte) error {
	if f.foreign[n] {
		return nil
	}
	if mark, looking := f.marks[n]; looking {
		delete(f.marks, n)
		e := &pointspb.Entry{}
		if err := e.UnmarshalVT(value); err != nil || offset != mark.Offset || e.Seq != mark.Seq || !bytes.Equal(e.Hash, mark.Hash) {
			f.foreign[n] = true
		}
		return nil
	}
	e, err := ledger.Open(f.read[n], value)
	if err != nil {
		slog.Error("ledger", "shard", n, "offset", offset, "error", err)
		f.foreign[n] = true
		return nil
	}
	f.read[n].Offset = offset
	f.entries[n] = append(f.entries[n], e)
	f.waiting++
	if f.waiting < foldChunk {
		return nil
	}
	return f.flush(ctx)
}

// flush folds what was read into the states that it touches, and writes them.
func (f *folding) flush(ctx context.Context) error {
	var wants []ledger.Want
	var batches []ledger.Batch
	for n, entries := range f.entries {
		if len(entries) == 0 {
			continue
		}
		b := ledger.Batch{Shard: n, From: f.applied[n].Seq + 1, Head: *f.read[n]}
		touched := ledger.NewTouched()
		for _, e := range entries {
			touched.Add(e)
		}
		batches, wants = append(batches, b), append(wants, touched.Want(n))
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
		f.applied[batches[i].Shard], f.entries[batches[i].Shard] = &head, nil
	}
	f.total += int64(f.waiting)
	f.waiting = 0
	if time.Since(f.told) > time.Second {
		f.told = time.Now()
		f.Observer.Recovering(len(f.applied), f.total-f.reported, f.whole)
		f.reported = f.total
	}
	return nil
}
