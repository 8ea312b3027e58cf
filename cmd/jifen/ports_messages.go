package main

import (
	"context"
	"fmt"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/redisstore"
	"jifen/ledger"
	"jifen/topics"
)

// inboxPorts answer the API's questions about messages from Redis.
type inboxPorts struct {
	*ports
	inboxes *redisstore.Inboxes
}

// Inbox reads a member's messages.
func (p *inboxPorts) Inbox(ctx context.Context, member string) (httpapi.Inbox, error) {
	if err := p.present(ctx, member); err != nil {
		return httpapi.Inbox{}, err
	}
	all, read, err := p.inboxes.Inbox(ctx, member, p.clock())
	if err != nil {
		return httpapi.Inbox{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	return httpapi.Inbox{Messages: all, Read: time.UnixMilli(read)}, nil
}

// ReadUntil notes what a member has read.
func (p *inboxPorts) ReadUntil(ctx context.Context, member string, until time.Time) error {
	if err := p.present(ctx, member); err != nil {
		return err
	}
	if err := p.inboxes.ReadUntil(ctx, member, until); err != nil {
		return fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	return nil
}

// present says that a member was not erased.
func (p *ports) present(ctx context.Context, member string) error {
	got, err := p.read(ctx, ledger.Want{Shard: p.shard(topics.MemberAccount(member)), Members: []string{member}})
	if err == nil && got.World.Member(member).Erased != 0 {
		err = httpapi.ErrErased
	}
	return err
}
