package redisstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/redis/go-redis/v9"

	"jifen/topics"
)

// The fold of the private topics (decision 0038) lies under hash tags of its own, so that rebuilding a shard's states leaves
// it alone. Of a member there is one hash: what a record is named, after the letter of its topic, and the record's value.

// privateLetters tell the private topics apart in the fields of a member's hash.
var privateLetters = map[string]string{topics.Contacts: "c", topics.MemberKeys: "k", topics.Ratings: "r"}

const readyField = "ready"

// PrivatePositions are how far the folds of some shards go; of a Redis that was emptied: nowhere.
func (s *Store) PrivatePositions(ctx context.Context, shards []int32) (map[int32]topics.PrivatePosition, error) {
	p := s.client.Pipeline()
	applied, erased := make([]*redis.MapStringStringCmd, len(shards)), make([]*redis.StringSliceCmd, len(shards))
	for i, n := range shards {
		applied[i], erased[i] = p.HGetAll(ctx, privateKeys(n).applied()), p.SMembers(ctx, privateKeys(n).erased())
	}
	if _, err := p.Exec(ctx); err != nil && len(shards) > 0 {
		return nil, fmt.Errorf("redis: %w", err)
	}
	out := map[int32]topics.PrivatePosition{}
	for i, n := range shards {
		at, err := privatePosition(applied[i].Val())
		if err != nil {
			return nil, err
		}
		for _, mark := range erased[i].Val() {
			at.Erased[mark] = true
		}
		out[n] = at
	}
	return out, nil
}

func privatePosition(fields map[string]string) (topics.PrivatePosition, error) {
	at := topics.PrivatePosition{Next: map[string]int64{}, Ready: fields[readyField] != "", Erased: map[string]bool{}}
	for topic, text := range fields {
		if topic == readyField {
			continue
		}
		next, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return at, fmt.Errorf("position of %s: %w", topic, err)
		}
		at.Next[topic] = next
	}
	return at, nil
}

// PrivateNames are the names of what is kept of members, by topic; members are told by their marks.
func (s *Store) PrivateNames(ctx context.Context, shard int32, marks []string) (map[string]map[string][]string, error) {
	p := s.client.Pipeline()
	cmds := make([]*redis.StringSliceCmd, len(marks))
	for i, mark := range marks {
		cmds[i] = p.HKeys(ctx, privateKeys(shard).of(mark))
	}
	if _, err := p.Exec(ctx); err != nil && len(marks) > 0 {
		return nil, fmt.Errorf("redis: %w", err)
	}
	out := map[string]map[string][]string{}
	for i, mark := range marks {
		names := map[string][]string{}
		for _, field := range cmds[i].Val() {
			for topic, letter := range privateLetters {
				if field[:1] == letter {
					names[topic] = append(names[topic], field[1:])
				}
			}
		}
		out[mark] = names
	}
	return out, nil
}

// Private reads all that is kept of a member in a topic, by name. Ready is false while the fold may lack something.
func (s *Store) Private(ctx context.Context, shard int32, mark string, of ...string) (values map[string]map[string][]byte, ready bool, err error) {
	k, p := privateKeys(shard), s.client.Pipeline()
	flag, fields := p.HExists(ctx, k.applied(), readyField), p.HGetAll(ctx, k.of(mark))
	if _, err := p.Exec(ctx); err != nil {
		return nil, false, fmt.Errorf("redis: %w", err)
	}
	values = map[string]map[string][]byte{}
	for _, topic := range of {
		values[topic] = map[string][]byte{}
		for field, value := range fields.Val() {
			if field[:1] == privateLetters[topic] {
				values[topic][field[1:]] = []byte(value)
			}
		}
	}
	return values, flag.Val(), nil
}

// PrivateReached says whether the fold of a shard holds a topic's record at an offset.
func (s *Store) PrivateReached(ctx context.Context, shard int32, topic string, offset int64) (bool, error) {
	next, err := s.client.HGet(ctx, privateKeys(shard).applied(), topic).Int64()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("redis: %w", err)
	}
	return next > offset, nil
}

// FoldPrivate applies a fold, whole or not at all; ErrGap: Redis holds another position than that before it.
func (s *Store) FoldPrivate(ctx context.Context, f *topics.PrivateFold) error {
	k := privateKeys(f.Shard)
	err := s.client.Watch(ctx, func(tx *redis.Tx) error {
		have, err := tx.HGetAll(ctx, k.applied()).Result()
		if err != nil {
			return err
		}
		at, err := privatePosition(have)
		if err != nil {
			return err
		}
		if !maps.Equal(at.Next, f.From) {
			return ErrGap
		}
		old, err := s.oldRatings(ctx, tx, k, f)
		if err != nil {
			return err
		}
		_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return foldPrivate(ctx, p, k, f, old) })
		return err
	}, k.applied())
	if errors.Is(err, redis.TxFailedErr) {
		return ErrGap
	}
	if err != nil {
		return fmt.Errorf("fold of private topics in shard %d: %w", f.Shard, err)
	}
	return nil
}

func foldPrivate(ctx context.Context, p redis.Pipeliner, k private, f *topics.PrivateFold, old map[string]string) error {
	for i := range f.Records {
		r := &f.Records[i]
		mark, name, ok := topics.OfPrivateKey(string(r.Key))
		if !ok {
			continue
		}
		field := privateLetters[r.Topic] + name
		if r.Topic == topics.Ratings {
			if err := foldRating(ctx, p, k, old[string(r.Key)], string(r.Value)); err != nil {
				return err
			}
			old[string(r.Key)] = string(r.Value)
		}
		if len(r.Value) == 0 {
			p.HDel(ctx, k.of(mark), field)
		} else {
			p.HSet(ctx, k.of(mark), field, r.Value)
		}
	}
	if len(f.Erased) > 0 {
		p.SAdd(ctx, k.erased(), f.Erased)
	}
	for topic, next := range f.To {
		p.HSet(ctx, k.applied(), topic, next)
	}
	if f.Ready {
		p.HSet(ctx, k.applied(), readyField, "1")
	}
	return nil
}
