package ledger_test

import (
	"testing"

	"jifen/ledger"
	"jifen/topics/pointspb"
)

// TestAUnitDoesNotComeBackIntoAPoolOfCodes: an item that was shipped and is given by codes by now has no code for it (I4).
func TestAUnitDoesNotComeBackIntoAPoolOfCodes(t *testing.T) {
	c := openCounter(t)
	c.item("cup", "physical", 100, 1)
	c.gift("ana", "g", 100)
	equal(t, "redeemed", c.redeem("ana", "r", "cup", 1), ledger.Applied)
	c.ask(&pointspb.Request{Account: "item:cup", Id: "codes", What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: "cup", Kind: "virtual", BasePrice: 100, OnSale: true, Fulfilment: ledger.FulfilCodes},
	}}})
	equal(t, "cancelled", c.do("ana", "r", plainStep(ledger.StepCancel)), ledger.Applied)
	equal(t, "points", c.balance("ana"), ledger.Balance{Available: 100})
	if err := c.world.Items["cup"].Check(); err != nil {
		t.Error(err)
	}
	c.same()
}

// TestWhatIsShippedNeedsAnAddress: without one nothing is held, and nothing is paid (R46).
func TestWhatIsShippedNeedsAnAddress(t *testing.T) {
	c := openCounter(t)
	c.item("cup", "physical", 100, 1)
	c.gift("ana", "g", 100)
	c.ask(&pointspb.Request{Account: "item:cup", Id: "r", What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
		Redemption: "r", Member: "ana", Quantity: 1, BodyHash: []byte("b"),
	}}})
	c.settle()
	equal(t, "refused", c.world.Redemptions["r"].Outcome, ledger.AddressRequired)
	equal(t, "stock", c.stock("cup"), "1 free 0 reserved 0 sold")
	equal(t, "points", c.balance("ana"), ledger.Balance{Available: 100})
}

// TestAReplacementIsAskedOnce: until the item's shard has answered, a problem cannot be resolved again.
func TestAReplacementIsAskedOnce(t *testing.T) {
	c := openCounter(t)
	c.item("spa", "service", 50, 3)
	c.gift("ana", "g", 100)
	c.redeem("ana", "r", "spa", 1)
	c.do("ana", "r", plainStep(ledger.StepFulfil))
	c.doAs("p", "ana", "r", &pointspb.StepFacts{Step: ledger.StepReport, Reason: "does_not_work"})
	resolve := func(by string) ledger.Outcome {
		return c.ask(&pointspb.Request{Account: "member:ana", Id: by, Actor: "sue", What: &pointspb.Request_Step{Step: &pointspb.StepRequest{
			Redemption: "r", Step: &pointspb.StepFacts{Step: ledger.StepResolve, Of: "p", Resolution: by, Staff: true},
		}}})
	}
	equal(t, "replaced", resolve(ledger.ResolveReplace), ledger.Applied)
	asked := c.last
	equal(t, "refunded, too", resolve(ledger.ResolveRefund), ledger.Decided)
	c.last = asked
	c.settle()
	equal(t, "one more", c.stock("spa"), "1 free 0 reserved 2 sold")
	equal(t, "nothing back", c.balance("ana"), ledger.Balance{Available: 50})
}
