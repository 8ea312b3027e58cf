package redisstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"jifen/ledger"
)

// errEncode is a state that cannot be written down.
var errEncode = errors.New("encode states")

// writer collects what a batch changes of a shard's states.
type writer struct {
	codec  codec
	keys   keys
	del    []string // keys
	set    []any    // keys and values
	grow   []tail
	never  []any // names no longer due
	dues   []any // scores and names
	items  []any
	boards []boardChange
	queues queues
	buffer []byte // what the values lie in
	state  []byte // one order's
}

// tail is what is appended to the value of a key.
type tail struct {
	key   string
	value []byte
}

// all collects what a batch changed.
func (w *writer) all(b *ledger.Batch) error {
	changed := b.World.Changed()
	w.set, w.grow = make([]any, 0, 4*len(changed)), make([]tail, 0, len(changed))
	made, forgotten := b.World.ChangedRedemptions()
	for id := range forgotten {
		w.del = append(w.del, w.keys.redemption(id))
		w.due(ledger.DueRedemption+id, 0)
		w.unqueue(id)
	}
	var err error
	for m := range ledger.InReach(changed) {
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
		return fmt.Errorf("%w of shard %d: %w", errEncode, b.Shard, err)
	}
	return nil
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
		w.set = append(w.set, key, v)
		return
	}
	w.grow = append(w.grow, tail{key, v})
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
	w.dues = append(w.dues, at, name)
}

// send queues the commands. Values go into one MSET as far as they can, which costs Redis less than a command for each;
// deleting comes first: a state may be forgotten and begin anew in one batch.
func (w *writer) send(ctx context.Context, p redis.Pipeliner, head ledger.Head) {
	if len(w.del) > 0 {
		p.Unlink(ctx, w.del...)
	}
	several(ctx, p, w.set, "mset")
	for _, t := range w.grow {
		p.Do(ctx, "append", t.key, t.value)
	}
	several(ctx, p, w.never, "zrem", w.keys.due())
	several(ctx, p, w.dues, "zadd", w.keys.due())
	several(ctx, p, w.items, "sadd", w.keys.items())
	w.rankings(ctx, p)
	p.Set(ctx, w.keys.applied(), encodeHead(head), 0)
}

// several queues a command on all that is listed, if anything is.
func several(ctx context.Context, p redis.Pipeliner, list []any, command ...any) {
	if len(list) > 0 {
		p.Do(ctx, append(command, list...)...)
	}
}
