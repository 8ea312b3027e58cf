package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jifen/internal/codes"
	"jifen/internal/httpapi"
	"jifen/internal/vault"
	"jifen/ledger"
	"jifen/topics"
)

// codePools answers the API about items' pools of codes.
type codePools struct{ *ports }

// LoadCodes loads a file into a pool.
func (p *codePools) LoadCodes(ctx context.Context, u httpapi.CodesUpload) (httpapi.CodePool, error) {
	zone, err := time.LoadLocation(p.config.Program.Zone)
	if err != nil {
		return httpapi.CodePool{}, fmt.Errorf("program.zone: %w", err)
	}
	i, l, err := p.loadCodes(ctx, p.producer, upload{item: u.Item, id: u.ID, actor: u.Actor, file: codes.Read(u.File, zone, p.clock())})
	var faults faultyCodes
	switch {
	case errors.As(err, &faults):
		var all httpapi.CodeFaults
		for _, f := range faults {
			all = append(all, httpapi.CodeFault{Line: f.Line, Problem: string(f.Problem), Of: f.Of})
		}
		return httpapi.CodePool{}, all
	case errors.Is(err, errNoItem):
		return httpapi.CodePool{}, p.noItem(ctx, u.Item)
	case err != nil:
		return httpapi.CodePool{}, codesError(err)
	case l.Outcome == ledger.NotCodes:
		return httpapi.CodePool{}, httpapi.ErrNotCodes
	case l.Outcome != ledger.Applied: // ever other expiries
		return httpapi.CodePool{}, httpapi.ErrTooLarge
	}
	out := p.pool(i)
	out.Loaded = l.Count
	return out, nil
}

// codesError names an error of codes for the API; what is none of its own may pass.
func codesError(err error) error {
	for _, x := range []struct{ from, to error }{
		{errNoCodes, httpapi.ErrNotCodes},
		{errOtherCodes, httpapi.ErrOtherContent},
		{codes.ErrTooLarge, httpapi.ErrTooLarge},
		{vault.ErrNoKeys, httpapi.ErrNoVault},
		{vault.ErrUnknownKey, httpapi.ErrNoVault},
	} {
		if errors.Is(err, x.from) {
			return fmt.Errorf("%w: %w", x.to, err)
		}
	}
	if errors.Is(err, vault.ErrSealed) {
		return err // a fault of what is kept, which waiting does not mend
	}
	return fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
}

func (p *codePools) pool(i *ledger.Item) httpapi.CodePool {
	return httpapi.CodePool{Loaded: i.Pool.Last, Left: i.Pool.Left(p.clock().UnixMilli()), Taken: i.Pool.Taken, Low: i.Details.CodesLow}
}

// noItem is the answer for an item that Redis does not have.
func (p *codePools) noItem(ctx context.Context, id string) error {
	_, head, err := p.item(ctx, id)
	if err != nil {
		return fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	return p.absent(ctx, p.shard(topics.ItemAccount(id)), head)
}

// Pool counts the codes of an item.
func (p *codePools) Pool(ctx context.Context, id string) (httpapi.CodePool, error) {
	i, _, err := p.item(ctx, id)
	switch {
	case err != nil:
		return httpapi.CodePool{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	case i == nil:
		return httpapi.CodePool{}, p.noItem(ctx, id)
	case !i.HasCodes():
		return httpapi.CodePool{}, httpapi.ErrNotCodes
	}
	return p.pool(i), nil
}

// CodesOf reads the codes that a redemption took.
func (p *codePools) CodesOf(ctx context.Context, member, id string) ([]httpapi.RedeemedCode, error) {
	shard := p.shard(topics.MemberAccount(member))
	got, err := p.read(ctx, ledger.Want{Shard: shard, Redemptions: []string{id}, Members: []string{member}})
	if err != nil {
		return nil, err
	}
	if err := gone(got.World.Member(member)); err != nil {
		return nil, err
	}
	r := got.World.Redemptions[id]
	switch {
	case r == nil:
		return nil, p.absent(ctx, shard, got.Head)
	case r.Member != member:
		return nil, httpapi.ErrNotFound
	}
	return p.openedCodes(ctx, r.GivenCodes())
}

// openedCodes reads what codes say; those of one upload lie together.
func (p *codePools) openedCodes(ctx context.Context, given []ledger.GivenCode) ([]httpapi.RedeemedCode, error) {
	if len(given) == 0 {
		return nil, nil
	}
	ring, err := p.vault()
	if err != nil {
		return nil, codesError(err)
	}
	type place struct {
		item   string
		number int64
	}
	texts := map[place]codes.Code{}
	out := make([]httpapi.RedeemedCode, 0, len(given))
	for _, g := range given {
		c, ok := texts[place{g.Item, g.Number}]
		if !ok {
			first := (g.Number-1)/ledger.ChunkCodes*ledger.ChunkCodes + 1
			err := p.opened(ctx, ring, g.Item, first, first+ledger.ChunkCodes-1, func(number int64, c codes.Code) { texts[place{g.Item, number}] = c })
			if err != nil {
				return nil, codesError(err)
			}
			if c, ok = texts[place{g.Item, g.Number}]; !ok { // the item's shard is being rebuilt
				return nil, fmt.Errorf("%w: code %d of %s", httpapi.ErrUnavailable, g.Number, g.Item)
			}
		}
		x := httpapi.RedeemedCode{Item: g.Item, Code: c.Text, Replaced: g.Replaced}
		if c.ExpiresAt != 0 {
			x.ExpiresAt = time.UnixMilli(c.ExpiresAt)
		}
		out = append(out, x)
	}
	return out, nil
}
