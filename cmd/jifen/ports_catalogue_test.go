package main

import (
	"testing"
	"time"

	"jifen/ledger"
)

// TestAnItemSaysHowManyCodesAreLeft: those that can be redeemed, of an item with codes alone.
func TestAnItemSaysHowManyCodesAreLeft(t *testing.T) {
	p := &ports{app: &app{clock: func() time.Time { return time.UnixMilli(10) }}}
	i := &ledger.Item{ID: "card", Fulfilment: ledger.FulfilCodes, Pool: ledger.Pool{Last: 3, Free: []ledger.CodeSpan{{From: 1, To: 1, ExpiresAt: 10}, {From: 2, To: 3}}}}
	if d := p.definitionOf(i); d.CodesLeft == nil || *d.CodesLeft != 2 {
		t.Errorf("%v codes left", d.CodesLeft)
	}
	if d := p.definitionOf(&ledger.Item{ID: "mug", Free: 3}); d.CodesLeft != nil {
		t.Errorf("a mug has %d codes", *d.CodesLeft)
	}
}
