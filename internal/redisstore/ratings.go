package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// RatingsMost bounds the lists of newest ratings: of an item, and of all items, in a shard.
const RatingsMost = 1000

// RatingSum is how many ratings an item has and what their stars add up to.
type RatingSum struct{ Count, Stars int64 }

// oldRatings are the ratings that a fold replaces, by record key.
func (s *Store) oldRatings(ctx context.Context, tx *redis.Tx, k private, f *topics.PrivateFold) (map[string]string, error) {
	old := map[string]string{}
	for i := range f.Records {
		r := &f.Records[i]
		mark, name, ok := topics.OfPrivateKey(string(r.Key))
		if !ok || r.Topic != topics.Ratings {
			continue
		}
		value, err := tx.HGet(ctx, k.of(mark), privateLetters[r.Topic]+name).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("redis: %w", err)
		}
		old[string(r.Key)] = value
	}
	return old, nil
}

// foldRating takes a rating out of the sums and lists, and the one that replaces it in; either may be empty.
func foldRating(ctx context.Context, p redis.Pipeliner, k private, old, next string) error {
	for _, x := range []struct {
		value string
		sign  int64
	}{{old, -1}, {next, 1}} {
		if x.value == "" {
			continue
		}
		r := &pointspb.Rating{}
		if err := r.UnmarshalVT([]byte(x.value)); err != nil {
			return fmt.Errorf("rating: %w", err)
		}
		p.HIncrBy(ctx, k.ratingCounts(), r.Item, x.sign)
		p.HIncrBy(ctx, k.ratingStars(), r.Item, x.sign*int64(r.Stars))
		for _, list := range []string{k.ratings(), k.ratingsOf(r.Item)} {
			if x.sign < 0 {
				p.ZRem(ctx, list, x.value)
				continue
			}
			p.ZAdd(ctx, list, redis.Z{Score: float64(r.At), Member: x.value})
			p.ZRemRangeByRank(ctx, list, 0, -RatingsMost-1)
		}
	}
	return nil
}

// RatingSums are those of all items that were rated, over all shards.
func (s *Store) RatingSums(ctx context.Context, shards int) (map[string]RatingSum, error) {
	p := s.client.Pipeline()
	counts, stars := make([]*redis.MapStringStringCmd, shards), make([]*redis.MapStringStringCmd, shards)
	for n := range shards {
		counts[n], stars[n] = p.HGetAll(ctx, privateKeys(int32(n)).ratingCounts()), p.HGetAll(ctx, privateKeys(int32(n)).ratingStars())
	}
	if _, err := p.Exec(ctx); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	out := map[string]RatingSum{}
	for n := range shards {
		for item, text := range counts[n].Val() {
			count, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("ratings of an item: %w", err)
			}
			sum, err := strconv.ParseInt(stars[n].Val()[item], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("ratings of an item: %w", err)
			}
			if count > 0 {
				out[item] = RatingSum{out[item].Count + count, out[item].Stars + sum}
			}
		}
	}
	return out, nil
}

// Ratings are the newest ratings of an item (empty: of all), written before an instant or at it, at most so many of each
// shard, in no order.
func (s *Store) Ratings(ctx context.Context, shards int, item string, until int64, most int) ([]*pointspb.Rating, error) {
	p := s.client.Pipeline()
	cmds := make([]*redis.StringSliceCmd, shards)
	for n := range cmds {
		list := privateKeys(int32(n)).ratings()
		if item != "" {
			list = privateKeys(int32(n)).ratingsOf(item)
		}
		cmds[n] = p.ZRevRangeByScore(ctx, list, &redis.ZRangeBy{Min: "-inf", Max: strconv.FormatInt(until, 10), Count: int64(most)})
	}
	if _, err := p.Exec(ctx); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	var out []*pointspb.Rating
	for _, c := range cmds {
		for _, value := range c.Val() {
			r := &pointspb.Rating{}
			if err := r.UnmarshalVT([]byte(value)); err != nil {
				return nil, fmt.Errorf("rating: %w", err)
			}
			out = append(out, r)
		}
	}
	return out, nil
}
