package redisstore

import (
	"context"
	"fmt"
	"strings"

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
			out[i] = p.FCallRO(ctx, "jifen_read_2", q.keys, q.args...)
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
	codec  codec
	want   *ledger.Want
	keys   []string
	args   []any
	hashes []hash
}

// hash is the orders of a member that are wanted: their keys, none for all of them.
type hash struct {
	member string
	keys   []string
}

func (s *Store) question(w *ledger.Want) question {
	k := shardKeys(w.Shard)
	q := question{codec: s.codec, want: w, keys: make([]string, 0, 2+states(w)+len(w.Orders)+len(w.Swept))}
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
	q.args = append(make([]any, 0, 3+2*len(w.Orders)), w.Now, w.DueMost, states(w))
	for from := 0; from < len(w.Orders); {
		member, _, _ := strings.Cut(w.Orders[from], "\x1f")
		to := from
		for to < len(w.Orders) && len(w.Orders[to]) > len(member) && w.Orders[to][:len(member)+1] == member+"\x1f" {
			to++
		}
		to = max(to, from+1)
		q.orders(k, hash{member, w.Orders[from:to]})
		from = to
	}
	for _, member := range w.Swept {
		q.orders(k, hash{member: member})
	}
	return q
}

func (q *question) orders(k keys, h hash) {
	q.keys, q.args, q.hashes = append(q.keys, k.orders(h.member)), append(q.args, len(h.keys)), append(q.hashes, h)
	for _, key := range h.keys {
		q.args = append(q.args, key[min(len(key), len(h.member)+1):])
	}
}

func states(w *ledger.Want) int {
	return len(w.Members) + len(w.Redemptions) + len(w.Items) + len(w.Seen)
}

func (q *question) decode(c *redis.Cmd) (ledger.Got, error) {
	reply, err := c.Slice()
	if err != nil || len(reply) != 4 {
		return ledger.Got{}, fmt.Errorf("jifen_read answered %d parts: %w", len(reply), err)
	}
	g := ledger.Got{World: ledger.NewWorld(), Head: noHead()}
	if mark, ok := reply[0].(string); ok {
		if g.Head, err = decodeHead(mark); err != nil {
			return ledger.Got{}, err
		}
	}
	if g.Head.Seq == 0 {
		return g, nil // whatever lies there is of no use
	}
	for _, x := range list(reply[1]) {
		if name, ok := x.(string); ok {
			g.Due = append(g.Due, name)
		}
	}
	for i, x := range list(reply[2]) {
		if v, ok := x.(string); ok { // else it was never written
			if err := q.state(i, v, g.World); err != nil {
				return ledger.Got{}, fmt.Errorf("state %s cannot be read: %w", q.keys[2+i], err)
			}
		}
	}
	for i, x := range list(reply[3]) {
		if err := q.found(&q.hashes[i], list(x), g.World); err != nil {
			return ledger.Got{}, err
		}
	}
	return g, nil
}

func list(x any) []any {
	l, _ := x.([]any)
	return l
}

// state decodes the i-th wanted state: members, redemptions, items, seen buckets, in this order.
func (q *question) state(i int, v string, world *ledger.World) error {
	w := q.want
	if i < len(w.Members) {
		a := &ledger.Account{}
		world.Members[w.Members[i]] = a
		return q.codec.read(v, a)
	}
	i -= len(w.Members)
	if i < len(w.Redemptions) {
		r := &ledger.Redemption{}
		world.Redemptions[w.Redemptions[i]] = r
		return q.codec.read(v, r)
	}
	i -= len(w.Redemptions)
	if i < len(w.Items) {
		t := &ledger.Item{}
		world.Items[w.Items[i]] = t
		return q.codec.read(v, t)
	}
	marks, err := decodeMarks(v)
	world.Seen[w.Seen[i-len(w.Items)]] = ledger.NewBucket(marks)
	return err
}

// found decodes the orders of a member: those asked for, or fields and values of all.
func (q *question) found(h *hash, values []any, world *ledger.World) error {
	read := func(key string, x any) error {
		v, ok := x.(string)
		if !ok {
			return nil // never written
		}
		o := &ledger.Order{}
		world.Orders[key] = o
		if err := q.codec.read(v, o); err != nil {
			return fmt.Errorf("order %q cannot be read: %w", key, err)
		}
		return nil
	}
	if len(h.keys) > 0 {
		for i, key := range h.keys {
			if err := read(key, values[i]); err != nil {
				return err
			}
		}
		return nil
	}
	for i := 0; i+1 < len(values); i += 2 {
		field, _ := values[i].(string)
		if err := read(h.member+"\x1f"+field, values[i+1]); err != nil {
			return err
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
