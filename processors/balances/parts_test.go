package balances_test

import (
	"fmt"
	"testing"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestPartsOfABatchAreOneBatch: what lies far apart in a large batch is decided as in batches of its own: a refund behind
// its order, one of an order that the store has, an event that comes again, an order that comes again, one who is forgotten
// with all that she has, and one who buys again afterwards.
func TestPartsOfABatchAreOneBatch(t *testing.T) {
	records := func(p *program) (before, batch []topics.Record) {
		for n := range 5 {
			before = append(before, p.paid("ana", fmt.Sprint("old", n), 1000), p.paid("eve", fmt.Sprint("eve", n), 700))
		}
		crowd := func(run int) {
			for n := range 400 {
				batch = append(batch, p.gift(fmt.Sprint("m", n%90), fmt.Sprint(run, "/", n), int64(1+n)))
			}
		}
		again := p.paid("ana", "new", 5000)
		batch = append(batch, again, p.paid("eve", "last", 300), p.refund("ana", "old1", "R1", 400))
		crowd(1)
		batch = append(batch, p.refund("ana", "new", "R2", 1200), again, p.refund("ana", "old1", "R3", 600), p.forget("eve"))
		crowd(2)
		batch = append(batch, p.paid("eve", "after", 900), p.paid("ana", "old2", 1000), p.refund("ana", "old4", "R4", 1000))
		crowd(3)
		return before, append(batch, p.refund("eve", "after", "R5", 900), p.refund("ana", "new", "R6", 3800))
	}
	one, many := start(t), start(t)
	before, batch := records(one)
	one.batch(before...)
	one.takeover() // nothing is kept in memory
	one.batch(batch...)
	before, batch = records(many)
	many.batch(before...)
	for _, r := range batch {
		many.batch(r)
	}
	one.sound("one batch")
	many.sound("batches of one")
	equal(t, "outcomes", one.outcomes, many.outcomes)
	equal(t, "kinds of entries", one.log.kinds(t), many.log.kinds(t))
	for _, id := range []string{"ana", "eve", "m7", "m89"} {
		a, b := one.stored(id), many.stored(id)
		equal(t, id, a.Balance(one.now.UnixMilli()), b.Balance(many.now.UnixMilli()))
	}
}

// TestAMemberIsOfOneShard: a record that went astray does not have its member kept as the shard where it lies knows her, which
// is not at all.
func TestAMemberIsOfOneShard(t *testing.T) {
	p := start(t)
	own, astray, there := p.gift("ana", "own", 5), p.gift("ana", "astray", 7), p.gift("m0", "there", 1)
	for n := 1; there.Partition <= own.Partition; n++ { // what is decided last is what is remembered
		there = p.gift(fmt.Sprint("m", n), "there", 1)
	}
	astray.Partition = there.Partition
	p.batch(own, astray, there)
	p.batch(p.gift("ana", "next", 1))
	equal(t, "ana", p.available("ana"), int64(6))
	p.sound("after it")
}

// forget is an event of one who is to be forgotten.
func (p *program) forget(member string) topics.Record {
	p.t.Helper()
	return p.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Version: p.book.Version, Erased: true,
		Cause: &pointspb.Cause{Source: "/shops/t", Id: "forget " + member, Type: topics.TypeErased, OccurredAt: p.now.UnixMilli()},
	})
}
