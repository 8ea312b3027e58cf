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
	load := codesRequest("card", "load", 0, 3, 0)
	equal(t, "loaded", c.ask(load), ledger.Applied)
	c.gift("ana", "g", 100)
	equal(t, "redeemed", c.redeem("ana", "r", "card", 1), ledger.Applied)
	for n, want := range []string{"[{card 1 true} {card 2 false}]", "[{card 1 true} {card 2 true} {card 3 false}]", "[{card 1 true} {card 2 true} {card 3 false}]"} {
		id := fmt.Sprint("p", n)
		equal(t, "reported", c.doAs(id, "ana", "r", &pointspb.StepFacts{Step: ledger.StepReport, Reason: "does_not_work", Code: 1}), ledger.Applied)
		c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepResolve, Of: id, Resolution: ledger.ResolveReplace})
		equal(t, "codes", fmt.Sprint(c.world.Redemptions["r"].GivenCodes()), want)
	}
	equal(t, "stock", c.stock("card"), "0 free 0 reserved 3 sold")
	l := c.world.Redemptions["r"].Life()
	equal(t, "problems", fmt.Sprint(l.Problems[1].State, " ", l.Problems[2].State, " ", l.Problems[2].SoldOut), "replaced open true")
	if err := c.world.Items["card"].Check(); err != nil {
		t.Error(err)
	}
	c.same()
}

// TestOneOfSeveralCodesIsReplacedAndThenAll: each time the codes that stand are those that do not work.
func TestOneOfSeveralCodesIsReplacedAndThenAll(t *testing.T) {
	c := openCounter(t)
	c.ask(&pointspb.Request{Account: "item:card", Id: "set", What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: "card", Kind: "virtual", BasePrice: 10, OnSale: true, Fulfilment: ledger.FulfilCodes},
	}}})
	equal(t, "loaded", c.ask(codesRequest("card", "load", 0, 9, 0)), ledger.Applied)
	c.gift("ana", "g", 100)
	equal(t, "redeemed", c.redeem("ana", "r", "card", 2), ledger.Applied)
	for n, code := range []int64{2, 0} {
		id := fmt.Sprint("p", n)
		equal(t, "reported", c.doAs(id, "ana", "r", &pointspb.StepFacts{Step: ledger.StepReport, Reason: "does_not_work", Code: code}), ledger.Applied)
		c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepResolve, Of: id, Resolution: ledger.ResolveReplace})
	}
	equal(t, "codes", fmt.Sprint(c.world.Redemptions["r"].GivenCodes()), "[{card 1 true} {card 2 true} {card 3 true} {card 4 false} {card 5 false}]")
	c.same()
}
