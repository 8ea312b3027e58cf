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

// queueNames are those of the redemptions' queues, and behind them those of the accounts'.
var queueNames = slices.Concat(ledger.QueueNames[:], ledger.AccountQueueNames[:])

// queues is what a batch changes of each of queueNames.
type queues [len(ledger.QueueNames) + len(ledger.AccountQueueNames)]boardChange

// queueAccount notes in which queues a member's account waits, and takes it off the others.
func (w *writer) queueAccount(m *ledger.Member) {
	for i, at := range m.Queues() {
		q := &w.queues[len(ledger.QueueNames)+i]
		if at != 0 {
			q.ranks = append(q.ranks, at, m.ID)
		} else {
			q.gone = append(q.gone, m.ID)
		}
	}
}

// queue notes in which queues a redemption waits, and takes it off the others. One that nothing was done about was in none
// before.
func (w *writer) queue(id string, r *ledger.Redemption) {
	if r.Outcome != ledger.Applied {
		return
	}
	for i, since := range r.Queues() {
		q := &w.queues[i]
		switch {
		case since != 0:
			q.ranks = append(q.ranks, since, id)
		case !r.Untouched():
			q.gone = append(q.gone, id)
		}
	}
}

// unqueue takes a redemption that is gone off all queues.
func (w *writer) unqueue(id string) {
	for i := range ledger.QueueNames {
		w.queues[i].gone = append(w.queues[i].gone, id)
	}
}

// Queued is a redemption or a member in a queue of a shard, and since when it waits there, or by when it is to be reviewed,
// Unix ms.
type Queued struct {
	Shard int32
	ID    string
	Since int64
}

// compare orders a queue: who waits for the longest time first, those of one instant by their ids.
func (q Queued) compare(o Queued) int {
	return cmp.Or(cmp.Compare(q.Since, o.Since), cmp.Compare(q.ID, o.ID))
}

// Queue lists at most so many that wait in a queue after a place, over all shards, and counts those in each queue: two
// round trips.
func (s *Store) Queue(ctx context.Context, shards int, name string, after Queued, most int) (page []Queued, counts map[string]int64, err error) {
	p := s.client.Pipeline()
	same, cards := make([]*redis.IntCmd, shards), make([]*redis.IntCmd, 0, shards*len(queueNames))
	at := strconv.FormatInt(after.Since, 10)
	for n := range same {
		k := shardKeys(int32(n))
		same[n] = p.ZCount(ctx, k.queue(name), at, at)
		for _, q := range queueNames {
			cards = append(cards, p.ZCard(ctx, k.queue(q)))
		}
	}
	if _, err := p.Exec(ctx); err != nil {
		return nil, nil, fmt.Errorf("queue %s: %w", name, err)
	}
	counts = map[string]int64{}
	for i, c := range cards {
		counts[queueNames[i%len(queueNames)]] += c.Val()
	}
	lists := make([]*redis.ZSliceCmd, shards)
	for n := range lists { // of those of the very instant some are before the place
		lists[n] = p.ZRangeByScoreWithScores(ctx, shardKeys(int32(n)).queue(name), &redis.ZRangeBy{Min: at, Max: "+inf", Count: int64(most) + same[n].Val()})
	}
	if _, err := p.Exec(ctx); err != nil {
		return nil, nil, fmt.Errorf("queue %s: %w", name, err)
	}
	for n, c := range lists {
		for _, r := range ranksOf(c.Val()) {
			if q := (Queued{int32(n), r.Member, r.Points}); q.compare(after) > 0 {
				page = append(page, q)
			}
		}
	}
	slices.SortFunc(page, Queued.compare)
	return page[:min(len(page), most)], counts, nil
}

// QueueOf is all of a shard's queue: redemption or member → since when it waits, or by when it is to be reviewed, Unix ms.
func (s *Store) QueueOf(ctx context.Context, shard int32, name string) (map[string]int64, error) {
	values, err := s.client.ZRangeWithScores(ctx, shardKeys(shard).queue(name), 0, -1).Result()
	if err != nil {
		return nil, fmt.Errorf("queue %s of shard %d: %w", name, shard, err)
	}
	out := make(map[string]int64, len(values))
	for _, r := range ranksOf(values) {
		out[r.Member] = r.Points
	}
	return out, nil
}
