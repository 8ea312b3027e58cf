package redisstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"jifen/ledger"
)

// boardChange is what a batch changes of a leaderboard.
type boardChange struct {
	period      int32
	gone, ranks []any // names; scores and names
}

// rank notes where a member stands on the leaderboards on which they changed.
func (w *writer) rank(m *ledger.Member) {
	for _, period := range m.ChangedBoards() {
		i := slices.IndexFunc(w.boards, func(b boardChange) bool { return b.period == period })
		if i < 0 {
			i = len(w.boards)
			w.boards = append(w.boards, boardChange{period: period})
		}
		if n := m.Ranked(period); n > 0 {
			w.boards[i].ranks = append(w.boards[i].ranks, n, m.ID)
		} else {
			w.boards[i].gone = append(w.boards[i].gone, m.ID)
		}
	}
}

// rankings queues what changed of the leaderboards, and of the queues in which redemptions and accounts wait.
func (w *writer) rankings(ctx context.Context, p redis.Pipeliner) {
	change := func(key string, b *boardChange) {
		several(ctx, p, b.gone, "zrem", key)
		several(ctx, p, b.ranks, "zadd", key)
	}
	for i := range w.boards {
		change(w.keys.board(strconv.Itoa(int(w.boards[i].period))), &w.boards[i])
	}
	for i := range w.queues {
		change(w.keys.queue(queueNames[i]), &w.queues[i])
	}
}

// Rank is a member and their points on a leaderboard.
type Rank struct {
	Member string
	Points int64
}

// Top reads the first of a period's leaderboard over all shards, the highest points first: one read per shard.
func (s *Store) Top(ctx context.Context, shards int, period int32, most int) ([]Rank, error) {
	p := s.client.Pipeline()
	cmds := make([]*redis.ZSliceCmd, shards)
	for n := range cmds {
		cmds[n] = p.ZRevRangeWithScores(ctx, shardKeys(int32(n)).board(strconv.Itoa(int(period))), 0, int64(most)-1)
	}
	if _, err := p.Exec(ctx); err != nil {
		return nil, fmt.Errorf("leaderboard of %d: %w", period, err)
	}
	var all []Rank
	for _, c := range cmds {
		all = append(all, ranksOf(c.Val())...)
	}
	slices.SortFunc(all, func(x, y Rank) int { return cmp.Or(cmp.Compare(y.Points, x.Points), cmp.Compare(y.Member, x.Member)) })
	return all[:min(len(all), most)], nil
}

// Above counts who has more points on a period's leaderboard, over all shards.
func (s *Store) Above(ctx context.Context, shards int, period int32, points int64) (int64, error) {
	p := s.client.Pipeline()
	cmds := make([]*redis.IntCmd, shards)
	for n := range cmds {
		cmds[n] = p.ZCount(ctx, shardKeys(int32(n)).board(strconv.Itoa(int(period))), "("+strconv.FormatInt(points, 10), "+inf")
	}
	if _, err := p.Exec(ctx); err != nil {
		return 0, fmt.Errorf("leaderboard of %d: %w", period, err)
	}
	var above int64
	for _, c := range cmds {
		above += c.Val()
	}
	return above, nil
}

// Board is all of a shard's leaderboard of a period: member → points.
func (s *Store) Board(ctx context.Context, shard int32, period string) (map[string]int64, error) {
	values, err := s.client.ZRangeWithScores(ctx, shardKeys(shard).board(period), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("leaderboard of %s, shard %d: %w", period, shard, err)
	}
	out := make(map[string]int64, len(values))
	for _, r := range ranksOf(values) {
		out[r.Member] = r.Points
	}
	return out, nil
}

func ranksOf(values []redis.Z) []Rank {
	all := make([]Rank, len(values))
	for i, z := range values {
		name, _ := z.Member.(string)
		all[i] = Rank{name, int64(z.Score)}
	}
	return all
}
