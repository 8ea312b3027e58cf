package main

import (
	"context"
	"math"
	"time"

	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/rules"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// retroWindow is what a retro run is over.
type retroWindow struct {
	book     *topics.Rulebook
	from, to time.Time
}

// retroRead counts what was read of the shops' orders.
type retroRead struct {
	Orders  int `json:"orders"`  // paid orders of the window
	Skipped int `json:"skipped"` // records that are no event, or of another currency
}

// retroOrders hands out the paid orders of the window that the shops' topic holds still, each once, evaluated under the
// run's version.
func (a *app) retroOrders(ctx context.Context, w retroWindow, each func(*pointspb.CreditEvent) error) (read retroRead, err error) {
	book, err := rules.Compile(w.book)
	if err != nil {
		return read, err
	}
	limits := a.limits()
	limits.LateAfter = math.MaxInt64
	seen := map[topics.Mark]struct{}{}
	bar := progress(-1, "records of shops")
	err = kafka.Read(ctx, a.kafka, topics.Orders, 0, 0, func(r *topics.Record, _ time.Time) error {
		_ = bar.Add(1) // a bar that cannot be drawn is no reason to stop
		e, reject := topics.Decode(r, limits, a.clock())
		switch {
		case reject != nil:
			read.Skipped++
			return nil //nolint:nilerr // counted
		case e.Type != topics.TypeOrderPaid || e.Time.Before(w.from) || !e.Time.Before(w.to):
			return nil
		case e.Data.Currency != "" && e.Data.Currency != w.book.Currency:
			read.Skipped++
			return nil
		}
		mark := topics.MarkOf(e.Source, e.ID, e.Data.Member)
		if _, ok := seen[mark]; ok {
			return nil
		}
		seen[mark] = struct{}{}
		read.Orders++
		return each(book.Evaluate(e))
	})
	_ = bar.Finish()
	return read, err
}

// retroRequest asks what a run makes of an order.
func retroRequest(run string, undo bool, credit *pointspb.CreditEvent) *pointspb.Request {
	return &pointspb.Request{
		Account: credit.Account, Id: "retro " + run, Actor: "jifen retro", Traceparent: credit.Cause.Traceparent,
		What: &pointspb.Request_Retro{Retro: &pointspb.RetroRequest{Run: run, Undo: undo, Credit: credit}},
	}
}

// previewed is how many orders are decided on states that were read at once.
const previewed = 1000

// preview decides orders as their owners would, on states as Redis has them, without effect.
type preview struct {
	*app
	books  topics.Books
	report *previewReport
}

// decide decides orders, and counts what would change.
func (p *preview) decide(ctx context.Context, credits []*pointspb.CreditEvent) error {
	byShard := map[int32][]*pointspb.CreditEvent{}
	for _, c := range credits {
		shard := p.shard(c.Account)
		byShard[shard] = append(byShard[shard], c)
	}
	for _, shard := range sortedKeys(byShard) {
		if err := p.shardOf(ctx, shard, byShard[shard]); err != nil {
			return err
		}
	}
	return nil
}

func (p *preview) shardOf(ctx context.Context, shard int32, credits []*pointspb.CreditEvent) error {
	members, orders := map[string]struct{}{}, map[string]struct{}{}
	for _, c := range credits {
		e, err := ledger.NewEvent(c)
		if err != nil {
			return err
		}
		members[e.ID], orders[e.OrderKey] = struct{}{}, struct{}{}
	}
	got, err := p.store.Read(ctx, []ledger.Want{{Shard: shard, Members: sortedKeys(members), Orders: sortedKeys(orders)}})
	if err != nil {
		return err
	}
	m := ledger.Moment{Now: max(p.clock().UnixMilli(), got[0].Head.Now), Books: p.books}
	for _, c := range credits {
		d, err := ledger.Handle(got[0].World, retroRequest("preview", false, c), m)
		if err != nil {
			p.report.Outcomes["dead_letter"]++
			continue
		}
		p.report.count(c, d)
	}
	return nil
}
