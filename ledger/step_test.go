package ledger_test

import (
	"fmt"
	"testing"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// counter is a mall without chance: requests to other shards are decided at once, in their order.
type counter struct {
	*shop
	asked int
}

func openCounter(t *testing.T) *counter {
	return &counter{shop: open(t, "2026-03-01 10:00:00")}
}

// settle decides what the last decision asked of other shards, and what that asks.
func (c *counter) settle() {
	c.t.Helper()
	for queue := c.last.Requests; len(queue) > 0; queue = queue[1:] {
		c.ask(queue[0])
		queue = append(queue, c.last.Requests...)
	}
}

func (c *counter) item(id, kind string, price, loaded int64) {
	c.t.Helper()
	equal(c.t, "item", c.ask(&pointspb.Request{Account: topics.ItemAccount(id), Id: fmt.Sprint("set ", id, loaded), What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: id, BasePrice: price, OnSale: true, Kind: kind, LimitPerMember: 3}, Loaded: loaded,
	}}}), ledger.Applied)
}

func (c *counter) redeem(member, id, item string, quantity int64) ledger.Outcome {
	c.t.Helper()
	c.ask(&pointspb.Request{Account: topics.ItemAccount(item), Id: id, What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
		Redemption: id, Member: member, Quantity: quantity, BodyHash: []byte(id), Address: true,
	}}})
	c.settle()
	return c.world.Redemptions[id].Outcome
}

// do asks for a step of a redemption, and lets every shard decide.
func (c *counter) do(member, redemption string, f *pointspb.StepFacts) ledger.Outcome {
	c.t.Helper()
	c.asked++
	return c.doAs(fmt.Sprint("s", c.asked), member, redemption, f)
}

func (c *counter) doAs(id, member, redemption string, f *pointspb.StepFacts) ledger.Outcome {
	c.t.Helper()
	o := c.stepped(member, redemption, id, f)
	c.settle()
	return o
}

func (c *counter) state(redemption string) string {
	return c.world.Redemptions[redemption].Life().State(c.now.UnixMilli())
}

func (c *counter) stock(item string) string {
	i := c.world.Items[item]
	if err := i.Check(); err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprintf("%d free %d reserved %d sold", i.Free, i.Reserved, i.Sold)
}

// same compares the states with those of the entries alone (I2).
func (c *counter) same() {
	c.t.Helper()
	replayed := ledger.NewWorld()
	for _, e := range c.entries {
		ledger.Fold(replayed, e)
	}
	for id, r := range c.world.Redemptions {
		equal(c.t, "replayed "+id, replayed.Redemptions[id], r)
	}
	for id, i := range c.world.Items {
		equal(c.t, "replayed "+id, replayed.Items[id], i)
	}
}

func plainStep(word string) *pointspb.StepFacts { return &pointspb.StepFacts{Step: word} }

func shipment(carrier, number string) *pointspb.StepFacts {
	return &pointspb.StepFacts{Step: ledger.StepShip, Carrier: carrier, Number: number}
}

func claim(kind string, units int64) *pointspb.StepFacts {
	return &pointspb.StepFacts{Step: ledger.StepReturn, Kind: kind, Quantity: units, Reason: "damaged"}
}

// cups is a counter at which ana has redeemed 3 cups of 100 points each out of 5.
func cups(t *testing.T) *counter {
	c := openCounter(t)
	c.item("cup", "physical", 100, 5)
	c.gift("ana", "g", 1000)
	equal(t, "redeemed", c.redeem("ana", "r", "cup", 3), ledger.Applied)
	equal(t, "told", c.world.Redemptions["r"].Life().State(c.now.UnixMilli()), ledger.StateCreated)
	return c
}

func TestCancelledBeforeShippingEverythingIsBack(t *testing.T) {
	c := cups(t)
	equal(t, "sold", c.stock("cup"), "2 free 0 reserved 3 sold")
	equal(t, "limit", c.redeem("ana", "r2", "cup", 1), ledger.LimitReached)
	equal(t, "cancelled", c.doAs("k", "ana", "r", &pointspb.StepFacts{Step: ledger.StepCancel, Reason: "unwanted"}), ledger.Applied)
	equal(t, "state", c.state("r"), ledger.StateCancelled)
	equal(t, "points", c.balance("ana"), ledger.Balance{Available: 1000})
	equal(t, "stock", c.stock("cup"), "5 free 0 reserved 0 sold")
	equal(t, "again", c.doAs("k", "ana", "r", &pointspb.StepFacts{Step: ledger.StepCancel, Reason: "unwanted"}), ledger.Duplicate)
	equal(t, "another body", c.doAs("k", "ana", "r", &pointspb.StepFacts{Step: ledger.StepCancel}), ledger.Conflict)
	equal(t, "another key", c.do("ana", "r", plainStep(ledger.StepCancel)), ledger.Decided)
	equal(t, "shipped", c.do("ana", "r", shipment("sf", "1")), ledger.Decided)
	equal(t, "somebody else's", c.do("ben", "r", plainStep(ledger.StepCancel)), ledger.NotFound)
	equal(t, "the limit is given back", c.redeem("ana", "r3", "cup", 3), ledger.Applied)
	c.same()
}

func TestAReturnGivesItsUnitsBackAndNoMore(t *testing.T) {
	c := cups(t)
	equal(t, "before it is shipped", c.do("ana", "r", claim(ledger.ReturnPoints, 1)), ledger.NotPossible)
	equal(t, "delivered before it is shipped", c.do("ana", "r", plainStep(ledger.StepDeliver)), ledger.NotPossible)
	equal(t, "fulfilled", c.do("ana", "r", plainStep(ledger.StepFulfil)), ledger.NotPossible)
	equal(t, "shipped", c.do("ana", "r", shipment("sf", "SF123")), ledger.Applied)
	equal(t, "shipped again", c.do("ana", "r", shipment("sf", "SF124")), ledger.Decided)
	equal(t, "cancelled too late", c.do("ana", "r", plainStep(ledger.StepCancel)), ledger.TooLate)
	equal(t, "delivered", c.do("ana", "r", plainStep(ledger.StepDeliver)), ledger.Applied)
	equal(t, "state", c.state("r"), ledger.StateDelivered)
	c.at("2026-03-05 10:00:00")
	equal(t, "asked", c.doAs("a", "ana", "r", claim(ledger.ReturnPoints, 2)), ledger.Applied)
	equal(t, "more than there are", c.do("ana", "r", claim(ledger.ReturnPoints, 2)), ledger.TooMuch)
	equal(t, "inspected", c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepInspect, Of: "a", Accept: true, Restock: true}), ledger.Applied)
	equal(t, "told", c.lastNotice(), "returned 2 200")
	equal(t, "points", c.balance("ana"), ledger.Balance{Available: 900})
	equal(t, "stock", c.stock("cup"), "4 free 0 reserved 1 sold")
	equal(t, "inspected again", c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepInspect, Of: "a"}), ledger.Decided)
	equal(t, "no such return", c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepInspect, Of: "z"}), ledger.NotFound)
	c.at("2026-03-16 09:59:59")
	equal(t, "the last day", c.doAs("b", "ana", "r", claim(ledger.ReturnPoints, 1)), ledger.Applied)
	c.at("2026-03-20 10:00:00")
	equal(t, "a return holds it open", c.state("r"), ledger.StateDelivered)
	equal(t, "damaged", c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepInspect, Of: "b", Accept: true}), ledger.Applied)
	equal(t, "all is back", c.state("r"), ledger.StateReturned)
	equal(t, "points", c.balance("ana"), ledger.Balance{Available: 1000})
	equal(t, "what is damaged stays sold", c.stock("cup"), "4 free 0 reserved 1 sold")
	c.same()
}

func (c *counter) lastNotice() string {
	for i := len(c.entries) - 1; i >= 0; i-- {
		if n := c.entries[i].Notice; n != nil {
			return fmt.Sprint(n.Kind, " ", n.Quantity, " ", n.Points)
		}
	}
	return ""
}

func TestTheTimeForReturnsEnds(t *testing.T) {
	c := cups(t)
	c.do("ana", "r", shipment("sf", "1"))
	c.do("ana", "r", plainStep(ledger.StepDeliver))
	equal(t, "until", c.at("2026-03-16 09:59:59.999").state("r"), ledger.StateDelivered)
	equal(t, "closed", c.at("2026-03-16 10:00:00").state("r"), ledger.StateClosed)
	equal(t, "too late", c.do("ana", "r", claim(ledger.ReturnPoints, 1)), ledger.TooLate)
	equal(t, "kept for 400 days", c.world.Redemptions["r"].ForgetAt(), ledger.DueAt(c.now.UnixMilli()))
}

func (c *counter) at(text string) *counter { c.shop.at(text); return c }

func TestAnExchangeWithoutStockStaysOpen(t *testing.T) {
	c := openCounter(t)
	c.item("cup", "physical", 100, 1)
	c.gift("ana", "g", 100)
	c.redeem("ana", "r", "cup", 1)
	c.do("ana", "r", shipment("sf", "1"))
	equal(t, "asked", c.doAs("x", "ana", "r", claim(ledger.ReturnExchange, 1)), ledger.Applied)
	accept := func() *pointspb.StepFacts {
		return &pointspb.StepFacts{Step: ledger.StepInspect, Of: "x", Accept: true}
	}
	equal(t, "accepted", c.do("ana", "r", accept()), ledger.Applied)
	x := c.world.Redemptions["r"].Life().Claims[0]
	equal(t, "sold out", fmt.Sprint(x.State, x.SoldOut, x.Held), "acceptedtrue false")
	equal(t, "nothing to ship", c.do("ana", "r", shipment("sf", "2")), ledger.Decided)
	c.item("cup", "physical", 100, 2)
	equal(t, "asked again", c.do("ana", "r", accept()), ledger.Applied)
	equal(t, "stock", c.stock("cup"), "0 free 0 reserved 2 sold")
	equal(t, "held", c.do("ana", "r", accept()), ledger.Decided)
	equal(t, "shipped again", c.do("ana", "r", shipment("sf", "3")), ledger.Applied)
	l := c.world.Redemptions["r"].Life()
	equal(t, "exchanged", fmt.Sprint(l.Claims[0].State, l.Number), "exchanged3")
	equal(t, "told", c.lastNotice(), "exchanged 1 0")
	equal(t, "another return", c.doAs("y", "ana", "r", claim(ledger.ReturnExchange, 1)), ledger.Applied)
	c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepInspect, Of: "y", Accept: true})
	equal(t, "points instead", c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepInspect, Of: "y", Accept: true, Resolution: ledger.ResolveRefund}), ledger.Applied)
	equal(t, "points", c.balance("ana"), ledger.Balance{Available: 100})
	equal(t, "state", c.state("r"), ledger.StateReturned)
	c.same()
}

func TestAProblemIsReplacedRefundedOrRejected(t *testing.T) {
	c := openCounter(t)
	c.item("spa", "service", 50, 2)
	c.gift("ana", "g", 100)
	c.redeem("ana", "r", "spa", 1)
	report := &pointspb.StepFacts{Step: ledger.StepReport, Reason: "does_not_work"}
	equal(t, "before it is fulfilled", c.do("ana", "r", report), ledger.NotPossible)
	equal(t, "fulfilled", c.do("ana", "r", plainStep(ledger.StepFulfil)), ledger.Applied)
	equal(t, "state", c.state("r"), ledger.StateFulfilled)
	equal(t, "no return", c.do("ana", "r", claim(ledger.ReturnPoints, 1)), ledger.NotPossible)
	equal(t, "reported", c.doAs("p", "ana", "r", report), ledger.Applied)
	equal(t, "twice", c.do("ana", "r", report), ledger.LimitReached)
	resolve := func(of, by string) ledger.Outcome {
		return c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepResolve, Of: of, Resolution: by})
	}
	equal(t, "replaced", resolve("p", ledger.ResolveReplace), ledger.Applied)
	equal(t, "state", c.world.Redemptions["r"].Life().Problems[0].State, ledger.ClaimReplaced)
	equal(t, "stock", c.stock("spa"), "0 free 0 reserved 2 sold")
	c.doAs("p2", "ana", "r", report)
	resolve("p2", ledger.ResolveReplace)
	equal(t, "sold out", fmt.Sprint(c.world.Redemptions["r"].Life().Problems[1].SoldOut), "true")
	equal(t, "refunded", resolve("p2", ledger.ResolveRefund), ledger.Applied)
	equal(t, "told", c.lastNotice(), "problem_resolved 1 50")
	equal(t, "points", c.balance("ana"), ledger.Balance{Available: 100})
	equal(t, "state", c.state("r"), ledger.StateReturned)
	equal(t, "again", resolve("p2", ledger.ResolveReject), ledger.Decided)
	c.same()
}

// TestStepsGoAlongWithAMergedMember: what was done about a redemption is known where it is, and its next step is decided there.
func TestStepsGoAlongWithAMergedMember(t *testing.T) {
	c := cups(t)
	c.do("ana", "r", shipment("sf", "1"))
	c.doAs("a", "ana", "r", claim(ledger.ReturnPoints, 3))
	c.ask(&pointspb.Request{Account: "member:ana", Id: "m", What: &pointspb.Request_Merge{Merge: &pointspb.MergeRequest{Into: "bea", At: c.now.UnixMilli()}}})
	c.settle()
	equal(t, "whose", c.world.Redemptions["r"].Member, "bea")
	equal(t, "forwarded", c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepInspect, Of: "a", Accept: true, Restock: true}), ledger.Forwarded)
	equal(t, "state", c.state("r"), ledger.StateReturned)
	equal(t, "points", c.balance("bea"), ledger.Balance{Available: 1000})
	c.same()
}

// TestWhatNobodyFulfilledIsNotForgotten: a redemption and its place among the orders are kept until it is closed, and 400 days more.
func TestWhatNobodyFulfilledIsNotForgotten(t *testing.T) {
	c := cups(t)
	equal(t, "open", c.world.Redemptions["r"].ForgetAt(), int64(0))
	c.at("2028-01-01 00:00:00")
	c.world.Member("ana").Whole = true
	c.keep(ledger.Sweep(c.world, "ana", c.moment()), nil)
	place := topics.RedemptionKey("ana", "r")
	equal(t, "its place", c.world.Member("ana").Order(place) != nil, true)
	c.do("ana", "r", shipment("sf", "1"))
	c.do("ana", "r", plainStep(ledger.StepDeliver))
	c.at("2029-02-19 00:00:00")
	c.keep(ledger.Sweep(c.world, "ana", c.moment()), nil)
	equal(t, "after 400 days", c.world.Member("ana").Order(place) != nil, false)
	c.same()
}

// TestARebateFollowsTheSteps: what a redemption gives back can be spent once it is fulfilled, and is taken back with its refund.
func TestARebateFollowsTheSteps(t *testing.T) {
	c := &counter{shop: open(t, "2026-06-18 12:00:00").selling()}
	c.gift("m", "g", 4800)
	q := priced("night", 6000)
	q.Zones, q.Parts = []string{"double"}, []*pointspb.Part{{Item: "night", Quantity: 1, Fulfilment: ledger.FulfilManual}}
	equal(t, "bought", c.buy("m", "r", q), ledger.Applied)
	equal(t, "fulfilled", c.do("m", "r", plainStep(ledger.StepFulfil)), ledger.Applied)
	equal(t, "given", c.balance("m"), ledger.Balance{Available: 480})
	c.doAs("p", "m", "r", plainStep(ledger.StepReport))
	equal(t, "refunded", c.do("m", "r", &pointspb.StepFacts{Step: ledger.StepResolve, Of: "p", Resolution: ledger.ResolveRefund}), ledger.Applied)
	equal(t, "taken back", c.balance("m"), ledger.Balance{Available: 4800})
	c.same()
}

// vectorX9: redeemed at 23:59:59.9 with a lot that expires at 00:00, returned the next day.
func vectorX9(t *testing.T) {
	c := openCounter(t)
	c.item("cup", "physical", 100, 1)
	c.at("2025-02-28 10:00:00").gift("ana", "g", 100)
	equal(t, "until", c.expiries("ana"), map[uint32]string{1: "2026-03-01 00:00:00"})
	equal(t, "redeemed", c.at("2026-02-28 23:59:59.9").redeem("ana", "r", "cup", 1), ledger.Applied)
	c.at("2026-03-01 00:00:00").advance("ana")
	equal(t, "nothing expired", c.moved(pointspb.Kind_EXPIRED, pointspb.Account_BREAKAGE), int64(0))
	equal(t, "too late", c.redeem("ana", "r2", "cup", 1), ledger.SoldOut)
	c.at("2026-03-01 09:00:00")
	equal(t, "stands", fmt.Sprint(c.state("r"), " ", c.stock("cup")), "created 0 free 0 reserved 1 sold")
	c.do("ana", "r", shipment("sf", "1"))
	c.doAs("a", "ana", "r", claim(ledger.ReturnPoints, 1))
	equal(t, "inspected", c.do("ana", "r", &pointspb.StepFacts{Step: ledger.StepInspect, Of: "a", Accept: true, Restock: true}), ledger.Applied)
	equal(t, "returned", fmt.Sprint(c.state("r"), " ", c.stock("cup")), "returned 1 free 0 reserved 0 sold")
	equal(t, "given back", c.balance("ana"), ledger.Balance{Available: 100})
	equal(t, "7 days of grace", c.expiries("ana"), map[uint32]string{1: "2026-03-08 09:00:00"})
	equal(t, "until then", c.at("2026-03-08 08:59:59.999").balance("ana"), ledger.Balance{Available: 100})
	equal(t, "and no more", c.at("2026-03-08 09:00:00").balance("ana"), ledger.Balance{})
	c.same()
}
