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
			out[i] = p.FCall(ctx, "jifen_apply_7", c.keys, c.args...)
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
	boards         []boardChange
	queues         queues
	buffer         []byte // what the values lie in
	state          []byte // one order's
}

// all are the keys and arguments of a batch.
func (w *writer) all(b *ledger.Batch) ([]string, []any, error) {
	changed := b.World.Changed()
	w.set, w.values = make([]string, 0, 2*len(changed)), make([]any, 0, 2*len(changed))
	w.grow, w.tails = make([]string, 0, 2*len(changed)), make([]any, 0, 2*len(changed))
	made, forgotten := b.World.ChangedRedemptions()
	for id := range forgotten {
		w.del = append(w.del, w.keys.redemption(id))
		w.due(ledger.DueRedemption+id, 0)
		w.unqueue(id)
	}
	var err error
	for _, m := range changed {
		err = errors.Join(err, w.member(m))
	}
	for id := range made {
		r := b.World.Redemptions[id]
		err = errors.Join(err, w.put(w.keys.redemption(id), r))
		w.due(ledger.DueRedemption+id, r.ForgetAt())
		w.queue(id, r)
	}
	for id := range b.World.ChangedItems() {
		err = errors.Join(err, w.put(w.keys.item(id), b.World.Items[id]))
		w.items = append(w.items, id)
	}
	for id := range b.World.ChangedBudgets() {
		err = errors.Join(err, w.put(w.keys.budget(id), b.World.Budgets[id]))
	}
	for id := range b.World.ChangedIdentities() {
		err = errors.Join(err, w.put(w.keys.identity(id), b.World.Identities[id]))
	}
	for chunk, blocks := range b.World.LoadedCodes() {
		err = errors.Join(err, w.codes(chunk, blocks))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("encode states of shard %d: %w", b.Shard, err)
	}
	keys, args := w.command(b)
	return keys, args, nil
}

// member writes what changed of a member.
func (w *writer) member(m *ledger.Member) error {
	w.account(m)
	if m.Rescheduled() {
		w.due(ledger.DueMember+m.ID, m.NextDue())
	}
	if len(m.Acts) > 0 || m.MergedInto != "" || m.Erased != 0 { // a merge took them along
		w.due(ledger.DueOverdue+m.ID, m.OverdueAt())
		w.queueAccount(m)
	}
	w.rank(m)
	return w.log(m)
}

// account writes a member's account, whole or behind what is there.
func (w *writer) account(m *ledger.Member) {
	from, whole := len(w.buffer), false
	w.buffer, whole = m.AppendAccount(w.buffer)
	w.value(w.keys.member(m.ID), from, whole)
}

// value is what stands in the buffer from a place on: the whole value of a key, or what is appended to it.
func (w *writer) value(key string, from int, whole bool) {
	v := w.buffer[from:len(w.buffer):len(w.buffer)]
	if whole {
		w.set, w.values = append(w.set, key), append(w.values, v)
		return
	}
	w.grow, w.tails = append(w.grow, key), append(w.tails, v)
}

// put writes a state into the buffer that all of them share.
func (w *writer) put(key string, state any) error {
	from := len(w.buffer)
	var err error
	w.buffer, err = w.codec.append(w.buffer, state)
	w.value(key, from, true)
	return err
}

// log writes what changed behind the member's log; where all of it is held and something was forgotten, it begins anew.
func (w *writer) log(m *ledger.Member) error {
	if m.Whole && m.Forgot() {
		return w.wholeLog(m)
	}
	from := len(w.buffer)
	for month := range m.Gone() {
		w.buffer = appendSeen(w.buffer, month, nil)
	}
	for month, b := range m.Buckets() {
		if marks := b.Fresh(); len(marks) > 0 {
			w.buffer = appendSeen(w.buffer, month, marks)
		}
	}
	for o := range m.ChangedOrders() {
		if err := w.order(o); err != nil {
			return err
		}
	}
	if len(w.buffer) > from {
		// Logs that begin are set by one command for all, which costs Redis less than to append to each.
		w.value(w.keys.log(m.ID), from, m.Unstored())
	}
	return nil
}

func (w *writer) wholeLog(m *ledger.Member) error {
	from := len(w.buffer)
	for month, b := range m.Buckets() {
		w.buffer = appendSeen(w.buffer, month, b.Marks())
	}
	for o := range m.WholeOrders() {
		if err := w.order(o); err != nil {
			return err
		}
	}
	if len(w.buffer) == from {
		w.del = append(w.del, w.keys.log(m.ID))
		return nil
	}
	w.value(w.keys.log(m.ID), from, true)
	return nil
}

// order writes an order as its log has it; one that was forgotten has no state.
func (w *writer) order(o ledger.WrittenOrder) error {
	var err error
	if w.state, err = o.AppendBinary(w.state[:0]); err != nil {
		return err
	}
	_, field := orderField(o.Key)
	w.buffer = appendOrder(w.buffer, field, w.state)
	return nil
}

func (w *writer) due(name string, at int64) {
	if at == 0 {
		w.never = append(w.never, name)
		return
	}
	w.dues = append(w.dues, strconv.FormatInt(at, 10), name)
}

func (w *writer) command(b *ledger.Batch) ([]string, []any) {
	keys := make([]string, 0, 3+len(w.del)+len(w.set)+len(w.grow)+len(w.boards))
	keys = append(keys, w.keys.applied(), w.keys.due(), w.keys.items())
	keys = append(append(append(keys, w.del...), w.set...), w.grow...)
	args := make([]any, 0, 10+len(w.values)+len(w.tails)+len(w.never)+len(w.dues)+len(w.items))
	args = append(args, b.From, b.Head.Seq, encodeHead(b.Head), len(w.del), len(w.set), len(w.grow))
	args = append(append(args, w.values...), w.tails...)
	for _, list := range [...][]any{w.never, w.dues, w.items} {
		args = append(append(args, len(list)), list...)
	}
	return w.rankings(keys, args)
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
	marks := s.client.Pipeline() // first: without its mark nobody believes a shard of which some states are gone
	for n := range shards {
		marks.Unlink(ctx, shardKeys(n).applied())
	}
	if _, err := marks.Exec(ctx); err != nil {
		return fmt.Errorf("reset redis: %w", err)
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
