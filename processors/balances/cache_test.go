package balances_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"jifen/ledger"
	"jifen/processors/balances"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// counting is a store that counts the members who are read.
type counting struct {
	balances.Store
	members int
}

func (c *counting) Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error) {
	for _, w := range wants {
		c.members += len(w.Members)
	}
	return c.Store.Read(ctx, wants)
}

// TestOwnerReadsAMemberOnce: whom it knows it does not read again, although the ids of the first batch are overwritten.
func TestOwnerReadsAMemberOnce(t *testing.T) {
	p := start(t)
	store := &counting{Store: p.store}
	p.stage = balances.New(balances.Dependencies{
		Store: store, History: p.log, Observer: p, Books: p.books, Clock: func() time.Time { return p.now }, Shards: shards,
	})
	if err := p.stage.Takeover(t.Context(), everyShard()); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		p.batch(p.gift("ana", fmt.Sprint("a", i), 1), p.gift("ben", fmt.Sprint("b", i), 2))
	}
	equal(t, "members read", store.members, 2)
	p.sound("at the end")
}

// TestOwnerKnowsTheOrdersThatItWrote: an order of an earlier batch is found by a refund, and by the same order under
// another event id.
func TestOwnerKnowsTheOrdersThatItWrote(t *testing.T) {
	p := start(t)
	for i := range 3 { // the first is read back, the others are only known
		p.batch(p.paid("ana", fmt.Sprint("O", i), 1000))
	}
	again := p.credit(&pointspb.CreditEvent{
		Account: "member:ana", Version: p.book.Version,
		Cause:      &pointspb.Cause{Source: "/shops/t", Id: "another id", Type: topics.TypeOrderPaid, OccurredAt: p.now.UnixMilli()},
		Order:      &pointspb.OrderFacts{Order: "O2", Currency: "CNY", Lines: []*pointspb.OrderLine{{Id: "1", Net: 1000, Eligible: 1000}}},
		Candidates: []*pointspb.Candidate{{Rule: "spend", Mode: string(topics.ModeStep), Points: 1, Per: 100, Eligible: 1000, Lines: []uint32{0}}},
	})
	p.batch(again, p.refund("ana", "O1", "R", 1000))
	equal(t, "outcomes", p.outcomes, map[string]int{
		"shop.order.paid.v1 applied": 3, "shop.order.paid.v1 duplicate": 1, "shop.order.refunded.v1 applied": 1,
	})
	equal(t, "ana", p.available("ana"), int64(20))
	p.sound("at the end")
}

// TestOwnerKeepsNothingOfItsRecords: what stays of a member from batch to batch does not lie in the records' memory, which
// batch writes over.
func TestOwnerKeepsNothingOfItsRecords(t *testing.T) {
	p := start(t)
	p.book.Tiers = topics.Tiers{Membership: true}
	rise := &pointspb.CreditEvent{
		Account: "member:ana", Tier: "gold", Version: p.book.Version,
		Cause: &pointspb.Cause{Source: "/s", Id: "rise", Type: topics.TypeTierChanged, OccurredAt: p.now.UnixMilli()},
	}
	p.batch(p.credit(rise), p.gift("ben", "g1", 10))
	for i := range 3 { // members of the cache, by their own ids
		p.batch(p.gift("ana", fmt.Sprint("a", i), 1), p.gift("ben", fmt.Sprint("b", i), 2), p.gift("ben", "g1", 10))
	}
	equal(t, "tier", p.stored("ana").Tiers, []ledger.TierSpan{{From: p.now.UnixMilli(), Tier: "gold"}})
	equal(t, "ana and ben", []int64{p.available("ana"), p.available("ben")}, []int64{3, 16})
	equal(t, "outcomes", p.outcomes, map[string]int{
		"shop.activity.v1 applied": 7, "shop.activity.v1 duplicate": 3, "shop.member.tier_changed.v1 applied": 1,
	})
	p.sound("at the end")
}

// TestOwnerReadsTheOrdersThatThereAre: of a member whose orders it knows by their hashes, many or few, since it wrote them
// or since a takeover.
func TestOwnerReadsTheOrdersThatThereAre(t *testing.T) {
	for _, orders := range []int{1, 100} {
		for _, again := range []bool{false, true} {
			p := start(t)
			for i := range orders {
				p.batch(p.paid("ana", fmt.Sprint("O", i), 1000))
			}
			if again {
				p.takeover()
				p.batch(p.paid("ana", "other", 0)) // from here on the orders are known
			}
			p.batch(p.refund("ana", "O0", "R", 400))
			equal(t, "after a refund", p.available("ana"), int64(10*orders-4))
			twice := p.paid("ana", "O0", 1000)
			var e pointspb.CreditEvent
			if err := e.UnmarshalVT(twice.Value); err != nil {
				t.Fatal(err)
			}
			e.Cause.Id = "under another id"
			p.batch(p.credit(&e))
			equal(t, "after the order came again", p.available("ana"), int64(10*orders-4))
			p.sound("at the end")
		}
	}
}
