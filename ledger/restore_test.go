package ledger_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// sent are the parts of a redemption that is shipped.
func sent(item string, units int64) []*pointspb.Part {
	return []*pointspb.Part{{Item: item, Quantity: units, Fulfilment: ledger.FulfilShipping}}
}

// stepped asks a member's shard for a step of a redemption; of one who was merged, the shard that has it decides.
func (s *shop) stepped(member, redemption, id string, f *pointspb.StepFacts) ledger.Outcome {
	s.t.Helper()
	f.Hash = []byte(f.String())
	return s.ask(&pointspb.Request{
		Account: topics.MemberAccount(member), Id: id, Actor: "staff", What: &pointspb.Request_Step{Step: &pointspb.StepRequest{Redemption: redemption, Step: f}},
	})
}

// routed is stepped, where nobody looks at what is sent on.
func (s *shop) routed(member, redemption, id string, f *pointspb.StepFacts) ledger.Outcome {
	s.t.Helper()
	o := s.stepped(member, redemption, id, f)
	if o == ledger.Forwarded {
		s.route()
	}
	return o
}

// arrive ships and delivers a redemption, or fulfils what is not shipped.
func (s *shop) arrive(member, redemption string) {
	s.t.Helper()
	s.routed(member, redemption, "shipped", shipment("sf", "1"))
	s.routed(member, redemption, "delivered", plainStep(ledger.StepDeliver))
	s.routed(member, redemption, "fulfilled", plainStep(ledger.StepFulfil))
}

// giveBack returns units of a redemption, which is shipped before if it was not: its member asks for it, and staff accept it.
func (s *shop) giveBack(member, redemption, id string, units int64) ledger.Outcome {
	s.t.Helper()
	s.routed(member, redemption, "shipped", shipment("sf", "1"))
	if o := s.routed(member, redemption, "ask-"+id, claim(ledger.ReturnPoints, units)); o != ledger.Applied && o != ledger.Forwarded {
		return o
	}
	return s.stepped(member, redemption, "inspect-"+id, &pointspb.StepFacts{Step: ledger.StepInspect, Of: "ask-" + id, Accept: true})
}

func (s *shop) lots(member string) map[uint32]int64 {
	left := map[uint32]int64{}
	for _, l := range s.world.Member(member).Lots {
		left[l.Number] = l.Remaining
	}
	return left
}

// l3 is the shop of vector L3 after its spend: B 50 and A 70 paid; A expires on 2025-03-01, B on 2025-01-30.
func l3(t *testing.T) *shop {
	s := open(t, "2024-02-29 12:00:00")
	s.gift("m", "A", 100)
	s.book.Validity = topics.Validity{Months: 11, Rounding: topics.RoundDay}
	s.gift("m", "B", 50)
	s.book.Validity = topics.Validity{Years: 1, Rounding: topics.RoundDay}
	equal(t, "spend", s.at("2025-01-15 10:00:00").spend("m", "r", 120), ledger.Applied)
	equal(t, "left", s.lots("m"), map[uint32]int64{1: 30})
	return s
}

// vectorC7: a redemption used B 50 and A 70; 60 of the 120 are returned.
func vectorC7(t *testing.T) {
	s := l3(t)
	equal(t, "returned", s.giveBack("m", "r", "1", 60), ledger.Applied)
	equal(t, "lots", s.lots("m"), map[uint32]int64{1: 90})
	equal(t, "A's expiry", s.expiries("m"), map[uint32]string{1: "2025-03-01 00:00:00"})
	equal(t, "again", s.giveBack("m", "r", "1", 60), ledger.Duplicate)
	equal(t, "another amount", s.giveBack("m", "r", "1", 61), ledger.Conflict)
	equal(t, "more than is left", s.giveBack("m", "r", "2", 61), ledger.TooMuch)
	equal(t, "is kept", s.giveBack("m", "r", "2", 61), ledger.Duplicate)
	equal(t, "lots", s.lots("m"), map[uint32]int64{1: 90})
	equal(t, "the rest", s.giveBack("m", "r", "3", 60), ledger.Applied)
	equal(t, "lots", s.lots("m"), map[uint32]int64{1: 100, 2: 50})
	equal(t, "B's expiry", s.expiries("m"), map[uint32]string{1: "2025-03-01 00:00:00", 2: "2025-01-30 00:00:00"})
	equal(t, "and no more", s.giveBack("m", "r", "4", 1), ledger.Decided)
	equal(t, "balance", s.at("2025-02-01 00:00:00").balance("m"), ledger.Balance{Available: 100})
}

// TestReturnAfterTheExpiry gives the points some days of grace, in the same lot; without grace they are dead on arrival.
func TestReturnAfterTheExpiry(t *testing.T) {
	s := l3(t)
	s.at("2025-02-20 10:00:00").giveBack("m", "r", "1", 80) // A 70, B 10, which had expired
	equal(t, "expiries", s.expiries("m"), map[uint32]string{1: "2025-03-01 00:00:00", 2: "2025-02-27 10:00:00"})
	s.at("2025-02-21 10:00:00").giveBack("m", "r", "2", 10)
	equal(t, "lots", s.lots("m"), map[uint32]int64{1: 100, 2: 20})
	equal(t, "the later grace", s.expiries("m")[2], "2025-02-28 10:00:00")
	equal(t, "gone", s.at("2025-02-28 10:00:00").balance("m"), ledger.Balance{Available: 100})
	s = l3(t)
	s.grace = new(int64)
	equal(t, "dead on arrival", s.at("2025-02-20 10:00:00").giveBack("m", "r", "1", 80), ledger.Applied)
	equal(t, "expired", s.moved(pointspb.Kind_EXPIRED, pointspb.Account_BREAKAGE), int64(10))
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 100})
}

// TestReturnRepaysDebtFirst, and points of a frozen lot come back frozen.
func TestReturnRepaysDebtFirst(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.order("m", "O", line{net: 10000, per: 100})
	s.spend("m", "r", 70)
	s.refund("m", "O", "R", 10000)
	equal(t, "debt", s.balance("m"), ledger.Balance{Debt: 70})
	equal(t, "returned", s.giveBack("m", "r", "1", 50), ledger.Applied)
	equal(t, "repaid", s.balance("m"), ledger.Balance{Debt: 20})
	s.giveBack("m", "r", "2", 20)
	equal(t, "all", s.balance("m"), ledger.Balance{})
	s.gift("m", "g", 100)
	s.spend("m", "r2", 40)
	s.freeze("m", "f")
	s.giveBack("m", "r2", "1", 30)
	equal(t, "frozen", s.balance("m"), ledger.Balance{Frozen: 90})
	s.unfreeze("m", "u", "f")
	equal(t, "unfrozen", s.balance("m"), ledger.Balance{Available: 90})
}

// TestReturnIntoALotThatAFreezeNames comes back frozen, even if a clawback had taken all that was left of it.
func TestReturnIntoALotThatAFreezeNames(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.order("m", "O", line{net: 6000, per: 100}, line{net: 4000, per: 101})
	s.spend("m", "r", 40)
	s.freeze("m", "f")
	s.refund("m", "O", "R", 6000)
	equal(t, "the rest of its lot, and debt", s.balance("m"), ledger.Balance{Frozen: 39, Debt: 40})
	s.giveBack("m", "r", "1", 40)
	equal(t, "frozen", s.balance("m"), ledger.Balance{Frozen: 79, Debt: 40})
	s.unfreeze("m", "u", "f")
	equal(t, "repaid", s.balance("m"), ledger.Balance{Available: 39})
}

// TestReturnsOfWhatWasNotPaid move nothing.
func TestReturnsOfWhatWasNotPaid(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.gift("m", "g", 100)
	s.spend("m", "r", 70)
	s.spend("m", "refused", 71)
	equal(t, "unknown", s.giveBack("m", "nothing", "1", 1), ledger.NotFound)
	equal(t, "refused", s.giveBack("m", "refused", "1", 1), ledger.NotFound)
	equal(t, "somebody else's", s.giveBack("n", "r", "1", 1), ledger.NotFound)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 30})
	for _, units := range []int64{0, -1} {
		r := &pointspb.Request{Account: "member:m", Id: "x", Actor: "m", What: &pointspb.Request_Step{Step: &pointspb.StepRequest{
			Redemption: "r", Step: claim(ledger.ReturnPoints, units),
		}}}
		if _, err := ledger.Handle(s.world, r, s.moment()); err == nil {
			t.Errorf("a return of %d units", units)
		}
	}
}

// drawReturn gives a random part of a redemption back: units that were shipped, all that was not, or what a problem is about.
func (s *shop) drawReturn(r *rapid.T, m string) {
	id, key := fmt.Sprint(m, "r", rapid.IntRange(0, 12).Draw(r, "id")), fmt.Sprint(rapid.IntRange(0, 4).Draw(r, "return"))
	switch rapid.IntRange(0, 5).Draw(r, "how") {
	case 0:
		s.routed(m, id, "cancel", plainStep(ledger.StepCancel))
	case 1, 2:
		s.routed(m, id, "report-"+key, &pointspb.StepFacts{Step: ledger.StepReport, Code: rapid.Int64Range(0, 3).Draw(r, "code")})
		s.stepped(m, id, "resolve-"+key, &pointspb.StepFacts{Step: ledger.StepResolve, Of: "report-" + key, Resolution: ledger.ResolveRefund})
	default:
		s.giveBack(m, id, key, rapid.Int64Range(1, 3).Draw(r, "units"))
	}
	s.route()
	s.advance(m) // what is not known moves no clock
}

// TestFreeRedemptionsAreGivenBack: what cost nothing, by a campaign's price rounded down, is returned, cancelled and refunded like
// everything else; its units count once, and no more.
func TestFreeRedemptionsAreGivenBack(t *testing.T) {
	s := open(t, "2026-06-18 12:00:00").selling()
	s.gift("m", "g", 10)
	for _, id := range []string{"returned", "cancelled"} {
		equal(t, id, s.buy("m", id, &pointspb.DebitRequest{Item: "pen", Quantity: 3, Prices: &pointspb.PriceList{Base: 1}}), ledger.Applied)
	}
	codes := &pointspb.Part{Item: "pen", Quantity: 2, Fulfilment: ledger.FulfilCodes, Codes: []int64{1, 2}}
	q := &pointspb.DebitRequest{Item: "pen", Parts: []*pointspb.Part{codes}, Prices: &pointspb.PriceList{Base: 1}}
	equal(t, "of codes", s.buy("m", "codes", q), ledger.Applied)
	equal(t, "kept", s.buy("m", "kept", priced("pen", 1)), ledger.Applied)
	taken := func() int64 { return s.world.Member("m").Taken[0].Count }
	equal(t, "taken", []int64{s.balance("m").Available, taken()}, []int64{10, 8})
	equal(t, "a part", s.giveBack("m", "returned", "1", 2), ledger.Applied)
	equal(t, "counts still", taken(), int64(8))
	equal(t, "the rest", s.giveBack("m", "returned", "2", 1), ledger.Applied)
	equal(t, "returned", s.world.Redemptions["returned"].Life().State(s.now.UnixMilli()), ledger.StateReturned)
	equal(t, "counts no more", taken(), int64(5))
	equal(t, "cancelled", s.stepped("m", "cancelled", "c", plainStep(ledger.StepCancel)), ledger.Applied)
	equal(t, "counts no more", taken(), int64(2))
	for code := range int64(2) {
		id := fmt.Sprint("p", code)
		equal(t, "reported", s.stepped("m", "codes", id, &pointspb.StepFacts{Step: ledger.StepReport, Code: 1 + code}), ledger.Applied)
	}
	resolve := func(of, by string) ledger.Outcome {
		return s.stepped("m", "codes", "resolve-"+of, &pointspb.StepFacts{Step: ledger.StepResolve, Of: of, Resolution: by})
	}
	equal(t, "refunded", resolve("p0", ledger.ResolveRefund), ledger.Applied)
	equal(t, "rejected afterwards", resolve("p1", ledger.ResolveReject), ledger.Applied)
	equal(t, "once", taken(), int64(1))
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 10})
}

// TestARefundAfterTheClosingCountsNoMore: what was given back as a whole does not count in its item's limit, whenever it was.
func TestARefundAfterTheClosingCountsNoMore(t *testing.T) {
	s := open(t, "2026-06-01 12:00:00")
	s.gift("m", "g", 10)
	q := priced("spa", 10)
	q.Parts = []*pointspb.Part{{Item: "spa", Quantity: 1, Fulfilment: ledger.FulfilManual}}
	equal(t, "bought", s.buy("m", "r", q), ledger.Applied)
	s.arrive("m", "r")
	s.at("2026-06-20 12:00:00")
	s.stepped("m", "r", "p", plainStep(ledger.StepReport))
	equal(t, "refunded", s.stepped("m", "r", "q", &pointspb.StepFacts{Step: ledger.StepResolve, Of: "p", Resolution: ledger.ResolveRefund}), ledger.Applied)
	equal(t, "closed", s.world.Redemptions["r"].Life().State(s.now.UnixMilli()), ledger.StateClosed)
	equal(t, "counts no more", len(s.world.Member("m").Taken), 0)
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 10})
}

// TestEntriesOfEarlierReturnsAreRead: those that gave points back without a step, and their refusals.
func TestEntriesOfEarlierReturnsAreRead(t *testing.T) {
	s := open(t, "2026-02-20 10:00:00")
	s.gift("m", "g", 100)
	s.spend("m", "r", 70)
	e := func(kind pointspb.Kind, id string, points int64, outcome ledger.Outcome) *pointspb.Entry {
		return &pointspb.Entry{
			Account: "member:m", Kind: kind, Redemption: &pointspb.RedemptionFacts{Id: "r", Member: "m", Item: "cup", Outcome: "applied"},
			Return: &pointspb.ReturnFacts{Id: id, Points: points, Outcome: string(outcome)},
		}
	}
	back := e(pointspb.Kind_RESTORED, "1", 70, ledger.Applied)
	back.Redemption.Uncounted = 70
	back.Postings = []*pointspb.Posting{{Account: pointspb.Account_REDEEMED_POINTS, Points: -70}, {Account: pointspb.Account_AVAILABLE, Points: 70, Lot: 1}}
	lot := s.world.Member("m").Lots[0]
	back.Lots = []*pointspb.Lot{{Number: 1, ActiveAt: lot.ActiveAt, ExpiresAt: lot.ExpiresAt, Priority: lot.Priority}}
	for _, x := range []*pointspb.Entry{e(pointspb.Kind_REFUSED, "0", 71, ledger.TooMuch), back} {
		if err := ledger.CheckEntry(x); err != nil {
			t.Fatal(err)
		}
		ledger.Fold(s.world, x)
	}
	equal(t, "returned", s.world.Redemptions["r"].Returned(), int64(70))
	equal(t, "balance", s.balance("m"), ledger.Balance{Available: 100})
	equal(t, "limit", len(s.world.Member("m").Taken), 0)
}
