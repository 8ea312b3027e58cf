package ledger_test

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"jifen/ledger"
	"jifen/topics/pointspb"
)

// TestEditsReplaceWhatTheirAuthorSaw: of two edits of one definition the second is refused, and an item is made once.
func TestEditsReplaceWhatTheirAuthorSaw(t *testing.T) {
	s := open(t, "2026-06-01 00:00:00")
	n := 0
	set := func(q *pointspb.ItemRequest) ledger.Outcome {
		n++
		return s.ask(&pointspb.Request{Account: "item:mug", Id: fmt.Sprint("set", n), Actor: "mia", What: &pointspb.Request_Item{Item: q}})
	}
	first := &pointspb.ItemDefinition{
		Id: "mug", NameZh: "杯", Kind: "bundle", BasePrice: 30, OnSale: true, LimitPer: "month", LimitPerMember: 1, SaleFrom: 5, SaleTo: 6, Categories: []string{"home"},
		Zones: []string{"z"}, Pictures: []string{"/p"}, DescriptionZh: "a", DescriptionEn: "b", InstructionsZh: "c", InstructionsEn: "d", BookingUrl: "https://x",
		Fulfilment: "booking", CodesLow: 3, Components: []*pointspb.Component{{Item: "x", Quantity: 2}}, TierPrices: []*pointspb.TierPrice{{Tier: "gold", Points: 1}}, Tiers: []string{"gold"}, NameEn: "mug",
	}
	equal(t, "made", set(&pointspb.ItemRequest{Definition: first, Loaded: 5, Create: true}), ledger.Applied)
	equal(t, "made again", set(&pointspb.ItemRequest{Definition: first, Loaded: 5, Create: true}), ledger.Exists)
	item := s.world.Items["mug"]
	if !proto.Equal(item.Definition(), first) {
		t.Errorf("the state does not keep a definition: %v", item.Definition())
	}
	seen := ledger.DefinitionDigest(item.Definition())
	dearer := proto.Clone(first).(*pointspb.ItemDefinition)
	dearer.BasePrice = 40
	equal(t, "edited", set(&pointspb.ItemRequest{Definition: dearer, KeepStock: true, Replaces: seen}), ledger.Applied)
	equal(t, "the old one edited", set(&pointspb.ItemRequest{Definition: first, KeepStock: true, Replaces: seen}), ledger.Replaced)
	equal(t, "price, stock", []int64{item.Prices.Base, item.Free, item.Loaded}, []int64{40, 5, 5})
	e := s.entries[len(s.entries)-2]
	equal(t, "who, and before", []any{e.Item.Actor, e.Item.Before.BasePrice}, []any{"mia", int64(30)})
}

// TestStockIsLoadedOnceByEachRequest, and only free units are taken out.
func TestStockIsLoadedOnceByEachRequest(t *testing.T) {
	s := open(t, "2026-06-01 00:00:00")
	stock := func(id string, add int64) ledger.Outcome {
		return s.ask(&pointspb.Request{Account: "item:mug", Id: id, Actor: "mia", What: &pointspb.Request_Stock{Stock: &pointspb.StockRequest{Add: add, Reason: "delivery"}}})
	}
	equal(t, "of nothing", stock("a", 5), ledger.NotFound)
	s.ask(&pointspb.Request{Account: "item:mug", Id: "set", What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{Definition: &pointspb.ItemDefinition{Id: "mug", BasePrice: 3}, Loaded: 2}}})
	equal(t, "loaded", stock("a", 5), ledger.Applied)
	equal(t, "taken out", stock("b", -3), ledger.Applied)
	equal(t, "again", stock("a", 5), ledger.Duplicate)
	equal(t, "the same key for more", stock("a", 6), ledger.Conflict)
	equal(t, "too many", stock("c", -5), ledger.StockTooSmall)
	i := s.world.Items["mug"]
	equal(t, "free, loaded", []int64{i.Free, i.Loaded}, []int64{4, 4})
	for _, add := range []int64{0, 1 << 40} {
		r := &pointspb.Request{Account: "item:mug", Id: "x", What: &pointspb.Request_Stock{Stock: &pointspb.StockRequest{Add: add}}}
		if _, err := ledger.Handle(s.world, r, s.moment()); err == nil {
			t.Errorf("%d units are loaded", add)
		}
	}
}
