package redisstore

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"jifen/ledger"
)

// Apply writes the states after committed entries, each shard's in one Function call, all in one round trip. A batch
// that was applied before changes nothing (K3); one that does not follow what Redis holds is refused with ErrGap.
func (s *Store) Apply(ctx context.Context, batches []ledger.Batch) error {
	type call struct {
		keys []string
		args []any
	}
	calls := make([]call, len(batches))
	for i := range batches {
		keys, args, err := s.applyCommand(&batches[i])
		if err != nil {
			return err
		}
		calls[i] = call{keys, args}
	}
	cmds, err := s.pipeline(ctx, func(p redis.Pipeliner) []*redis.Cmd {
		out := make([]*redis.Cmd, len(calls))
		for i, c := range calls {
			out[i] = p.FCall(ctx, "jifen_apply", c.keys, c.args...)
		}
		return out
	})
	if err != nil {
		return err
	}
	for i, c := range cmds {
		if n, err := c.Int(); err != nil || n < 0 {
			return fmt.Errorf("shard %d from seq %d: %w", batches[i].Shard, batches[i].From, ErrGap)
		}
	}
	return nil
}

// writer collects the parts of one jifen_apply.
type writer struct {
	set, del, seen []string
	values         []any
	never, dues    []any // names no longer due; scores and names
	marks          []any
}

func (s *Store) applyCommand(b *ledger.Batch) ([]string, []any, error) {
	k, w, c := shardKeys(b.Shard), &writer{}, b.Changes
	w.forget(k, c)
	for id := range c.Members {
		a := b.World.Member(id)
		if err := s.put(w, k.member(id), a); err != nil {
			return nil, nil, err
		}
		w.due(ledger.DueMember+id, a.Due)
	}
	for id := range c.Orders {
		o := b.World.Orders[id]
		if o == nil {
			continue // forgotten
		}
		if err := s.put(w, k.order(id), o); err != nil {
			return nil, nil, err
		}
		w.due(ledger.DueOrder+id, ledger.DueAt(o.Written))
	}
	for id := range c.Redemptions {
		r := b.World.Redemptions[id]
		if r == nil {
			continue
		}
		if err := s.put(w, k.redemption(id), r); err != nil {
			return nil, nil, err
		}
		w.due(ledger.DueRedemption+id, ledger.DueAt(r.At))
	}
	if len(c.Items) > 0 {
		w.seen, w.marks = append(w.seen, k.items()), append(w.marks, len(c.Items))
	}
	for id := range c.Items {
		w.marks = append(w.marks, id)
		if err := s.put(w, k.item(id), b.World.Items[id]); err != nil {
			return nil, nil, err
		}
	}
	w.remember(k, c)
	return w.command(k, b)
}

func (s *Store) put(w *writer, key string, state any) error {
	v, err := s.codec.enc.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	w.set, w.values = append(w.set, key), append(w.values, v)
	return nil
}

func (w *writer) due(name string, at int64) {
	if at == 0 {
		w.never = append(w.never, name)
		return
	}
	w.dues = append(w.dues, strconv.FormatInt(at, 10), name)
}

// forget deletes states past their horizon, whichever kind the key is of.
func (w *writer) forget(k keys, c *ledger.Changes) {
	for key := range c.Forgotten {
		w.del = append(w.del, k.order(key), k.redemption(key), k.seen(key))
		w.due(ledger.DueOrder+key, 0)
		w.due(ledger.DueRedemption+key, 0)
		w.due(ledger.DueSeen+key, 0)
	}
}

func (w *writer) remember(k keys, c *ledger.Changes) {
	buckets := map[string][]any{}
	for m := range c.Seen {
		buckets[m.Bucket] = append(buckets[m.Bucket], m.Mark[:])
	}
	for bucket, marks := range buckets {
		w.seen = append(w.seen, k.seen(bucket))
		w.marks = append(append(w.marks, len(marks)), marks...)
	}
	for bucket, at := range c.Buckets {
		w.due(ledger.DueSeen+bucket, at)
	}
}

func (w *writer) command(k keys, b *ledger.Batch) ([]string, []any, error) {
	keys := make([]string, 0, 2+len(w.set)+len(w.del)+len(w.seen))
	keys = append(append(append(append(keys, k.applied(), k.due()), w.del...), w.set...), w.seen...)
	args := make([]any, 0, 7+len(w.values)+len(w.never)+len(w.dues)+len(w.marks))
	args = append(args, b.From, b.Head.Seq, encodeHead(b.Head), len(w.del), len(w.values))
	args = append(append(args, w.values...), len(w.never))
	args = append(append(args, w.never...), len(w.dues)/2)
	args = append(append(args, w.dues...), w.marks...)
	return keys, args, nil
}

// Reset removes everything of some shards, before they are rebuilt from the ledger.
func (s *Store) Reset(ctx context.Context, shards map[int32]bool) error {
	remove := func(ctx context.Context, c redis.UniversalClient) error {
		it := c.Scan(ctx, 0, pattern, 5000).Iterator()
		var keys []string
		flush := func() error {
			defer func() { keys = keys[:0] }()
			p := c.Pipeline()
			for _, k := range keys {
				p.Unlink(ctx, k)
			}
			_, err := p.Exec(ctx)
			return err
		}
		for it.Next(ctx) {
			if n, ok := shardOf(it.Val()); ok && shards[n] {
				keys = append(keys, it.Val())
			}
			if len(keys) == 5000 {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		if err := it.Err(); err != nil || len(keys) == 0 {
			return err
		}
		return flush()
	}
	var err error
	if c, ok := s.client.(*redis.ClusterClient); ok {
		err = c.ForEachMaster(ctx, func(ctx context.Context, n *redis.Client) error { return remove(ctx, n) })
	} else {
		err = remove(ctx, s.client)
	}
	if err != nil {
		return fmt.Errorf("reset redis: %w", err)
	}
	return nil
}

// Publish tells the API instances that redemptions have been decided. It is a hint; a failure costs only time.
func (s *Store) Publish(ctx context.Context, redemptions []string) error {
	if len(redemptions) == 0 {
		return nil
	}
	p := s.client.Pipeline()
	for _, id := range redemptions {
		p.Publish(ctx, outcomes, id)
	}
	if _, err := p.Exec(ctx); err != nil {
		return fmt.Errorf("publish outcomes: %w", err)
	}
	return nil
}

// Outcomes listens for decided redemptions until ctx ends, calling tell for each.
func (s *Store) Outcomes(ctx context.Context, tell func(redemption string)) {
	sub := s.client.Subscribe(ctx, outcomes)
	defer func() { _ = sub.Close() }()
	messages := sub.Channel()
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-messages:
			if !ok {
				return
			}
			tell(m.Payload)
		}
	}
}
