package ledger_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// set defines an item; units are of one that is not given by codes.
func setItem(units int64, x *pointspb.ItemDefinition) *pointspb.Request {
	return &pointspb.Request{Account: topics.ItemAccount(x.Id), Id: "set " + x.Id, What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{Definition: x, Loaded: units}}}
}

// hamper is a shop with a bundle of A, two of B and one code of C.
func hamper(t testing.TB, a, b, codes int64) *shop {
	s := open(t, "2026-06-01 00:00:00")
	s.ripple(setItem(a, &pointspb.ItemDefinition{Id: "a", BasePrice: 10})) // not on sale by itself
	s.ripple(setItem(b, &pointspb.ItemDefinition{Id: "b", BasePrice: 10, OnSale: true}))
	s.ripple(setItem(0, &pointspb.ItemDefinition{Id: "c", BasePrice: 10, OnSale: true, Fulfilment: ledger.FulfilCodes}))
	if codes > 0 {
		s.ripple(codesRequest("c", "load", 0, codes, 0))
	}
	s.ripple(setItem(9, &pointspb.ItemDefinition{Id: "hamper", Kind: "bundle", BasePrice: 25, OnSale: true, Components: []*pointspb.Component{
		{Item: "c", Quantity: 1}, {Item: "b", Quantity: 2}, {Item: "a", Quantity: 1},
	}}))
	s.gift("ana", "g", 100)
	return s
}

// vectorX10: a bundle of A (stock 5) and B (stock 0).
func vectorX10(t *testing.T) {
	s := hamper(t, 5, 0, 5)
	if r := s.redeem("ana", "hamper", "1", 1); r.Outcome != ledger.SoldOut || r.Item != "hamper" {
		t.Errorf("%+v", r)
	}
	for item, n := range map[string]int64{"a": 5, "b": 0, "c": 5, "hamper": 9} {
		s.stock(item, n, n, 0, 0)
	}
	if got := s.balance("ana"); got.Available != 100 {
		t.Errorf("deducted all the same: %+v", got)
	}
}

func TestABundleIsPaidOnceAndTakesItsComponents(t *testing.T) {
	s := hamper(t, 5, 5, 5)
	r := s.redeem("ana", "hamper", "1", 2)
	if r.Outcome != ledger.Applied || r.Points != 50 {
		t.Errorf("%+v", r)
	}
	var parts []string
	for _, p := range r.Parts {
		parts = append(parts, fmt.Sprint(p.Item, " ", p.Quantity, " ", p.Fulfilment, " ", p.Codes))
	}
	if want := []string{"hamper 2 bundle []", "a 2 manual []", "b 4 manual []", "c 2 codes [1 2]"}; !slices.Equal(parts, want) {
		t.Errorf("parts %q, want %q", parts, want)
	}
	s.stock("hamper", 9, 7, 0, 2)
	s.stock("a", 5, 3, 0, 2)
	s.stock("b", 5, 1, 0, 4)
	s.stock("c", 5, 3, 0, 2)
	if r := s.redeem("ben", "hamper", "1", 1); r.Outcome != ledger.SoldOut {
		t.Errorf("one b is left: %+v", r)
	}
	if r := s.redeem("ana", "hamper", "2", 1); r.Outcome != ledger.SoldOut {
		t.Errorf("one b is left: %+v", r)
	}
	s.stock("a", 5, 3, 0, 2)
	if got := s.balance("ana"); got.Available != 50 {
		t.Errorf("balance %+v", got)
	}
}

func TestABundleThatIsNotPaidReleasesAll(t *testing.T) {
	s := hamper(t, 5, 5, 5)
	if r := s.redeem("ben", "hamper", "1", 1); r.Outcome != ledger.Insufficient {
		t.Errorf("without points: %+v", r)
	}
	for item, n := range map[string]int64{"a": 5, "b": 5, "c": 5, "hamper": 9} {
		s.stock(item, n, n, 0, 0)
	}
}

func TestABundleWithGoodsToShipNeedsAnAddress(t *testing.T) {
	s := hamper(t, 5, 5, 5)
	s.ripple(setItem(5, &pointspb.ItemDefinition{Id: "b", Kind: "physical", BasePrice: 10}))
	if r := s.redeem("ana", "hamper", "1", 1); r.Outcome != ledger.AddressRequired {
		t.Errorf("without an address: %+v", r)
	}
	s.stock("a", 5, 5, 0, 0)
	id := topics.RedemptionID("ana", "2")
	s.ripple(&pointspb.Request{Account: "item:hamper", Id: id, What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
		Redemption: id, Member: "ana", Quantity: 1, BodyHash: []byte("b"), Address: true,
	}}})
	if r := s.world.Redemptions[id]; r.Outcome != ledger.Applied || r.Parts[2].Fulfilment != ledger.FulfilShipping {
		t.Errorf("with an address: %+v", r)
	}
}

func TestBundlesThatCannotBeAreRefused(t *testing.T) {
	parts := func(all ...*pointspb.Component) *pointspb.ItemDefinition {
		return &pointspb.ItemDefinition{Id: "x", Kind: "bundle", BasePrice: 1, OnSale: true, Components: all}
	}
	one := &pointspb.Component{Item: "a", Quantity: 1}
	many := parts()
	for n := range 21 {
		many.Components = append(many.Components, &pointspb.Component{Item: fmt.Sprint("a", n), Quantity: 1})
	}
	for name, x := range map[string]*pointspb.ItemDefinition{
		"of nothing": parts(), "of itself": parts(&pointspb.Component{Item: "x", Quantity: 1}), "twice the same": parts(one, one),
		"of none": parts(&pointspb.Component{Item: "a"}), "of less": parts(&pointspb.Component{Item: "a", Quantity: -1}),
		"without a name": parts(&pointspb.Component{Quantity: 1}), "of too many": many,
		"no bundle": {Id: "x", Kind: "physical", BasePrice: 1, Components: []*pointspb.Component{one}},
	} {
		s := open(t, "2026-06-01 00:00:00")
		if got := s.ripple(setItem(1, x)); got != ledger.Conflict || len(s.entries) != 0 {
			t.Errorf("%s: %s", name, got)
		}
	}
	s := hamper(t, 5, 5, 5) // what its components are is looked at by who defines it; should one become a bundle, nothing of it is sold
	s.ripple(setItem(5, &pointspb.ItemDefinition{Id: "b", Kind: "bundle", BasePrice: 1, OnSale: true, Components: []*pointspb.Component{one}}))
	if r := s.redeem("ana", "hamper", "1", 1); r.Outcome != ledger.NotOnSale {
		t.Errorf("a bundle in a bundle: %+v", r)
	}
	s.stock("a", 5, 5, 0, 0)
}

// TestBundlesAreAllOrNothingInEveryOrder runs redemptions of bundles and of their components, with repeated keys and other
// bodies, over shards that decide in any order, while items, components and codes change: the stock of every item adds up
// after every entry (I4), and in the end what was sold of each is what was paid for, as a part or by itself.
func TestBundlesAreAllOrNothingInEveryOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &mall{shop: open(t, "2026-06-01 00:00:00"), queues: map[string][]*pointspb.Request{}, answers: map[string]ledger.Outcome{}, were: map[string]stood{}}
		for n := range rapid.IntRange(1, 100).Draw(r, "operations") {
			m.now = m.now.Add(time.Duration(rapid.IntRange(0, 600).Draw(r, "seconds")) * time.Second)
			m.bundleStep(r, n)
			sound(r, m.shop)
		}
		for len(m.queues) > 0 {
			m.deliver(r, m.waiting(r))
		}
		m.settled(r)
		m.codesApart(r)
		for id, x := range m.world.Redemptions {
			if (x.Outcome == ledger.Applied) != (len(x.Parts) > 0) {
				r.Fatalf("redemption %s is %s, with %d parts", id, x.Outcome, len(x.Parts))
			}
		}
		replayed := ledger.NewWorld()
		for _, e := range m.entries {
			ledger.Fold(replayed, e)
		}
		for id, i := range m.world.Items {
			if i.ID == "" {
				delete(m.world.Items, id) // looked for, never set
			}
		}
		same(r, replayed, m.world)
	})
}

func (m *mall) bundleStep(r *rapid.T, n int) {
	member := fmt.Sprint("m", rapid.IntRange(0, 2).Draw(r, "member"))
	item := fmt.Sprint("i", rapid.IntRange(0, 2).Draw(r, "item"))
	switch operation := rapid.IntRange(0, 14).Draw(r, "operation"); {
	case operation == 0:
		m.gift(member, fmt.Sprint("g", n), rapid.Int64Range(1, 300).Draw(r, "points"))
	case operation == 1:
		x := &pointspb.ItemDefinition{Id: item, BasePrice: rapid.Int64Range(1, 100).Draw(r, "price"), OnSale: true}
		if item == "i2" {
			x.Fulfilment = ledger.FulfilCodes
		}
		m.send(setItem(rapid.Int64Range(0, 12).Draw(r, "loaded"), x))
	case operation == 2:
		x := &pointspb.ItemDefinition{Id: "bundle", Kind: "bundle", BasePrice: rapid.Int64Range(1, 100).Draw(r, "price"), OnSale: rapid.IntRange(0, 5).Draw(r, "on sale") > 0}
		for c := range 3 {
			if units := rapid.Int64Range(0, 2).Draw(r, "units"); units > 0 || c == 0 {
				x.Components = append(x.Components, &pointspb.Component{Item: fmt.Sprint("i", c), Quantity: max(units, 1)})
			}
		}
		m.send(setItem(rapid.Int64Range(0, 8).Draw(r, "loaded"), x))
	case operation == 3:
		m.send(codesRequest("i2", fmt.Sprint("load", n), m.lastCode("i2"), rapid.Int64Range(1, 6).Draw(r, "codes"), 0))
	case operation < 9:
		if operation < 7 {
			item = "bundle"
		}
		quantity := rapid.Int64Range(1, 2).Draw(r, "quantity")
		id := topics.RedemptionID(member, fmt.Sprint(rapid.IntRange(0, 3).Draw(r, "key")))
		m.send(&pointspb.Request{Account: topics.ItemAccount(item), Id: id, What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
			Redemption: id, Member: member, Quantity: quantity, BodyHash: []byte(fmt.Sprint(item, quantity)),
		}}})
	default:
		if len(m.queues) > 0 {
			m.deliver(r, m.waiting(r))
		}
	}
}
