package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jifen/cmd/jifen/simulate"
	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics"
)

// Order finds a paid order among those that Redis keeps of a member.
func (p *ports) Order(ctx context.Context, member, source, id string) (httpapi.Order, error) {
	shard := p.shard(topics.MemberAccount(member))
	got, err := p.read(ctx, ledger.Want{Shard: shard, Swept: []string{member}})
	if err != nil {
		return httpapi.Order{}, err
	}
	var found []httpapi.Order
	for key, o := range got.World.Orders() {
		parts := strings.Split(key, "\x1f") // member, source, order (topics.OrderKey)
		if len(parts) != 3 || parts[2] != id || source != "" && parts[1] != source || !o.Paid {
			continue
		}
		order := httpapi.Order{Member: member, Source: parts[1], ID: id}
		for _, l := range o.Lines {
			order.Lines = append(order.Lines, httpapi.OrderLine{ID: l.ID, Net: l.Kept})
		}
		for i := range o.Grants {
			order.Earned = append(order.Earned, earned(o, &o.Grants[i]))
		}
		found = append(found, order)
	}
	switch len(found) {
	case 0:
		return httpapi.Order{}, p.absent(ctx, shard, got.Head)
	case 1:
		return found[0], nil
	}
	return httpapi.Order{}, httpapi.ErrAmbiguous
}

// earned is what a grant gave for each line.
func earned(o *ledger.Order, g *ledger.Grant) httpapi.Earned {
	out := httpapi.Earned{Lot: g.Lot}
	for i, points := range o.Allocated(g) {
		out.Lines = append(out.Lines, httpapi.LinePoints{Line: o.Lines[g.Lines[i]].ID, Points: points})
	}
	return out
}

// PreviewRefund has the stages decide a return on a copy of the member's states, as `jifen simulate` does.
func (p *ports) PreviewRefund(ctx context.Context, o httpapi.Order, lines []httpapi.OrderLine, language string) (httpapi.RefundPreview, error) {
	v, err := p.account(ctx, o.Member)
	if err != nil {
		return httpapi.RefundPreview{}, err
	}
	now := v.moment.Time()
	event := topics.Event{
		Source: o.Source, ID: "preview " + rand.Text(), Type: topics.TypeOrderRefunded, Time: now,
		Data: topics.Data{Order: o.ID, Member: o.Member, Refund: "preview " + rand.Text()},
	}
	for _, l := range lines {
		event.Data.Lines = append(event.Data.Lines, topics.Line{Line: l.ID, Net: l.Net})
	}
	report, err := simulate.Run(ctx, simulate.Config{
		Books: v.moment.Books, Now: now, Limits: p.limits(), Shards: p.config.Shards, States: p.store, Member: o.Member, Language: language,
	}, []simulate.Input{{Record: topics.Encode(&event)}})
	if err != nil {
		return httpapi.RefundPreview{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	step := report.Steps[0]
	if step.DeadLetter != nil || step.After == nil {
		return httpapi.RefundPreview{}, fmt.Errorf("preview of a refund of order %s: %s: %+v", o.ID, step.Outcome, step.DeadLetter)
	}
	out := httpapi.RefundPreview{Before: v.balance(o.Member), After: sideOf(step.After, now), Stale: !v.fresh}
	if book := v.moment.Books.At(now); book != nil {
		out.Currency = book.Currency
	}
	for i := range step.Entries {
		if e := &step.Entries[i]; e.Account == topics.MemberAccount(o.Member) {
			out.Entries = append(out.Entries, httpapi.PreviewedEntry{Kind: e.Kind, Points: e.Points, Explanation: e.Why})
			if e.Kind == "reversed" {
				g := reversalOf(e)
				if i := slices.IndexFunc(o.Earned, func(x httpapi.Earned) bool { return x.Lot == e.Arithmetic.Lot }); i >= 0 {
					g.Lines = o.Earned[i].Lines
				}
				out.Grants = append(out.Grants, g)
			}
		}
	}
	return out, nil
}

func sideOf(b *simulate.Balance, now time.Time) httpapi.Balance {
	return httpapi.Balance{Available: b.Available, Pending: b.Pending, Frozen: b.Frozen, Debt: b.Debt, Tier: b.Tier, AsOf: now}
}

func reversalOf(e *simulate.Entry) httpapi.GrantReversal {
	x := e.Arithmetic
	g := httpapi.GrantReversal{
		Rule: e.Rule, Version: e.Version, KeptPoints: x.KeptPoints, Before: x.ReversedBefore, Desired: x.Desired, Taken: x.Awarded,
	}
	for _, s := range e.Postings {
		if s.Points >= 0 {
			continue
		}
		from := httpapi.Source{Account: s.Account, Points: -s.Points}
		if s.Lot > 0 {
			from.Lot = strconv.Itoa(int(s.Lot))
		}
		g.Sources = append(g.Sources, from)
	}
	return g
}
