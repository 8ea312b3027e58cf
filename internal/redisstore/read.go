package redisstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"jifen/ledger"
	"jifen/topics"
)

// Read gets states of several shards in one round trip; for each shard, atomically with its applied mark.
func (s *Store) Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error) {
	questions := make([]question, len(wants))
	for i := range wants {
		questions[i] = s.question(&wants[i])
	}
	cmds, err := s.pipeline(ctx, func(p redis.Pipeliner) []*redis.Cmd {
		out := make([]*redis.Cmd, len(wants))
		for i, q := range questions {
			out[i] = p.FCallRO(ctx, "jifen_read_2", q.keys, q.want.Now, q.want.DueMost)
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	got := make([]ledger.Got, len(wants))
	for i, c := range cmds {
		if got[i], err = questions[i].decode(c); err != nil {
			return nil, fmt.Errorf("shard %d: %w", wants[i].Shard, err)
		}
	}
	return got, nil
}

// question is one jifen_read, and what its answer means.
type question struct {
	codec codec
	want  *ledger.Want
	keys  []string
	logs  []orderLog
}

// orderLog is the orders of a member that are wanted: their keys, none for all of them.
type orderLog struct {
	member string
	keys   []string
}

func (s *Store) question(w *ledger.Want) question {
	k := shardKeys(w.Shard)
	q := question{codec: s.codec, want: w, logs: orderLogs(w)}
	q.keys = make([]string, 0, 2+len(w.Members)+len(w.Redemptions)+len(w.Items)+len(w.Seen)+len(q.logs))
	q.keys = append(q.keys, k.applied(), k.due())
	for _, id := range w.Members {
		q.keys = append(q.keys, k.member(id))
	}
	for _, id := range w.Redemptions {
		q.keys = append(q.keys, k.redemption(id))
	}
	for _, id := range w.Items {
		q.keys = append(q.keys, k.item(id))
	}
	for _, b := range w.Seen {
		q.keys = append(q.keys, k.seen(b))
	}
	for _, l := range q.logs {
		q.keys = append(q.keys, k.orders(l.member))
	}
	return q
}

// orderLogs groups the wanted orders by member, as they lie next to each other.
func orderLogs(w *ledger.Want) []orderLog {
	var logs []orderLog
	for i, key := range w.Orders {
		member, _ := orderField(key)
		if n := len(logs); n > 0 && logs[n-1].member == member {
			logs[n-1].keys = append(logs[n-1].keys, key)
			continue
		}
		logs = append(logs, orderLog{member, w.Orders[i : i+1 : i+1]})
	}
	for _, member := range w.Swept {
		logs = append(logs, orderLog{member: member})
	}
	return logs
}

func (q *question) decode(c *redis.Cmd) (ledger.Got, error) {
	reply, err := c.Slice()
	if err != nil || len(reply) != 3 {
		return ledger.Got{}, fmt.Errorf("jifen_read answered %d parts: %w", len(reply), err)
	}
	g := ledger.Got{World: q.want.Into, Head: noHead()}
	if g.World == nil {
		g.World = ledger.NewWorld()
	}
	if mark, ok := reply[0].(string); ok {
		if g.Head, err = decodeHead(mark); err != nil {
			return ledger.Got{}, err
		}
	}
	if g.Head.Seq == 0 {
		return g, nil // whatever lies there is of no use
	}
	for _, l := range q.logs {
		m := g.World.Member(l.member)
		m.Whole = m.Whole || len(l.keys) == 0
		if m.Known == nil {
			m.Known = &ledger.Hashes{}
		}
	}
	for _, x := range list(reply[1]) {
		if name, ok := x.(string); ok {
			g.Due = append(g.Due, name)
		}
	}
	for i, x := range list(reply[2]) {
		if v, ok := x.(string); ok { // else it was never written
			if err := q.state(i, v, &g); err != nil {
				return ledger.Got{}, fmt.Errorf("%s cannot be read: %w", q.keys[2+i], err)
			}
		}
	}
	return g, nil
}

func list(x any) []any {
	l, _ := x.([]any)
	return l
}

// state decodes the i-th wanted state: members, redemptions, items, seen buckets, order logs, in this order.
func (q *question) state(i int, v string, g *ledger.Got) error {
	w := q.want
	if i < len(w.Members) {
		return q.codec.read(v, &g.World.Member(w.Members[i]).Account)
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
	if i < len(w.Seen) {
		marks, err := decodeMarks(v)
		g.World.Member(w.Seen[i].Member).HoldBucket(w.Seen[i].Month, marks)
		return err
	}
	return q.orders(&q.logs[i-len(w.Seen)], v, g)
}

// orders decodes the orders that are wanted of a member's log, and hashes the keys of all.
func (q *question) orders(l *orderLog, log string, g *ledger.Got) error {
	m, states := g.World.Member(l.member), map[string]string{}
	err := eachOrder(log, func(field, state string) error {
		key := l.member + "\x1f" + field
		m.Known.Add(ledger.HashOrder(key))
		if len(l.keys) == 0 || slices.Contains(l.keys, key) {
			states[key] = state
		}
		return nil
	})
	if err != nil {
		return err
	}
	for key, state := range states {
		if state == "" {
			continue // forgotten
		}
		o := &ledger.Order{}
		m.HoldOrder(key, o)
		if err := q.codec.read(state, o); err != nil {
			return fmt.Errorf("order %q: %w", key, err)
		}
	}
	return nil
}

// decodeMarks reads a seen bucket: 16 bytes each.
func decodeMarks(v string) ([]topics.Mark, error) {
	marks := make([]topics.Mark, len(v)/len(topics.Mark{}))
	for i := range marks {
		copy(marks[i][:], v[i*len(topics.Mark{}):])
	}
	if len(v)%len(topics.Mark{}) != 0 {
		return nil, fmt.Errorf("a seen bucket of %d bytes", len(v))
	}
	return marks, nil
}
