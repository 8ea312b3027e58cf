package balances

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"jifen/ledger"
	"jifen/topics"
)

// Committed applies the committed entries to the store and tells the outcomes. If the store cannot be written the stage
// starts afresh: the next takeover catches up from the ledger.
func (s *Stage) Committed(ctx context.Context, written []topics.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := map[int32]int64{}
	for i := range written {
		if written[i].Topic == topics.Ledger {
			last[written[i].Partition] = written[i].Offset
		}
	}
	var batches []ledger.Batch
	var redeemed []string
	for _, h := range s.pending {
		for _, o := range h.outcomes {
			s.Observer.Decided(o.kind, o.result, o.count)
		}
		redeemed = append(redeemed, h.redeemed...)
		if h.head.Seq < h.first {
			continue
		}
		h.head.Offset = last[h.number]
		batches = append(batches, ledger.Batch{Shard: h.number, From: h.first, Head: h.head, World: h.world})
	}
	if len(batches) > 0 {
		if err := s.Store.Apply(ctx, batches); err != nil {
			s.forget()
			return fmt.Errorf("apply: %w", err)
		}
	}
	for _, b := range batches {
		head := b.Head
		head.Hash = slices.Clone(head.Hash) // it lies in the room, which is used again
		s.heads.set(b.Shard, &head)
	}
	for _, h := range s.pending {
		s.remember(h)
	}
	if s.Evaluator != nil {
		s.Evaluator.Committed()
	}
	s.pending, s.lent = nil, false
	clear(s.out)
	s.out = s.out[:0]
	if s.Leave {
		s.room.Drop()
	} else {
		s.room.Free()
	}
	s.packing.Free()
	if len(redeemed) > 0 {
		s.Observer.Redeemed(ctx, redeemed)
	}
	return nil
}

// remember keeps the members of a batch, as the store has them now.
func (s *Stage) remember(h *shard) {
	s.members = slices.AppendSeq(s.members[:0], maps.Values(h.world.Members))
	for m := range ledger.InReach(s.members) {
		m.Settle()
		s.cache.put(m)
	}
	clear(s.members)
}
