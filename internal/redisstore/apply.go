package redisstore

import (
	"context"
	"errors"
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
	room, _ := s.rooms.Get().(*[]byte)
	if room == nil {
		room = new([]byte)
	}
	values := (*room)[:0]
	defer func() {
		*room = values
		s.rooms.Put(room)
	}()
	for i := range batches {
		w := &writer{codec: s.codec, keys: shardKeys(batches[i].Shard), buffer: values}
		keys, args, err := w.all(&batches[i])
		if err != nil {
			return err
		}
		calls[i], values = call{keys, args}, w.buffer
	}
	cmds, err := s.pipeline(ctx, func(p redis.Pipeliner) []*redis.Cmd {
		out := make([]*redis.Cmd, len(calls))
		for i, c := range calls {
			out[i] = p.FCall(ctx, "jifen_apply_2", c.keys, c.args...)
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
	codec          codec
	keys           keys
	del, set, grow []string // keys
	values, tails  []any    // of what is set, of what is appended to
	never, dues    []any    // names no longer due; scores and names
	items          []any
	buffer         []byte // what the values lie in
	state          []byte // one order's
}

// all are the keys and arguments of a batch.
func (w *writer) all(b *ledger.Batch) ([]string, []any, error) {
	c := b.Changes
	w.forget(c)
	var err error
	put := func(key string, state any) {
		v, e := w.encode(state)
		w.set, w.values, err = append(w.set, key), append(w.values, v), errors.Join(err, e)
	}
	for id := range c.Members {
		put(w.keys.member(id), b.World.Member(id))
	}
	for id := range c.Redemptions {
		if r := b.World.Redemptions[id]; r != nil {
			put(w.keys.redemption(id), r)
			w.due(ledger.DueRedemption+id, ledger.DueAt(r.At))
		}
	}
	for id := range c.Items {
		put(w.keys.item(id), b.World.Items[id])
		w.items = append(w.items, id)
	}
	for member, keys := range ordersByMember(c) {
		err = errors.Join(err, w.orders(b.World, member, keys))
	}
	for id := range b.World.Rescheduled {
		a := b.World.Member(id)
		w.due(ledger.DueMember+id, a.Due)
		w.due(ledger.DueSweep+id, a.Sweep)
	}
	w.remember(c)
	if err != nil {
		return nil, nil, fmt.Errorf("encode states of shard %d: %w", b.Shard, err)
	}
	keys, args := w.command(b)
	return keys, args, nil
}

// encode writes a state into the buffer that all of them share.
func (w *writer) encode(state any) ([]byte, error) {
	from := len(w.buffer)
	var err error
	w.buffer, err = w.codec.append(w.buffer, state)
	return w.buffer[from:len(w.buffer):len(w.buffer)], err
}

func ordersByMember(c *ledger.Changes) map[string][]string {
	by := map[string][]string{}
	for key := range c.Orders {
		member, _ := orderField(key)
		by[member] = append(by[member], key)
	}
	return by
}

// orders appends the orders that changed to their member's log; where the world holds all of them, the log begins anew.
func (w *writer) orders(world *ledger.World, member string, keys []string) error {
	_, whole := world.Whole[member]
	if whole {
		keys = world.OrdersOf(member)
	}
	from := len(w.buffer)
	for _, key := range keys {
		w.state = w.state[:0]
		if o := world.Orders[key]; o != nil { // else it was forgotten
			var err error
			if w.state, err = w.codec.append(w.state, o); err != nil {
				return err
			}
		}
		_, field := orderField(key)
		w.buffer = appendOrder(w.buffer, field, w.state)
	}
	log := w.buffer[from:len(w.buffer):len(w.buffer)]
	switch name := w.keys.orders(member); {
	case whole && len(keys) == 0:
		w.del = append(w.del, name)
	case whole:
		w.set, w.values = append(w.set, name), append(w.values, log)
	default:
		w.grow, w.tails = append(w.grow, name), append(w.tails, log)
	}
	return nil
}

func (w *writer) due(name string, at int64) {
	if at == 0 {
		w.never = append(w.never, name)
		return
	}
	w.dues = append(w.dues, strconv.FormatInt(at, 10), name)
}

// forget deletes states past their horizon.
func (w *writer) forget(c *ledger.Changes) {
	for name := range c.Forgotten {
		if ledger.IsOrder(name) {
			continue // with the orders that changed
		}
		if k, ok := ledger.ParseSeenKey(name); ok {
			w.del = append(w.del, w.keys.seen(k))
			continue
		}
		w.del = append(w.del, w.keys.redemption(name))
		w.due(ledger.DueRedemption+name, 0)
	}
}

// remember appends what is new in the seen buckets.
func (w *writer) remember(c *ledger.Changes) {
	for bucket, marks := range c.Seen {
		from := len(w.buffer)
		for i := range marks {
			w.buffer = append(w.buffer, marks[i][:]...)
		}
		w.grow, w.tails = append(w.grow, w.keys.seen(bucket)), append(w.tails, w.buffer[from:len(w.buffer):len(w.buffer)])
	}
}

func (w *writer) command(b *ledger.Batch) ([]string, []any) {
	keys := make([]string, 0, 3+len(w.del)+len(w.set)+len(w.grow))
	keys = append(keys, w.keys.applied(), w.keys.due(), w.keys.items())
	keys = append(append(append(keys, w.del...), w.set...), w.grow...)
	args := make([]any, 0, 9+len(w.values)+len(w.tails)+len(w.never)+len(w.dues)+len(w.items))
	args = append(args, b.From, b.Head.Seq, encodeHead(b.Head), len(w.del), len(w.set), len(w.grow))
	args = append(append(args, w.values...), w.tails...)
	for _, list := range [...][]any{w.never, w.dues, w.items} {
		args = append(append(args, len(list)), list...)
	}
	return keys, args
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
