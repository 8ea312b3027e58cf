package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"jifen/ledger"
	"jifen/topics"
)

// errState says that a value is no state of ours.
var errState = errors.New("cannot be read")

// Read gets states of several shards in one round trip; for each shard, those at its applied mark: one MGET has them all.
// What is due is of then or a moment later. What is no state is a ledger.Unreadable.
func (s *Store) Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error) {
	questions := make([]question, len(wants))
	p := s.client.Pipeline()
	for i := range wants {
		questions[i] = s.question(&wants[i])
		questions[i].ask(ctx, p)
	}
	if _, err := p.Exec(ctx); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	got := make([]ledger.Got, len(wants))
	bad := map[int32]error{}
	for i := range questions {
		var err error
		got[i], err = questions[i].decode()
		switch {
		case errors.Is(err, errState):
			bad[wants[i].Shard] = err
		case err != nil:
			return nil, fmt.Errorf("shard %d: %w", wants[i].Shard, err)
		}
	}
	if len(bad) > 0 {
		return nil, &ledger.Unreadable{Shards: bad}
	}
	return got, nil
}

// question is what is asked of one shard, and what the answer means.
type question struct {
	codec  codec
	want   *ledger.Want
	keys   []string // of the mark and the states
	logs   []memberLog
	states *redis.SliceCmd
	due    *redis.StringSliceCmd // nil: not asked
}

func (q *question) ask(ctx context.Context, p redis.Pipeliner) {
	q.states = p.MGet(ctx, q.keys...)
	if w := q.want; w.DueMost > 0 {
		q.due = p.ZRangeByScore(ctx, shardKeys(w.Shard).due(), &redis.ZRangeBy{
			Min: "-inf", Max: strconv.FormatInt(w.Now, 10), Count: int64(w.DueMost),
		})
	}
}

// memberLog is a member's log, and the keys of the orders that are wanted of it.
type memberLog struct {
	member string
	keys   []string
	whole  bool // all of them
}

func (s *Store) question(w *ledger.Want) question {
	k := shardKeys(w.Shard)
	q := question{codec: s.codec, want: w, logs: memberLogs(w)}
	q.keys = make([]string, 0, 1+len(w.Members)+len(w.Redemptions)+len(w.Items)+len(w.Budgets)+len(w.Identities)+len(w.Codes)+len(q.logs))
	q.keys = append(q.keys, k.applied())
	for _, id := range w.Members {
		q.keys = append(q.keys, k.member(id))
	}
	for _, id := range w.Redemptions {
		q.keys = append(q.keys, k.redemption(id))
	}
	for _, id := range w.Items {
		q.keys = append(q.keys, k.item(id))
	}
	for _, id := range w.Budgets {
		q.keys = append(q.keys, k.budget(id))
	}
	for _, id := range w.Identities {
		q.keys = append(q.keys, k.identity(id))
	}
	for _, chunk := range w.Codes {
		q.keys = append(q.keys, k.codes(chunk))
	}
	for _, l := range q.logs {
		q.keys = append(q.keys, k.log(l.member))
	}
	return q
}

// memberLogs groups the wanted orders by member, as they lie next to each other.
func memberLogs(w *ledger.Want) []memberLog {
	logs := make([]memberLog, 0, len(w.Logs)+len(w.Orders)+len(w.Swept))
	for _, member := range w.Logs {
		logs = append(logs, memberLog{member: member})
	}
	for i, key := range w.Orders {
		member, _ := orderField(key)
		if n := len(logs); n > len(w.Logs) && logs[n-1].member == member {
			logs[n-1].keys = append(logs[n-1].keys, key)
			continue
		}
		logs = append(logs, memberLog{member: member, keys: w.Orders[i : i+1 : i+1]})
	}
	for _, member := range w.Swept {
		logs = append(logs, memberLog{member: member, whole: true})
	}
	return logs
}

func (q *question) decode() (ledger.Got, error) {
	g := ledger.Got{World: q.want.Into, Head: noHead()}
	if g.World == nil {
		g.World = ledger.NewWorld()
	}
	values := q.states.Val()
	if mark, ok := values[0].(string); ok {
		var err error
		if g.Head, err = decodeHead(mark); err != nil {
			return ledger.Got{}, fmt.Errorf("%s %w: %w", q.keys[0], errState, err)
		}
	}
	if g.Head.Seq == 0 {
		return g, nil // whatever lies there is of no use
	}
	for _, l := range q.logs {
		m := g.World.Member(l.member)
		m.Whole = m.Whole || l.whole
		if m.Known == nil {
			m.Known = &ledger.Hashes{}
		}
	}
	if q.due != nil && len(q.due.Val()) > 0 {
		g.Due = q.due.Val()
	}
	for i, x := range values[1:] {
		if v, ok := x.(string); ok { // else it was never written
			if err := q.state(i, v, &g); err != nil {
				return ledger.Got{}, fmt.Errorf("%s %w: %w", q.keys[1+i], errState, err)
			}
		}
	}
	return g, nil
}

// state decodes the i-th wanted state: members, redemptions, items, budgets, identities, codes, logs, in this order.
func (q *question) state(i int, v string, g *ledger.Got) error {
	w := q.want
	if i < len(w.Members) {
		return g.World.Member(w.Members[i]).ReadAccount([]byte(v))
	}
	i -= len(w.Members)
	if i < len(w.Redemptions) {
		r := &ledger.Redemption{}
		g.World.Redemptions[w.Redemptions[i]] = r
		return q.codec.read(v, r)
	}
	i -= len(w.Redemptions)
	if i < len(w.Items) {
		t := &ledger.Item{}
		g.World.Items[w.Items[i]] = t
		return q.codec.read(v, t)
	}
	i -= len(w.Items)
	if i < len(w.Budgets) {
		b := &ledger.Budget{}
		g.World.Budgets[w.Budgets[i]] = b
		return q.codec.read(v, b)
	}
	i -= len(w.Budgets)
	if i < len(w.Identities) {
		x := &ledger.Identity{}
		g.World.Identities[w.Identities[i]] = x
		return q.codec.read(v, x)
	}
	i -= len(w.Identities)
	if i < len(w.Codes) {
		return q.codec.readCodes(w.Codes[i], v, g.World)
	}
	return readLog(&q.logs[i-len(w.Codes)], v, g)
}

// readLog decodes a member's seen buckets and the orders that are wanted, and hashes the keys of all orders.
func readLog(l *memberLog, log string, g *ledger.Got) error {
	m, states, seen := g.World.Member(l.member), map[string]string{}, map[int32][]topics.Mark{}
	err := eachRecord(log, func(field, state string) error {
		if field == "" {
			return readSeen(seen, state)
		}
		key := l.member + "\x1f" + field
		m.Known.Add(ledger.HashOrder(key))
		if l.whole || slices.Contains(l.keys, key) {
			states[key] = state
		}
		return nil
	})
	if err != nil {
		return err
	}
	for month, marks := range seen {
		m.HoldBucket(month, marks)
	}
	for key, state := range states {
		if state == "" {
			continue // forgotten
		}
		o := &ledger.Order{}
		m.HoldOrder(key, o)
		if err := o.UnmarshalBinary([]byte(state)); err != nil {
			return fmt.Errorf("order %q: %w", key, err)
		}
	}
	return nil
}
