package balances_test

import (
	"fmt"
	"testing"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestSweepOfManyOrdersTakesSeveralEntries: each forgets a part, under an id of its own, until nothing is left.
func TestSweepOfManyOrdersTakesSeveralEntries(t *testing.T) {
	p := start(t)
	p.book.Validity = topics.Validity{} // points for ever
	var orders []topics.Record
	for i := range 2500 {
		orders = append(orders, p.paid("ana", fmt.Sprint("O", i), 100))
	}
	p.batch(orders...)
	p.now = p.now.Add(ledger.Horizon + 24*time.Hour)
	for range 5 {
		p.wakeAll()
	}
	p.sound("after the sweeps")
	equal(t, "sweeps", p.log.kinds(t)["FORGOTTEN"], 3)
	equal(t, "ana", p.available("ana"), int64(2500))
	ids := map[string]bool{}
	for _, e := range p.log.entries(t) {
		ids[string(e.Id)] = true
	}
	equal(t, "entries with an id of their own", len(ids), len(p.log.entries(t)))
	names, err := p.store.Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n, x := range names {
		equal(t, fmt.Sprint("members with orders in shard ", n), len(x.Logs), 0)
	}
}

// TestSweepKeepsTheSeenIdsOfYoungMonths: the log begins anew with what is still to be known.
func TestSweepKeepsTheSeenIdsOfYoungMonths(t *testing.T) {
	p := start(t)
	p.book.Validity = topics.Validity{}
	review := func(id string) topics.Record {
		return p.credit(&pointspb.CreditEvent{
			Account: "member:ana", BusinessKey: "review\x1fR",
			Cause: &pointspb.Cause{Source: "/shops/t", Id: id, Type: topics.TypeReviewPublished, OccurredAt: p.now.UnixMilli()},
		})
	}
	p.batch(p.paid("ana", "old", 1000), review("r1"))
	p.now = p.now.AddDate(0, 2, 0)
	young := p.gift("ana", "young", 5)
	p.batch(young)
	p.now = p.now.AddDate(0, 0, 342) // 403 days after the first, 342 after the second
	p.wakeAll()
	equal(t, "sweeps", p.log.kinds(t)["FORGOTTEN"], 1)
	equal(t, "months that are known", len(p.stored("ana").Months), 1)
	for _, when := range []string{"in memory", "in the store"} {
		before := p.outcomes["shop.activity.v1 duplicate"] + p.outcomes["shop.review.published.v1 duplicate"]
		p.batch(young, review("r2"))
		equal(t, when, p.outcomes["shop.activity.v1 duplicate"]+p.outcomes["shop.review.published.v1 duplicate"]-before, 2)
		p.sound(when)
		p.takeover()
	}
}

// TestSweepWaitsForWhatIsStillKept: an order written later stays its whole horizon, and is looked for at most every 30 days.
func TestSweepWaitsForWhatIsStillKept(t *testing.T) {
	p := start(t)
	p.book.Validity = topics.Validity{}
	p.batch(p.paid("ana", "old", 1000))
	p.now = p.now.AddDate(0, 0, 10)
	p.batch(p.paid("ana", "young", 1000))
	p.now = p.now.AddDate(0, 0, 391) // 401 days after the first
	p.wakeAll()
	p.batch(p.refund("ana", "young", "R", 1000))
	equal(t, "the young order was refunded", p.available("ana"), int64(10))
	p.sound("after the first sweep")
	p.now = p.now.AddDate(0, 0, 430)
	p.wakeAll()
	p.sound("at the end")
	equal(t, "sweeps", p.log.kinds(t)["FORGOTTEN"], 2)
	equal(t, "left to sweep", p.stored("ana").Sweep, int64(0))
}
