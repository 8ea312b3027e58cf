package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/redisstore"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// ratingsPort keeps what members say of items, beside their contacts (decision 0039).
type ratingsPort struct {
	*contactsPort

	mu   sync.Mutex
	sums map[string]redisstore.RatingSum
	read time.Time // when sums were, by the wall clock
}

// ratingsFresh is how long the sums of all items are good enough.
const ratingsFresh = 5 * time.Second

// PutRating sets the rating of a redemption that the member has. It lies with the id under which it was first rated.
func (p *ratingsPort) PutRating(ctx context.Context, member, redemption string, stars int, comment string) error {
	found, err := p.Find(ctx, member, redemption)
	if err != nil {
		return err
	}
	if !found.Life.Rateable() {
		return httpapi.ErrNotRateable
	}
	all, err := p.drawers(ctx, member)
	if err != nil {
		return err
	}
	in := all[0]
	for _, d := range all {
		if d.ratings[redemption] != nil {
			in = d
		}
	}
	r := &pointspb.Rating{Member: in.member, Redemption: redemption, Item: found.Item, Stars: int32(stars), Comment: comment, At: p.clock().UnixMilli()}
	value, err := r.MarshalVT()
	if err != nil {
		return fmt.Errorf("rating: %w", err)
	}
	_, err = p.write(ctx, in, []topics.Record{in.record(topics.Ratings, redemption, value)})
	return err
}

// Ratings are the newest of an item, or of all.
func (p *ratingsPort) Ratings(ctx context.Context, item string, starsMax int, after httpapi.RatingPlace, limit int) ([]httpapi.Rating, error) {
	until := after.At
	if after == (httpapi.RatingPlace{}) {
		until = math.MaxInt64
	}
	// Of each shard so many are read that those which the page leaves out cannot hide one that it shows.
	most := redisstore.RatingsMost
	all, err := p.store.Ratings(ctx, p.config.Shards, item, until, most)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	newest := func(x, y *pointspb.Rating) int {
		return cmp.Or(cmp.Compare(y.At, x.At), cmp.Compare(x.Redemption, y.Redemption))
	}
	place := &pointspb.Rating{At: after.At, Redemption: after.Redemption}
	all = slices.DeleteFunc(all, func(r *pointspb.Rating) bool {
		return int(r.Stars) > starsMax || after != (httpapi.RatingPlace{}) && newest(r, place) <= 0
	})
	slices.SortFunc(all, newest)
	var out []httpapi.Rating
	for _, r := range all[:min(limit, len(all))] {
		out = append(out, httpapi.Rating{
			Member: r.Member, Redemption: r.Redemption, Item: r.Item, Comment: r.Comment, Stars: int(r.Stars), At: time.UnixMilli(r.At).UTC(),
		})
	}
	return out, nil
}

// RatingOf is an item's, at most a few seconds old; while Redis does not answer it is as it was.
func (p *ratingsPort) RatingOf(ctx context.Context, item string) (httpapi.RatingSum, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.read) > ratingsFresh {
		if sums, err := p.store.RatingSums(ctx, p.config.Shards); err == nil {
			p.sums = sums
		}
		p.read = time.Now()
	}
	sum, ok := p.sums[item]
	return httpapi.RatingSum(sum), ok
}
