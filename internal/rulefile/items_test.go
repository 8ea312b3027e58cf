package rulefile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"jifen/internal/rulefile"
	"jifen/topics/pointspb"
)

const itemsHead = "apiVersion: jifen/v1\nkind: Items\nitems:\n"

func TestItemsAreRead(t *testing.T) {
	got, err := rulefile.ParseItems("items.yaml", []byte(itemsHead+`
  - id: mug
    name: {zh: 马克杯, en: Mug}
    description: {zh: 三百毫升}
    instructions: {en: Not for microwaves}
    kind: physical
    price: 300
    tier_prices: {silver: 270, gold: 240}
    tiers: [silver, gold]
    limit: {times: 2, per: month}
    sale_from: 2026-06-01T00:00:00+08:00
    sale_to: 2026-07-01T00:00:00+08:00
    categories: [home]
    zones: [double]
    pictures: [/pictures/mug.svg, https://example.org/mug.png]
    stock: 100
  - {id: set, kind: bundle, price: 500, components: [{item: mug, quantity: 2}, {item: tea}], on_sale: false}
  - {id: night, kind: service, price: 1, fulfilment: booking, booking_url: "https://hotel.example/?r={redemption}", limit_per_member: 1, codes_low: 3}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []rulefile.Item{
		{Stock: 100, Definition: &pointspb.ItemDefinition{
			Id: "mug", NameZh: "马克杯", NameEn: "Mug", DescriptionZh: "三百毫升", InstructionsEn: "Not for microwaves", Kind: "physical", BasePrice: 300,
			TierPrices: []*pointspb.TierPrice{{Tier: "gold", Points: 240}, {Tier: "silver", Points: 270}}, Tiers: []string{"silver", "gold"},
			LimitPerMember: 2, LimitPer: "month", OnSale: true, SaleFrom: 1780243200000, SaleTo: 1782835200000, Categories: []string{"home"}, Zones: []string{"double"},
			Pictures: []string{"/pictures/mug.svg", "https://example.org/mug.png"},
		}},
		{Definition: &pointspb.ItemDefinition{Id: "set", Kind: "bundle", BasePrice: 500, Components: []*pointspb.Component{{Item: "mug", Quantity: 2}, {Item: "tea", Quantity: 1}}}},
		{Definition: &pointspb.ItemDefinition{
			Id: "night", Kind: "service", BasePrice: 1, OnSale: true, Fulfilment: "booking", BookingUrl: "https://hotel.example/?r={redemption}", LimitPerMember: 1, CodesLow: 3,
		}},
	}
	if d := cmp.Diff(got, want, protocmp.Transform()); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	one, err := rulefile.ParseItem("item", []byte(`{"id":"pen","kind":"virtual","price":7,"name":{"zh":"笔"}}`))
	if err != nil || one.Definition.NameZh != "笔" {
		t.Errorf("of JSON: %v, %v", one, err)
	}
}

func TestFaultsOfItemsHaveTheirPlace(t *testing.T) {
	for _, c := range []struct{ item, want string }{
		{"{id: a, kind: toy, price: 1}", `4:19 items[0].kind: unknown value "toy"`},
		{"{id: a, price: 1}", `4:5 items[0]: "kind" is missing`},
		{"{id: a, kind: virtual}", `4:5 items[0]: "price" is missing`},
		{"{id: a b, kind: virtual, price: 1}", `4:10 items[0].id: "a b" is no id`},
		{"{id: a, kind: virtual, price: 0}", "4:35 items[0].price: 0 is out of range"},
		{"{id: a, kind: virtual, price: 1.5}", "4:35 items[0].price is a number"},
		{"{id: a, kind: virtual, price: 1, stock: -1}", "4:45 items[0].stock: -1 is out of range"},
		{"{id: a, kind: virtual, price: 1, colour: red}", `4:38 items[0]: unknown key "colour"`},
		{"{id: a, kind: virtual, price: 1, tier_prices: {gold: 0}}", "4:58 items[0].tier_prices.gold: 0 is out of range"},
		{"{id: a, kind: virtual, price: 1, tier_prices: 5}", "4:51 items[0].tier_prices is a number"},
		{"{id: a, kind: virtual, price: 1, limit: {times: 0}}", "4:53 items[0].limit.times: 0 is out of range"},
		{"{id: a, kind: virtual, price: 1, limit: {times: 1, per: hour}}", `4:61 items[0].limit.per: unknown value "hour"`},
		{"{id: a, kind: virtual, price: 1, pictures: [\"javascript:x\"]}", `4:48 items[0].pictures: "javascript:x" is no picture's address, or one too many`},
		{"{id: a, kind: virtual, price: 1, sale_from: 2026-06-02T00:00:00Z, sale_to: 2026-06-01T00:00:00Z}", "4:80 items[0].sale_to is not after sale_from"},
		{"{id: a, kind: service, price: 1, fulfilment: booking}", "4:5 items[0]: fulfilment booking and booking_url go together"},
		{"{id: a, kind: service, price: 1, fulfilment: booking, booking_url: http://x}", `4:72 items[0].booking_url: "http://x" is no address`},
		{"{id: a, kind: bundle, price: 1}", `4:5 items[0]: a bundle without "components"`},
		{"{id: a, kind: bundle, price: 1, components: [{item: a}]}", `4:50 items[0].components[0]: "a" cannot be a component here`},
		{"{id: a, kind: virtual, price: 1, components: [{item: b}]}", "4:50 items[0].components has no meaning here"},
		{"{id: a, kind: virtual, price: 1}\n  - {id: a, kind: virtual, price: 1}", `5:5 items[1]: item "a" stands here twice`},
	} {
		_, err := rulefile.ParseItems("items.yaml", []byte(itemsHead+"  - "+c.item+"\n"))
		var faults rulefile.Faults
		if !errors.As(err, &faults) {
			t.Errorf("%s: %v", c.item, err)
			continue
		}
		var got []string
		for _, f := range faults {
			got = append(got, fmt.Sprintf("%d:%d %s", f.Line, f.Column, f.Message))
		}
		if !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s: got %q, want %q", c.item, got, c.want)
		}
	}
}
