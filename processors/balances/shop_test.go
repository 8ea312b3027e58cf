package balances_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"jifen/processors"
	"jifen/processors/balances"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// evaluator takes what a shop's record holds for its credit event. It uses its places' memory again, as the real one does.
type evaluator struct {
	places    [300]struct{ event, cut pointspb.CreditEvent }
	accounts  [300][]byte
	evaluated int
	committed int
	aborted   int
}

func (v *evaluator) Evaluate(at int, r *topics.Record, _ topics.Books, _ time.Time) (*pointspb.CreditEvent, *topics.Reject) {
	v.evaluated++
	e := &v.places[at].event
	e.ResetVT()
	if err := e.UnmarshalVTUnsafe(r.Value); err != nil {
		return nil, &topics.Reject{Reason: topics.ReasonDecode, Message: err.Error()}
	}
	v.accounts[at] = append(v.accounts[at][:0], e.Account...)
	e.Account = topics.TextOf(v.accounts[at])
	return e, nil
}

func (v *evaluator) Committed() { v.committed, v.evaluated = v.committed+v.evaluated, 0 }
func (v *evaluator) Aborted()   { v.aborted, v.evaluated = v.aborted+v.evaluated, 0 }

// evaluates has the owner evaluate what shops publish.
func (p *program) evaluates(own ...int32) *evaluator {
	p.t.Helper()
	v := &evaluator{}
	p.stage = balances.New(balances.Dependencies{
		Store: p.store, History: p.log, Observer: p, Books: p.books, Clock: func() time.Time { return p.now }, Shards: shards, Evaluator: v,
	})
	assigned := everyShard()
	if len(own) > 0 {
		assigned = map[string][]int32{topics.Credits: own, topics.Requests: slices.Clone(own)}
	}
	if err := p.stage.Takeover(p.t.Context(), assigned); err != nil {
		p.t.Fatal(err)
	}
	return v
}

// published are credits as what shops publish, with the member as the key.
func published(records []topics.Record) []topics.Record {
	out := slices.Clone(records)
	for i := range out {
		out[i].Topic, out[i].Partition = topics.Orders, 0
		out[i].Key = bytes.TrimPrefix(out[i].Key, []byte(topics.MemberPrefix))
	}
	return out
}

// history is one of orders, refunds, gifts and one who is forgotten, larger than a part of a batch.
func history(p *program) (before, batch []topics.Record) {
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
	batch = append(batch, p.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount("m8"), Version: p.book.Version, MergedFrom: "m9",
		Cause: &pointspb.Cause{Source: "/shops/t", Id: "merged", Type: topics.TypeMerged, OccurredAt: p.now.UnixMilli()},
	}))
	crowd(4)
	return before, append(batch, p.refund("eve", "after", "R5", 900), p.refund("ana", "new", "R6", 3800))
}

// TestAnOwnerThatEvaluatesDecidesTheSame: whatever the shops' keys say of their records, which is nothing that they must keep to.
func TestAnOwnerThatEvaluatesDecidesTheSame(t *testing.T) {
	sent := start(t)
	before, batch := history(sent)
	sent.batch(before...)
	sent.takeover()
	sent.batch(batch...)
	for name, key := range map[string]func(member []byte) []byte{
		"the member":        func(m []byte) []byte { return m },
		"nothing":           func([]byte) []byte { return nil },
		"another member":    func([]byte) []byte { return []byte("m1") },
		"no id of a member": func([]byte) []byte { return bytes.Repeat([]byte("k"), 5000) },
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			before, batch := history(p)
			p.evaluates()
			p.batch(published(before)...)
			v := p.evaluates() // nothing is kept in memory
			batch = published(batch)
			for i := range batch {
				batch[i].Key = key(batch[i].Key)
			}
			p.batch(batch...)
			p.sound("one batch")
			equal(t, "evaluated and committed", v.committed, len(batch))
			equal(t, "outcomes", p.outcomes, sent.outcomes)
			equal(t, "kinds of entries", p.log.kinds(t), sent.log.kinds(t))
			for _, id := range []string{"ana", "eve", "m7", "m89"} {
				equal(t, id, p.stored(id).Balance(p.now.UnixMilli()), sent.stored(id).Balance(sent.now.UnixMilli()))
			}
		})
	}
}

// TestOthersMembersTravel: an owner decides for its own members, and sends the others' credits to their owners.
func TestOthersMembersTravel(t *testing.T) {
	p := start(t)
	before, batch := history(p)
	sent := start(t)
	sent.batch(append(slices.Clone(before), batch...)...)
	p.evaluates(0, 2)
	out := p.batch(append(published(before), published(batch)...)...)
	var travel []topics.Record
	for _, r := range out.Records {
		switch r.Topic {
		case topics.Credits:
			if r.Partition != topics.Shard(string(r.Key), shards) || r.Partition%2 == 0 {
				t.Fatalf("%s went to shard %d", r.Key, r.Partition)
			}
			travel = append(travel, r)
		case topics.Ledger:
			if r.Partition%2 != 0 {
				t.Fatalf("an entry of shard %d", r.Partition)
			}
		}
	}
	p.letters = nil // what travelled
	p.evaluates(1, 3)
	p.batch(travel...)
	p.sound("by two owners")
	equal(t, "outcomes", p.outcomes, sent.outcomes)
	equal(t, "kinds of entries", p.log.kinds(t), sent.log.kinds(t))
}

// TestWhatAShopSentStaysWhole: what cannot be evaluated, and what cannot be booked, is a dead letter of the shop's topic, with
// the record as it came.
func TestWhatAShopSentStaysWhole(t *testing.T) {
	p := start(t)
	v := p.evaluates()
	bad := topics.Record{Topic: topics.Shares, Partition: 3, Offset: 7, Key: []byte("ana"), Value: []byte("\xff\xff")}
	order := published([]topics.Record{p.paid("ana", "o", 1000), p.refund("ana", "o", "R", 100), p.refund("ana", "o", "R", 300)})
	order[2].Value = p.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount("ana"), Version: p.book.Version,
		Cause:  &pointspb.Cause{Source: "/shops/t", Id: "another", Type: topics.TypeOrderRefunded, OccurredAt: p.now.UnixMilli()},
		Refund: &pointspb.RefundFacts{Order: "o", Refund: "R", Lines: []*pointspb.RefundLine{{Id: "1", Net: 300}}},
	}).Value
	last := slices.Clone(order[2].Value)
	p.batch(append(order, bad)...)
	equal(t, "evaluated and committed", v.committed, 4)
	var got []string
	for _, r := range p.letters {
		l, err := topics.OpenLetter(&r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %s by %s: %x", r.Topic, l.Reason, l.Group, r.Value))
	}
	equal(t, "letters", got, []string{
		fmt.Sprintf("dlq.%s %s by %s: ffff", topics.Shares, topics.ReasonDecode, topics.GroupCredits),
		fmt.Sprintf("dlq.%s %s by %s: %x", topics.Orders, topics.ReasonConflict, topics.GroupBalances, last),
	})
	equal(t, "ana", p.available("ana"), int64(9))
	p.sound("after it")
}

// TestAnAbortedBatchCountsNothing: neither do attempts that a damaged or lost store had begin anew.
func TestAnAbortedBatchCountsNothing(t *testing.T) {
	p := start(t)
	v := p.evaluates()
	one := published([]topics.Record{p.gift("ana", "one", 5)})
	p.batch(one...)
	p.flush()
	two := published([]topics.Record{p.gift("ana", "two", 7), p.gift("bea", "two", 7)})
	for i := range two {
		two[i].Key = nil // the shard comes into the batch with the event
	}
	if _, err := p.stage.Process(t.Context(), processors.Batch{Records: cloned(two)}); err != nil {
		t.Fatal(err)
	}
	p.stage.Aborted()
	equal(t, "committed, aborted", []int{v.committed, v.aborted}, []int{1, 2})
	p.batch(two...)
	equal(t, "committed", v.committed, 3)
	equal(t, "ana", p.available("ana"), int64(12))
	p.sound("after it")
}
