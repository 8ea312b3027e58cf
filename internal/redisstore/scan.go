package redisstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"jifen/ledger"
)

// Items lists the ids of all items of some shards, in order.
func (s *Store) Items(ctx context.Context, shards int) ([]string, error) {
	p := s.client.Pipeline()
	cmds := make([]*redis.StringSliceCmd, shards)
	for n := range cmds {
		cmds[n] = p.SMembers(ctx, shardKeys(int32(n)).items())
	}
	if _, err := p.Exec(ctx); err != nil {
		return nil, fmt.Errorf("list items: %w", err)
	}
	var ids []string
	for _, c := range cmds {
		ids = append(ids, c.Val()...)
	}
	slices.Sort(ids)
	return ids, nil
}

// Names scans the whole keyspace and sorts the keys by shard.
func (s *Store) Names(ctx context.Context) (map[int32]*ledger.Names, error) {
	out := map[int32]*ledger.Names{}
	scan := func(ctx context.Context, c redis.UniversalClient) error {
		it := c.Scan(ctx, 0, pattern, 10000).Iterator()
		for it.Next(ctx) {
			if n, ok := shardOf(it.Val()); ok {
				if out[n] == nil {
					out[n] = &ledger.Names{}
				}
				add(out[n], it.Val())
			}
		}
		return it.Err()
	}
	var err error
	if c, ok := s.client.(*redis.ClusterClient); ok {
		err = c.ForEachMaster(ctx, func(ctx context.Context, n *redis.Client) error { return scan(ctx, n) })
	} else {
		err = scan(ctx, s.client)
	}
	if err != nil {
		return nil, fmt.Errorf("scan redis: %w", err)
	}
	for _, n := range out {
		for _, list := range []*[]string{&n.Members, &n.Logs, &n.Redemptions, &n.Items, &n.Budgets, &n.Identities, &n.Codes, &n.Boards} {
			slices.Sort(*list)
			*list = slices.Compact(*list) // a scan may tell a key twice
		}
	}
	return out, nil
}

func add(n *ledger.Names, key string) {
	_, rest, _ := strings.Cut(key, "}:")
	kind, id, ok := strings.Cut(rest, ":")
	if !ok {
		return
	}
	switch kind {
	case "m":
		n.Members = append(n.Members, id)
	case "l":
		n.Logs = append(n.Logs, id)
	case "r":
		n.Redemptions = append(n.Redemptions, id)
	case "board":
		n.Boards = append(n.Boards, id)
	case "i":
		n.Items = append(n.Items, id)
	case "b":
		n.Budgets = append(n.Budgets, id)
	case "c":
		n.Codes = append(n.Codes, id)
	case "d":
		n.Identities = append(n.Identities, id)
	}
}

// Dues returns the due index of a shard: name → instant, Unix ms.
func (s *Store) Dues(ctx context.Context, shard int32) (map[string]int64, error) {
	values, err := s.client.ZRangeWithScores(ctx, shardKeys(shard).due(), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("due index of shard %d: %w", shard, err)
	}
	out := make(map[string]int64, len(values))
	for _, z := range values {
		name, _ := z.Member.(string)
		out[name] = int64(z.Score)
	}
	return out, nil
}

// Overdue counts the freezes of some shards that are past their review dates.
func (s *Store) Overdue(ctx context.Context, shards []int32) (freezes int64, err error) {
	p := s.client.Pipeline()
	cmds := make([]*redis.ZSliceCmd, len(shards))
	for i, n := range shards {
		cmds[i] = p.ZRangeByScoreWithScores(ctx, shardKeys(n).due(), &redis.ZRangeBy{Min: strconv.Itoa(ledger.OverdueBase), Max: "+inf"})
	}
	if _, err := p.Exec(ctx); err != nil {
		return 0, fmt.Errorf("freezes that are overdue: %w", err)
	}
	for _, c := range cmds {
		for _, z := range c.Val() {
			freezes += int64(z.Score) - ledger.OverdueBase
		}
	}
	return freezes, nil
}
