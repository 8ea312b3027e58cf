package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Leaderboard merges the first of every shard; the caller's rank is one more than how many have more points.
func (p *ports) Leaderboard(ctx context.Context, period int32, top int, member string) (httpapi.Leaderboard, error) {
	books, err := p.books.Books()
	if err != nil {
		return httpapi.Leaderboard{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	now := p.clock()
	if book := books.At(now); book == nil || book.Leaderboard == (topics.Leaderboard{}) {
		return httpapi.Leaderboard{}, httpapi.ErrNotFound
	}
	ranks, err := p.store.Top(ctx, p.config.Shards, period, top)
	if err != nil {
		return httpapi.Leaderboard{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	out := httpapi.Leaderboard{AsOf: now}
	for i, r := range ranks {
		rank := int64(i + 1)
		if i > 0 && ranks[i-1].Points == r.Points {
			rank = out.Ranks[i-1].Rank
		}
		out.Ranks = append(out.Ranks, httpapi.Rank{Rank: rank, Member: r.Member, Points: r.Points})
	}
	if member == "" {
		return out, nil
	}
	v, err := p.account(ctx, member)
	if err != nil {
		return httpapi.Leaderboard{}, err
	}
	out.Visible = !v.Hidden
	if points := v.Ranked(period); points > 0 {
		above, err := p.store.Above(ctx, p.config.Shards, period, points)
		if err != nil {
			return httpapi.Leaderboard{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
		}
		out.Own = httpapi.Rank{Rank: above + 1, Member: member, Points: points}
	}
	return out, nil
}

// ShowMember asks the member's owner, and looks until that has decided or http.redemption_wait is over.
func (p *ports) ShowMember(ctx context.Context, member string, visible bool) (bool, error) {
	record, err := p.request(&pointspb.Request{
		Account: topics.MemberAccount(member), Id: "preference " + rand.Text(), Actor: member,
		What: &pointspb.Request_Preference{Preference: &pointspb.PreferenceRequest{LeaderboardHidden: !visible}},
	})
	if err == nil {
		err = p.producer.Produce(ctx, []topics.Record{record})
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	deadline := time.Now().Add(p.config.HTTP.RedemptionWait)
	for {
		got, err := p.read(ctx, ledger.Want{Shard: p.shard(topics.MemberAccount(member)), Members: []string{member}})
		if err != nil {
			return false, err
		}
		if err := gone(got.World.Member(member)); err != nil {
			return false, err
		}
		if got.World.Member(member).Hidden != visible {
			return true, nil
		}
		if time.Now().After(deadline) || !every(ctx, 20*time.Millisecond) {
			return false, nil
		}
	}
}
