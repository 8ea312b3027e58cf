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
	one, many := start(t), start(t)
	before, batch := history(one)
	one.batch(before...)
	one.takeover() // nothing is kept in memory
	one.batch(batch...)
	before, batch = history(many)
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
