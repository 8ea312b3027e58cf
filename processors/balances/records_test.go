package balances_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"jifen/ledger"
	"jifen/processors"
	"jifen/processors/balances"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func header(r topics.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

// TestRequestsAreDecidedBeforeCredits: whoever waits for an answer does not wait behind a backlog.
func TestRequestsAreDecidedBeforeCredits(t *testing.T) {
	p := start(t)
	p.batch(p.gift("ana", "g", 10), p.debit("ana", "r", 10))
	equal(t, "outcomes", p.outcomes, map[string]int{"shop.activity.v1 applied": 1, "debit insufficient_points": 1})
	p.batch(p.debit("ana", "r2", 10))
	equal(t, "the next batch", p.outcomes["debit applied"], 1)
	equal(t, "told", p.redeemed, []string{"r", "r2"})
}

// TestRecordThatCanNeverWorkBecomesADeadLetter: with its reason, untouched, and the partition goes on.
func TestRecordThatCanNeverWorkBecomesADeadLetter(t *testing.T) {
	p := start(t)
	overflow := p.credit(&pointspb.CreditEvent{
		Account: "member:ana", Version: "1", Cause: &pointspb.Cause{Source: "/s", Id: "big", Type: topics.TypeActivity, OccurredAt: p.now.UnixMilli()},
		Candidates: []*pointspb.Candidate{{Rule: "big", Mode: string(topics.ModeQuantity), Points: math.MaxInt64, Quantity: 2}},
	})
	foreign := p.gift("ana", "elsewhere", 5)
	foreign.Partition = (foreign.Partition + 1) % shards
	foreignRequest := p.debit("ana", "elsewhere", 5)
	foreignRequest.Partition = (foreignRequest.Partition + 1) % shards
	junk, junkRequest, causeless := p.gift("ana", "x", 1), p.debit("ana", "x", 1), p.gift("ana", "z", 1)
	junk.Value, junkRequest.Value = []byte("\xff\xff not Protobuf"), []byte("\xff\xff")
	nobody := p.credit(&pointspb.CreditEvent{Account: "campaign:c", Cause: &pointspb.Cause{Source: "/s", Id: "c", Type: "t"}})
	causeless.Value, _ = (&pointspb.CreditEvent{Account: "member:ana"}).MarshalVT()
	bookless := p.credit(&pointspb.CreditEvent{
		Account: "member:ana", Cause: &pointspb.Cause{Source: "/s", Id: "bookless", Type: topics.TypeActivity, OccurredAt: p.now.UnixMilli()},
		Candidates: []*pointspb.Candidate{{Rule: "gift", Mode: string(topics.ModeFixed), Points: 1}},
	})
	earlier := p.request(&pointspb.Request{Account: "member:ana", Id: "returned"})
	earlier.Value = append(slices.Clone(earlier.Value), 27<<3&0x7f|2|0x80, 27<<3>>7, 2, 24, 5) // restore: 5 points
	nothing := p.request(&pointspb.Request{Account: "member:ana", Id: "nothing"})
	for _, c := range []struct {
		name   string
		record topics.Record
		reason topics.Reason
	}{
		{"overflow", overflow, topics.ReasonRuleError},
		{"credit of another shard", foreign, topics.ReasonDecode},
		{"request of another shard", foreignRequest, topics.ReasonDecode},
		{"credit that is no Protobuf", junk, topics.ReasonDecode},
		{"request that is no Protobuf", junkRequest, topics.ReasonDecode},
		{"credit without a cause", causeless, topics.ReasonDecode},
		{"credit of no member", nobody, topics.ReasonRuleError},
		{"candidates of no version", bookless, topics.ReasonRuleError},
		{"request for nothing", nothing, topics.ReasonSchema},
		{"request of an earlier build, for points of a redemption", earlier, topics.ReasonSchema},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.letters, p.t = nil, t
			before := p.available("ana")
			p.batch(p.gift("ana", "before "+c.name, 1), c.record, p.gift("ana", "after "+c.name, 1))
			equal(t, "ana", p.available("ana"), before+2)
			if len(p.letters) != 1 {
				t.Fatalf("%d dead letters", len(p.letters))
			}
			l := p.letters[0]
			equal(t, "topic", l.Topic, topics.DeadLetterPrefix+c.record.Topic)
			equal(t, "reason", header(l, topics.HeaderReason), string(c.reason))
			equal(t, "value", l.Value, c.record.Value)
			equal(t, "key", l.Key, c.record.Key)
			equal(t, "from", []string{header(l, topics.HeaderPartition), header(l, topics.HeaderOffset)},
				[]string{fmt.Sprint(c.record.Partition), fmt.Sprint(c.record.Offset)})
		})
	}
	p.t = t
	p.sound("at the end")
}

// TestBalanceThatWouldNotFitIsADeadLetter: each award fits into 64 bits, their sum does not.
func TestBalanceThatWouldNotFitIsADeadLetter(t *testing.T) {
	p := start(t)
	const half = 1 << 61
	p.batch(p.gift("ana", "g1", half), p.gift("ana", "g2", half))
	p.batch(p.gift("ana", "g3", half), p.gift("ana", "g4", math.MaxInt64), p.gift("ana", "g5", 100))
	equal(t, "dead letters", p.outcomes["shop.activity.v1 dead_letter"], 2)
	for _, l := range p.letters {
		equal(t, "reason", header(l, topics.HeaderReason), string(topics.ReasonRuleError))
	}
	equal(t, "ana", p.available("ana"), int64(2*half+100))
	p.sound("at the end")
}

// TestDueWorkIsBookedByAWake: expiry at its own date whenever it is booked, and states past their horizon are forgotten.
func TestDueWorkIsBookedByAWake(t *testing.T) {
	p := start(t)
	day := p.now
	p.batch(p.load("cup", 5, 9), p.paid("ana", "O1", 5000), p.gift("ben", "g", 7))
	p.batch(p.reserve("ben", "cup", "k", 1))
	p.drain()
	p.deliver("ben", "k")
	p.now = time.Date(2027, 6, 1, 23, 59, 59, 999e6, time.UTC)
	equal(t, "a moment too early", values(p.wakeAll()), []string(nil))
	p.now = time.Date(2027, 6, 4, 9, 0, 0, 0, time.UTC) // the job was down for days
	p.wakeAll()
	expired := 0
	for _, e := range p.log.entries(t) {
		if e.Kind == pointspb.Kind_EXPIRED {
			expired++
			equal(t, "dated", e.EffectiveAt, time.Date(2027, 6, 2, 0, 0, 0, 0, time.UTC).UnixMilli())
			equal(t, "booked", e.RecordedAt, p.now.UnixMilli())
		}
	}
	equal(t, "expiries", expired, 2)
	equal(t, "ana", p.stored("ana").Booked(), ledger.Balance{})
	p.sound("after the expiry")

	p.now = day.Add(ledger.Horizon - time.Millisecond)
	p.wakeAll()
	names, err := p.store.Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ana := names[topics.Shard("member:ana", shards)]
	equal(t, "orders within the horizon", ana.Logs, []string{"ana"})
	p.now = day.Add(ledger.Horizon)
	p.wakeAll()
	p.sound("after the horizon")
	if names, err = p.store.Names(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n, x := range names {
		if len(x.Logs)+len(x.Redemptions) != 0 {
			t.Errorf("shard %d still has orders or seen ids of %d members, %d redemptions", n, len(x.Logs), len(x.Redemptions))
		}
	}
	equal(t, "nothing is due twice", values(p.wakeAll()), []string(nil))
}

// TestForgettingKeepsTheMember: what is forgotten of members who are not in the batch leaves their accounts as they are.
func TestForgettingKeepsTheMember(t *testing.T) {
	p := start(t)
	p.book.Validity = topics.Validity{} // points for ever
	p.batch(p.load("cup", 5, 9), p.gift("ben", "g", 7), p.paid("ben", "O1", 5000), p.paid("ana", "O2", 300))
	p.batch(p.reserve("ben", "cup", "k", 1))
	p.drain()
	p.deliver("ben", "k")
	p.now = p.now.Add(ledger.Horizon + 24*time.Hour)
	p.takeover() // nothing is in memory
	p.wakeAll()
	p.sound("after the horizon")
	equal(t, "ben", p.available("ben"), int64(52))
	equal(t, "ana", p.available("ana"), int64(3))
	equal(t, "forgotten", p.log.kinds(t)["FORGOTTEN"], 2+1) // orders and seen months of each, the redemption
	p.batch(p.debit("ben", "r", 52))
	equal(t, "ben spends", p.outcomes["debit applied"], 2)
	ids := map[string]string{}
	for _, e := range p.log.entries(t) {
		id, what := string(e.Id), fmt.Sprintf("%s %s %q", e.Account, e.Kind, e.Forgotten)
		if other, twice := ids[id]; twice {
			t.Errorf("one id for %s and %s", other, what)
		}
		ids[id] = what
	}
}

// paid is a paid order of one line at 1 point for 100.
func (p *program) paid(member, order string, net int64) topics.Record {
	p.t.Helper()
	return p.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Version: p.book.Version,
		Cause:      &pointspb.Cause{Source: "/shops/t", Id: "paid " + order, Type: topics.TypeOrderPaid, OccurredAt: p.now.UnixMilli()},
		Order:      &pointspb.OrderFacts{Order: order, Currency: "CNY", Lines: []*pointspb.OrderLine{{Id: "1", Net: net, Eligible: net}}},
		Candidates: []*pointspb.Candidate{{Rule: "spend", Mode: string(topics.ModeStep), Points: 1, Per: 100, Eligible: net, Lines: []uint32{0}}},
	})
}

func (p *program) refund(member, order, id string, net int64) topics.Record {
	p.t.Helper()
	return p.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Version: p.book.Version,
		Cause:  &pointspb.Cause{Source: "/shops/t", Id: "refund " + id, Type: topics.TypeOrderRefunded, OccurredAt: p.now.UnixMilli()},
		Refund: &pointspb.RefundFacts{Order: order, Refund: id, Lines: []*pointspb.RefundLine{{Id: "1", Net: net}}},
	})
}

// TestSeenIdsAreKeptFromTheirLastWrite: a bucket that is written again stays for another horizon.
func TestSeenIdsAreKeptFromTheirLastWrite(t *testing.T) {
	p := start(t)
	first := p.gift("ana", "first", 5)
	p.batch(first)
	occurred := p.now
	p.now = p.now.AddDate(0, 0, 200)
	late := p.credit(&pointspb.CreditEvent{
		Account: "member:ana", Version: "1",
		Cause:      &pointspb.Cause{Source: "/shops/t", Id: "late", Type: topics.TypeActivity, OccurredAt: occurred.UnixMilli(), Backfill: "run"},
		Candidates: []*pointspb.Candidate{{Rule: "gift", Mode: string(topics.ModeFixed), Points: 5}},
	})
	p.batch(late)
	p.now = p.now.AddDate(0, 0, 399)
	p.wakeAll()
	before := len(p.log.entries(t))
	p.batch(first, late)
	equal(t, "new entries", len(p.log.entries(t))-before, 0)
	p.now = p.now.AddDate(0, 0, 2)
	p.wakeAll()
	p.sound("at the end")
	equal(t, "forgotten", p.log.kinds(t)["FORGOTTEN"], 1)
}

func TestRefundBeforeItsOrderAcrossATakeover(t *testing.T) {
	p := start(t)
	p.batch(p.refund("ana", "O1", "R1", 2000))
	equal(t, "waiting", p.outcomes["shop.order.refunded.v1 waiting"], 1)
	p.flush()
	p.takeover()
	p.batch(p.paid("ana", "O1", 5000))
	equal(t, "ana", p.available("ana"), int64(30))
	p.batch(p.refund("ana", "O1", "R1", 2000))
	equal(t, "the same refund again", p.available("ana"), int64(30))
	p.sound("at the end")
}

// TestStaleRulebookOrClockDecidesNothing: the batch fails, and is decided when the owner knows enough again.
func TestStaleRulebookOrClockDecidesNothing(t *testing.T) {
	p := start(t)
	stale, skewed := errors.New("stale"), errors.New("skewed")
	var books, steady error
	stage := balances.New(balances.Dependencies{
		Store: p.store, History: p.log, Observer: p, Clock: func() time.Time { return p.now }, Shards: shards,
		Books:  func() (topics.Books, error) { return topics.NewBooks(p.book), books },
		Steady: func() error { return steady },
	})
	if err := stage.Takeover(t.Context(), everyShard()); err != nil {
		t.Fatal(err)
	}
	batch := processors.Batch{Records: []topics.Record{p.gift("ana", "g", 5)}}
	for _, c := range []struct{ books, steady, want error }{{stale, nil, stale}, {nil, skewed, skewed}, {nil, nil, nil}} {
		books, steady = c.books, c.steady
		out, err := stage.Process(t.Context(), batch)
		if !errors.Is(err, c.want) || (err == nil) != (len(out.Records) == 1) {
			t.Errorf("%v: %v, %d records", c.want, err, len(out.Records))
		}
	}
}

// TestRefundsInTheBatchOfTheirOrder: an order that is kept as it is written, after the credit that made it, is there for
// the refunds that come behind it in the same batch.
func TestRefundsInTheBatchOfTheirOrder(t *testing.T) {
	p := start(t)
	p.batch(
		p.paid("ana", "O1", 1000), p.paid("ben", "O2", 700), p.refund("ana", "O1", "R1", 400), p.refund("ana", "O1", "R2", 500),
	)
	equal(t, "available", []int64{p.available("ana"), p.available("ben")}, []int64{1, 7})
	w := p.log.world(t)
	equal(t, "what is kept of the order", w.Order(topics.OrderKey("ana", "/shops/t", "O1")).Lines[0].Kept, int64(100))
	p.batch(p.refund("ben", "O2", "R4", 700), p.refund("ana", "O1", "R5", 100))
	equal(t, "available after all was given back", []int64{p.available("ana"), p.available("ben")}, []int64{0, 0})
}

// TestOrdersOfOneBatchShareNothing: the events of a batch are decoded into the same memory one after the other, and what
// the store has of their orders is each one's own.
func TestOrdersOfOneBatchShareNothing(t *testing.T) {
	p := start(t)
	var batch []topics.Record
	for n := range 5 {
		e := &pointspb.CreditEvent{
			Account: topics.MemberAccount("ana"), Version: p.book.Version,
			Cause: &pointspb.Cause{Source: "/shops/t", Id: fmt.Sprint("e", n), Type: topics.TypeOrderPaid, OccurredAt: p.now.UnixMilli()},
			Order: &pointspb.OrderFacts{Order: fmt.Sprint("O", n), Currency: "CNY"},
		}
		rule := &pointspb.Candidate{Rule: fmt.Sprint("rule", n), Mode: string(topics.ModeStep), Points: 1, Per: 100, Eligible: 500}
		for line := range 3 {
			e.Order.Lines = append(e.Order.Lines, &pointspb.OrderLine{Id: fmt.Sprint(n, "-", line), Net: 500, Eligible: 500})
		}
		rule.Lines = []uint32{uint32(n % 3), uint32((n + 1) % 3)}
		e.Candidates = append(e.Candidates, rule)
		batch = append(batch, p.credit(e))
	}
	p.batch(batch...)
	got, err := p.store.Read(t.Context(), []ledger.Want{{Shard: batch[0].Partition, Swept: []string{"ana"}}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "orders", got[0].World.Orders(), p.log.world(t).Orders())
}
