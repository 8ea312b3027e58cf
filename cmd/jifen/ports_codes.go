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
	var out []httpapi.RedeemedCode
	for _, part := range r.GivenCodes() {
		all, err := p.codesOfPart(ctx, &part)
		if err != nil {
			return nil, err
		}
		out = append(out, all...)
	}
	return out, nil
}

func (p *codePools) codesOfPart(ctx context.Context, part *ledger.Part) ([]httpapi.RedeemedCode, error) {
	ring, err := p.vault()
	if err != nil {
		return nil, codesError(err)
	}
	texts := map[int64]codes.Code{}
	for _, n := range part.Codes {
		if _, ok := texts[n]; ok {
			continue
		}
		err := p.opened(ctx, ring, part.Item, (n-1)/ledger.ChunkCodes*ledger.ChunkCodes+1, ((n-1)/ledger.ChunkCodes+1)*ledger.ChunkCodes,
			func(number int64, c codes.Code) { texts[number] = c })
		if err != nil {
			return nil, codesError(err)
		}
		if _, ok := texts[n]; !ok { // the item's shard is being rebuilt
			return nil, fmt.Errorf("%w: code %d of %s", httpapi.ErrUnavailable, n, part.Item)
		}
	}
	var out []httpapi.RedeemedCode
	for _, n := range part.Codes {
		c := httpapi.RedeemedCode{Item: part.Item, Code: texts[n].Text}
		if at := texts[n].ExpiresAt; at != 0 {
			c.ExpiresAt = time.UnixMilli(at)
		}
		out = append(out, c)
	}
	return out, nil
}
