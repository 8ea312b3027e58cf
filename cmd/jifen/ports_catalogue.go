package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/rulefile"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Definitions are all items as merchants set them.
func (p *ports) Definitions(ctx context.Context) ([]httpapi.Definition, error) {
	ids, err := p.store.Items(ctx, p.config.Shards)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	all, err := p.readItems(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []httpapi.Definition
	for _, id := range ids {
		if i := all[id]; i != nil {
			out = append(out, p.definitionOf(i))
		}
	}
	return out, nil
}

// Definition is one item as merchants set it.
func (p *ports) Definition(ctx context.Context, id string) (httpapi.Definition, error) {
	shard := p.shard(topics.ItemAccount(id))
	got, err := p.read(ctx, ledger.Want{Shard: shard, Items: []string{id}})
	if err != nil {
		return httpapi.Definition{}, err
	}
	i := got.World.Items[id]
	if i == nil || i.ID == "" {
		return httpapi.Definition{}, p.absent(ctx, shard, got.Head)
	}
	return p.definitionOf(i), nil
}

func (p *ports) definitionOf(i *ledger.Item) httpapi.Definition {
	words := func(zh, en string) *topics.Words {
		if zh == "" && en == "" {
			return nil
		}
		return &topics.Words{Zh: zh, En: en}
	}
	at := func(ms int64) *time.Time {
		if ms == 0 {
			return nil
		}
		t := timeOf(ms)
		return &t
	}
	x := &i.Details
	d := httpapi.Definition{
		ID: i.ID, Name: words(i.NameZh, i.NameEn), Description: words(x.DescriptionZh, x.DescriptionEn), Instructions: words(x.InstructionsZh, x.InstructionsEn),
		Kind: i.Kind, Price: i.Prices.Base, Tiers: i.Tiers, OnSale: i.OnSale, SaleFrom: at(x.SaleFrom), SaleTo: at(x.SaleTo), Categories: x.Categories, Zones: x.Zones,
		Pictures: x.Pictures, Fulfilment: i.Fulfilment, BookingURL: x.BookingURL, CodesLow: x.CodesLow, Stock: i.Loaded, Free: i.Free, Reserved: i.Reserved, Sold: i.Sold,
		Digest: ledger.DefinitionDigest(i.Definition()),
	}
	if i.HasCodes() {
		d.CodesLeft = new(i.Pool.Left(p.clock().UnixMilli()))
	}
	if i.PerMember > 0 {
		d.Limit = &httpapi.ItemLimit{Times: i.PerMember, Per: x.LimitPer}
	}
	for _, t := range i.Prices.Tiers {
		if d.TierPrices == nil {
			d.TierPrices = map[string]int64{}
		}
		d.TierPrices[t.Tier] = t.Points
	}
	for _, c := range x.Components {
		d.Components = append(d.Components, httpapi.ComponentBody{Item: c.Item, Quantity: c.Quantity})
	}
	return d
}

// changeWait is how long the API waits for an item's owner.
const changeWait = 5 * time.Second

// Change asks an item's owner, and waits until Redis shows how that ended.
func (p *ports) Change(ctx context.Context, c httpapi.ItemChange) (string, error) {
	r := &pointspb.Request{Account: topics.ItemAccount(c.Item), Id: c.ID, Actor: c.Actor}
	if r.Id == "" {
		r.Id = "item-" + rand.Text()
	}
	if len(c.Definition) == 0 {
		r.What = &pointspb.Request_Stock{Stock: &pointspb.StockRequest{Add: c.Add, Reason: c.Reason}}
	} else {
		item, err := rulefile.ParseItem("item", c.Definition)
		if err != nil {
			return "", itemFaults(err)
		}
		switch faults, err := p.missingComponents(ctx, item.Definition); {
		case err != nil:
			return "", err
		case len(faults) > 0:
			return "", faults
		}
		r.What = &pointspb.Request_Item{Item: &pointspb.ItemRequest{
			Definition: item.Definition, Loaded: item.Stock, Create: c.Create, Replaces: c.Replaces, KeepStock: !c.Create,
		}}
	}
	if known, err := p.changed(ctx, c, r.Id); known != "" || err != nil {
		return known, err
	}
	record, err := p.request(r)
	if err == nil {
		err = p.producer.Produce(ctx, []topics.Record{record})
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	wait, done := context.WithTimeout(ctx, changeWait)
	defer done()
	for every(wait, 20*time.Millisecond) {
		if outcome, err := p.changed(wait, c, r.Id); outcome != "" || err != nil {
			return outcome, err
		}
	}
	return "", fmt.Errorf("%w: item %s is not decided after %s", httpapi.ErrUnavailable, c.Item, changeWait)
}

// changed is what became of a change; empty: it is not decided.
func (p *ports) changed(ctx context.Context, c httpapi.ItemChange, id string) (string, error) {
	got, err := p.read(ctx, ledger.Want{Shard: p.shard(topics.ItemAccount(c.Item)), Items: []string{c.Item}})
	if err != nil {
		return "", err
	}
	i := got.World.Items[c.Item]
	if i == nil {
		return "", nil
	}
	known := i.Answer(id)
	switch {
	case known == nil:
		return "", nil
	case known.Outcome == ledger.Applied && known.Add != c.Add && len(c.Definition) == 0:
		return string(ledger.Conflict), nil
	}
	return string(known.Outcome), nil
}

func itemFaults(err error) error {
	var faults rulefile.Faults
	if !errors.As(err, &faults) {
		return err
	}
	var all httpapi.ItemFaults
	for _, f := range faults {
		all = append(all, f.Message+" (expected "+f.Expected+")")
	}
	return all
}
