package balances_test

import (
	"fmt"
	"testing"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// hamper sets a bundle for 60 points, of one A, two B and one code of C, and gives ana points.
func (p *program) hamper(a, b, codes, points int64) {
	p.t.Helper()
	set := func(units int64, d *pointspb.ItemDefinition) topics.Record {
		return p.request(&pointspb.Request{Account: topics.ItemAccount(d.Id), Id: "set " + d.Id, What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{Definition: d, Loaded: units}}})
	}
	p.batch(
		set(a, &pointspb.ItemDefinition{Id: "A", BasePrice: 1}), set(b, &pointspb.ItemDefinition{Id: "B", BasePrice: 1}),
		set(0, &pointspb.ItemDefinition{Id: "C", BasePrice: 1, Fulfilment: ledger.FulfilCodes}),
		set(3, &pointspb.ItemDefinition{Id: "hamper", Kind: "bundle", BasePrice: 60, OnSale: true, Components: []*pointspb.Component{
			{Item: "A", Quantity: 1}, {Item: "B", Quantity: 2}, {Item: "C", Quantity: 1},
		}}), p.gift("ana", "g", points))
	if codes > 0 {
		p.batch(p.request(&pointspb.Request{Account: "item:C", Id: "load", What: &pointspb.Request_Codes{Codes: &pointspb.CodesRequest{
			Blocks: []*pointspb.CodeBlock{{First: 1, Count: codes, Sealed: []byte("sealed")}}, Spans: []*pointspb.CodeSpan{{From: 1, To: codes}},
		}}}))
	}
}

func (p *program) stocks() string {
	p.t.Helper()
	w, out := p.log.world(p.t), ""
	for _, item := range []string{"A", "B", "C", "hamper"} {
		i := w.Items[item]
		if err := i.Check(); err != nil {
			p.t.Error(err)
		}
		out += fmt.Sprintf("%s %d+%d+%d ", item, i.Free, i.Reserved, i.Sold)
	}
	return out
}

// vectorX6: the pool of codes is empty.
func vectorX6(t *testing.T) {
	p := start(t)
	p.hamper(5, 5, 0, 100)
	p.batch(p.request(&pointspb.Request{Account: "item:C", Id: "sell", What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: "C", BasePrice: 1, OnSale: true, Fulfilment: ledger.FulfilCodes}, Loaded: 9,
	}}}))
	p.batch(p.reserve("ana", "C", "k", 1))
	p.drain()
	equal(t, "refused", p.outcomes["debit sold_out"], 1)
	equal(t, "balance", p.available("ana"), int64(100))
	p.sound("at the end")
}

// vectorX10: a bundle of A (stock 5) and B (stock 0).
func vectorX10(t *testing.T) {
	p := start(t)
	p.hamper(5, 0, 5, 100)
	p.batch(p.reserve("ana", "hamper", "k", 1))
	p.drain()
	equal(t, "refused", p.outcomes["debit sold_out"], 1)
	equal(t, "stocks", p.stocks(), "A 5+0+0 B 0+0+0 C 5+0+0 hamper 3+0+0 ")
	equal(t, "balance", p.available("ana"), int64(100))
	p.sound("at the end")
}

// TestBundlesFinishWhoeverDies kills an owner at every point of a bundle's chain, with enough points, with too few, and
// without a code; the client repeats itself before the answer and after it.
func TestBundlesFinishWhoeverDies(t *testing.T) {
	for _, c := range []struct {
		points, codes int64
		want          string
	}{
		{100, 5, "A 4+0+1 B 3+0+2 C 4+0+1 hamper 2+0+1 "},
		{5, 5, "A 5+0+0 B 5+0+0 C 5+0+0 hamper 3+0+0 "},
		{100, 0, "A 5+0+0 B 5+0+0 C 0+0+0 hamper 3+0+0 "},
	} {
		for step := range 6 {
			for _, kill := range []string{"after decide", "after commit", "after apply"} {
				t.Run(fmt.Sprint(c.points, " points, ", c.codes, " codes, step ", step+1, " ", kill), func(t *testing.T) {
					p := start(t)
					p.hamper(5, 5, c.codes, c.points)
					p.chain(step, kill)
					equal(t, "stocks", p.stocks(), c.want)
					kinds := p.log.kinds(t)
					equal(t, "answers", kinds["REDEEMED"]+kinds["REFUSED"], 1)
					p.wakeAll()
					p.sound("at the end")
				})
			}
		}
	}
}

func (p *program) chain(step int, kill string) {
	next := []topics.Record{p.reserve("ana", "hamper", "k", 1)}
	for n := 0; len(next) > 0; n++ {
		switch {
		case n != step:
			p.batch(next...)
		case kill == "after decide":
			p.process(next...)
			p.takeover()
			p.batch(next...)
		case kill == "after commit":
			p.commit(p.process(next...))
			p.takeover()
		default:
			p.batch(next...)
			p.takeover()
		}
		next = p.queueAll()
		if n == 1 {
			next = append(next, p.reserve("ana", "hamper", "k", 1)) // the client does not wait
		}
	}
	p.batch(p.reserve("ana", "hamper", "k", 1))
	p.drain()
}
