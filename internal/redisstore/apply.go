package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"jifen/ledger"
)

// Apply writes the states after committed entries, whole or not at all: those of all shards at once, in a cluster each shard's.
// A batch that was applied before changes nothing (K3); one that does not follow what Redis holds is refused with ErrGap.
func (s *Store) Apply(ctx context.Context, batches []ledger.Batch) error {
	if _, ok := s.client.(*redis.ClusterClient); !ok {
		return s.apply(ctx, batches)
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(applyAtOnce)
	for i := range batches {
		all.Go(func() error { return s.apply(ctx, batches[i:i+1]) })
	}
	return all.Wait()
}

// applyAtOnce is how many shards of a cluster are written at a time.
const applyAtOnce = 16

// apply tries twice: that a connection broke says nothing, and what has been written is not written again.
func (s *Store) apply(ctx context.Context, batches []ledger.Batch) error {
	marks := make([]string, len(batches))
	for i := range batches {
		marks[i] = shardKeys(batches[i].Shard).applied()
	}
	attempt := func() error {
		return s.client.Watch(ctx, func(tx *redis.Tx) error { return s.write(ctx, tx, marks, batches) }, marks...)
	}
	err := attempt()
	if err != nil && !errors.Is(err, ErrGap) && !errors.Is(err, errEncode) && !errors.Is(err, errRefused) && ctx.Err() == nil {
		err = attempt()
	}
	switch {
	case errors.Is(err, redis.TxFailedErr):
		return fmt.Errorf("%w: somebody else writes them", ErrGap)
	case err != nil:
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}

// write compares the marks and queues what follows them. They are watched: if one changes meanwhile nothing is written.
func (s *Store) write(ctx context.Context, tx *redis.Tx, marks []string, batches []ledger.Batch) error {
	held, err := tx.MGet(ctx, marks...).Result()
	if err != nil {
		return err
	}
	var values []byte // of all states
	select {
	case values = <-s.rooms:
	default:
	}
	p, ends := tx.TxPipeline(), make([]int, len(batches))
	for i := range batches {
		b := &batches[i]
		seq, err := appliedSeq(held[i])
		if err != nil {
			return fmt.Errorf("%s: %w", marks[i], err)
		}
		if seq >= b.Head.Seq {
			ends[i] = p.Len()
			continue
		}
		if seq+1 != b.From {
			return fmt.Errorf("shard %d from seq %d after %d: %w", b.Shard, b.From, seq, ErrGap)
		}
		w := &writer{codec: s.codec, keys: shardKeys(b.Shard), buffer: values}
		if err := w.all(b); err != nil {
			return err
		}
		w.send(ctx, p, b.Head)
		values, ends[i] = w.buffer, p.Len()
	}
	cmds, err := p.Exec(ctx)
	select {
	case s.rooms <- values[:0]:
	default:
	}
	return s.executed(ctx, marks, ends, cmds, err)
}

// errRefused is a command of a transaction that Redis could not execute, because a key holds something of another type.
var errRefused = errors.New("a key does not hold what we write there: its shard is to be rebuilt")

// executed takes the marks off shards of which a command failed while the others were executed, and the mark was written:
// Redis does not roll back, and without its mark nobody believes a shard.
func (s *Store) executed(ctx context.Context, marks []string, ends []int, cmds []redis.Cmder, err error) error {
	var refused redis.Error
	if err == nil || !errors.As(err, &refused) || errors.Is(err, redis.TxFailedErr) || redis.IsExecAbortError(err) {
		return err // all of it, or nothing, or it is not known
	}
	from, told := 0, err
	for i, end := range ends {
		at := slices.IndexFunc(cmds[from:end], func(c redis.Cmder) bool { return c.Err() != nil })
		if at >= 0 {
			failed := fmt.Errorf("%w: %s: %w", errRefused, marks[i], cmds[from+at].Err())
			told = errors.Join(told, failed, s.client.Unlink(ctx, marks[i]).Err())
		}
		from = end
	}
	return told
}

// appliedSeq is the seq of a mark, in whatever format the rest is; 0 where there is none.
func appliedSeq(held any) (uint64, error) {
	mark, ok := held.(string)
	if !ok {
		return 0, nil
	}
	seq, _, _ := strings.Cut(mark, ":")
	n, err := strconv.ParseUint(seq, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("applied mark %q cannot be read: %w", mark, err)
	}
	return n, nil
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
