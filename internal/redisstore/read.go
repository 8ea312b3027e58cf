package redisstore

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"jifen/ledger"
)

// Read gets states of several shards in one round trip; for each shard, atomically with its applied mark.
func (s *Store) Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error) {
	cmds, err := s.pipeline(ctx, func(p redis.Pipeliner) []*redis.Cmd {
		out := make([]*redis.Cmd, len(wants))
		for i := range wants {
			keys, args := command(&wants[i])
			out[i] = p.FCallRO(ctx, "jifen_read", keys, args...)
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	got := make([]ledger.Got, len(wants))
	for i, c := range cmds {
		if got[i], err = s.decode(&wants[i], c); err != nil {
			return nil, fmt.Errorf("shard %d: %w", wants[i].Shard, err)
		}
	}
	return got, nil
}

func command(w *ledger.Want) ([]string, []any) {
	k := shardKeys(w.Shard)
	keys := make([]string, 0, 2+states(w)+len(w.Seen))
	keys = append(keys, k.applied(), k.due())
	for _, id := range w.Members {
		keys = append(keys, k.member(id))
	}
	for _, id := range w.Orders {
		keys = append(keys, k.order(id))
	}
	for _, id := range w.Redemptions {
		keys = append(keys, k.redemption(id))
	}
	for _, id := range w.Items {
		keys = append(keys, k.item(id))
	}
	args := make([]any, 0, 3+2*len(w.Seen))
	args = append(args, w.Now, w.DueMost, states(w))
	for i := 0; i < len(w.Seen); {
		j := i
		for j < len(w.Seen) && w.Seen[j].Bucket == w.Seen[i].Bucket {
			j++
		}
		keys, args = append(keys, k.seen(w.Seen[i].Bucket)), append(args, j-i)
		for ; i < j; i++ {
			args = append(args, w.Seen[i].Mark[:])
		}
	}
	return keys, args
}

func states(w *ledger.Want) int {
	return len(w.Members) + len(w.Orders) + len(w.Redemptions) + len(w.Items)
}

func (s *Store) decode(w *ledger.Want, c *redis.Cmd) (ledger.Got, error) {
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
	for i, x := range list(reply[3]) {
		if found, ok := x.(int64); ok && found == 1 {
			g.World.Seen[w.Seen[i]] = struct{}{}
		}
	}
	return g, s.decodeStates(w, list(reply[2]), g.World)
}

func list(x any) []any {
	l, _ := x.([]any)
	return l
}

func (s *Store) decodeStates(w *ledger.Want, values []any, world *ledger.World) error {
	for i, x := range values {
		v, ok := x.(string)
		if !ok {
			continue // never written
		}
		if err := s.decodeState(w, i, []byte(v), world); err != nil {
			return fmt.Errorf("state %d of the shard cannot be read: %w", i, err)
		}
	}
	return nil
}

// decodeState decodes the i-th wanted state: members, orders, redemptions, items, in this order.
func (s *Store) decodeState(w *ledger.Want, i int, v []byte, world *ledger.World) error {
	if i < len(w.Members) {
		a := &ledger.Account{}
		world.Members[w.Members[i]] = a
		return s.codec.dec.Unmarshal(v, a)
	}
	i -= len(w.Members)
	if i < len(w.Orders) {
		o := &ledger.Order{}
		world.Orders[w.Orders[i]] = o
		return s.codec.dec.Unmarshal(v, o)
	}
	i -= len(w.Orders)
	if i < len(w.Redemptions) {
		r := &ledger.Redemption{}
		world.Redemptions[w.Redemptions[i]] = r
		return s.codec.dec.Unmarshal(v, r)
	}
	i -= len(w.Redemptions)
	t := &ledger.Item{}
	world.Items[w.Items[i]] = t
	return s.codec.dec.Unmarshal(v, t)
}
