package ledger_test

import (
	"fmt"
	"testing"

	"jifen/ledger"
	"jifen/topics/pointspb"
)

// TestACodeThatDoesNotWorkIsReplacedByAnother: its owner reads both, the pool has one less, and with an empty pool the problem stays
// open.
func TestACodeThatDoesNotWorkIsReplacedByAnother(t *testing.T) {
	c := openCounter(t)
	c.ask(&pointspb.Request{Account: "item:card", Id: "set", What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: "card", Kind: "virtual", BasePrice: 10, OnSale: true, Fulfilment: ledger.FulfilCodes},
	}}})
	load := codesRequest("card", "load", 0, 2, 0)
	equal(t, "loaded", c.ask(load), ledger.Applied)
	c.gift("ana", "g", 100)
	equal(t, "redeemed", c.redeem("ana", "r", "card", 1), ledger.Applied)
	for n, want := range []string{"[1] [2]", "[1] [2]"} {
		id := fmt.Sprint("p", n)
		equal(t, "reported", c.doAs(id, "ana", "r", &pointspb.StepFacts{Step: ledger.StepReport, Reason: "does_not_work", Code: 1}), ledger.Applied)
		c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepResolve, Of: id, Resolution: ledger.ResolveReplace})
		given := c.world.Redemptions["r"].GivenCodes()
		equal(t, "codes", fmt.Sprint(given[0].Codes, " ", given[1].Codes), want)
		equal(t, "of", given[1].Item, "card")
	}
	equal(t, "stock", c.stock("card"), "0 free 0 reserved 2 sold")
	l := c.world.Redemptions["r"].Life()
	equal(t, "problems", fmt.Sprint(l.Problems[0].State, " ", l.Problems[1].State, " ", l.Problems[1].SoldOut), "replaced open true")
	if err := c.world.Items["card"].Check(); err != nil {
		t.Error(err)
	}
	c.same()
}
