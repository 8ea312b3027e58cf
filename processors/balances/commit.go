package balances

import (
	"context"
	"fmt"
	"strings"

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
		for o, n := range h.outcomes {
			for range n {
				s.Observer.Decided(o.kind, o.result)
			}
		}
		redeemed = append(redeemed, h.redeemed...)
		if h.head.Seq < h.first {
			continue
		}
		h.head.Offset = last[h.number]
		batches = append(batches, ledger.Batch{Shard: h.number, From: h.first, Head: h.head, World: h.world, Changes: h.changes})
	}
	if len(batches) > 0 {
		if err := s.Store.Apply(ctx, batches); err != nil {
			s.forget()
			return fmt.Errorf("apply: %w", err)
		}
	}
	for _, b := range batches {
		head := b.Head
		s.heads[b.Shard] = &head
	}
	for _, h := range s.pending {
		s.remember(h)
	}
	s.pending, s.lent = nil, false
	clear(s.out)
	s.out = s.out[:0]
	s.room.Free()
	if len(redeemed) > 0 {
		s.Observer.Redeemed(ctx, redeemed)
	}
	return nil
}

// remember keeps what is known of the members of a batch after it.
func (s *Stage) remember(h *shard) {
	for member := range h.changes.Members {
		s.cache.put(member, h.world.Member(member))
	}
	for name := range h.changes.Forgotten {
		if k, ok := ledger.ParseSeenKey(name); ok {
			s.cache.saw(k, nil)
		}
	}
	for k := range h.changes.Seen {
		s.cache.saw(k, h.world.Seen[k])
	}
	for member, all := range h.known {
		s.cache.known(member, all)
	}
	for key := range h.changes.Orders {
		member, _, _ := strings.Cut(key, "\x1f")
		s.cache.wrote(member, key)
	}
}
