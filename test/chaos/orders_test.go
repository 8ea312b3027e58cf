package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"jifen/topics"
)

const source = "/shops/chaos"

// shop sends orders and keeps an account of its own of what each member must have earned by them.
type shop struct {
	stack *stack
	name  string // its members, orders and event ids begin with it
	store string // in which orders are paid, maybe one of a campaign that doubles

	mu       sync.Mutex
	orders   int
	refunds  int
	repeated int
	granted  map[string]int64 // acknowledged by Kafka
	reversed map[string]int64
	doubled  map[string]extra // what a campaign that doubles adds to that, if its budget suffices
}

func newShop(s *stack, name string) *shop {
	return &shop{stack: s, name: name, granted: map[string]int64{}, reversed: map[string]int64{}, doubled: map[string]extra{}}
}

func (s *shop) member(n int) string { return fmt.Sprintf("%s-m%d", s.name, n) }

// order is a paid order of two lines; points are earned by their sum.
func (s *shop) order(member string, n int, net int64) *topics.Event {
	return &topics.Event{
		Source: source, ID: fmt.Sprintf("%s-e%d", s.name, n), Type: topics.TypeOrderPaid, Time: time.Now(),
		Data: topics.Data{Member: member, Order: fmt.Sprintf("%s-o%d", s.name, n), Store: s.store, Currency: "GBP", Lines: []topics.Line{
			{Line: "1", SKU: "A", Quantity: 1, Net: net / 3}, {Line: "2", SKU: "B", Quantity: 1, Net: net - net/3},
		}},
	}
}

// refund gives part of an order's second line back.
func (s *shop) refund(of *topics.Event, net int64) *topics.Event {
	e := *of
	e.ID, e.Type, e.Time = of.ID+"-r", topics.TypeOrderRefunded, time.Now()
	e.Data = topics.Data{Member: of.Data.Member, Order: of.Data.Order, Refund: of.Data.Order + "-r", Lines: []topics.Line{{Line: "2", Net: net}}}
	return &e
}

func points(net int64) int64 { return net / 100 }

// extra is what a budget gives and gets back.
type extra struct{ granted, reversed int64 }

// doubling is what a campaign that doubles adds to points.
func doubling(net int64) int64 { return 2*net/100 - points(net) }

func total(e *topics.Event) (sum int64) {
	for _, l := range e.Data.Lines {
		sum += l.Net
	}
	return sum
}

// send writes events until Kafka has acknowledged them: what was sent and not acknowledged comes twice.
func (s *shop) send(ctx context.Context, events []*topics.Event) error {
	records := make([]topics.Record, len(events))
	for i, e := range events {
		records[i] = topics.Encode(e)
	}
	for {
		err := s.stack.producer.Produce(ctx, records)
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// endow gives n members one order of net each.
func (s *shop) endow(t *testing.T, n int, net int64) {
	t.Helper()
	var events []*topics.Event
	for i := range n {
		events = append(events, s.order(s.member(i), 1_000_000+i, net))
	}
	if err := s.send(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		s.granted[s.member(i)] += points(net)
	}
}

// stream sends batches of ten orders, each 50 ms, until ctx ends; some are sent twice, some are refunded in part.
func (s *shop) stream(ctx context.Context, seed uint64, members int) {
	r := rand.New(rand.NewPCG(seed, 1))
	var before *topics.Event
	for n := 0; ctx.Err() == nil; n += 10 {
		b := batch{granted: map[string]int64{}, reversed: map[string]int64{}, doubled: map[string]extra{}}
		for i := range 10 {
			e := s.order(s.member(r.IntN(members)), n+i, int64(300+r.IntN(30000)))
			b.events = append(b.events, e)
			b.paid(e)
			if r.IntN(20) == 0 {
				b.again(e)
			}
		}
		first := b.events[0]
		if r.IntN(2) == 0 {
			back := s.refund(first, 1+r.Int64N(first.Data.Lines[1].Net))
			b.events = append(b.events, back)
			b.returned(first, back)
		}
		if before != nil && r.IntN(2) == 0 {
			b.again(before) // late, maybe after its refund
		}
		before = first
		// Orders that were begun are sent to their end, so that the account is exact.
		if s.send(context.WithoutCancel(ctx), b.events) == nil {
			s.note(&b)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// batch is what one call sends, and what it earns.
type batch struct {
	events            []*topics.Event
	refunds, repeated int
	granted, reversed map[string]int64
	doubled           map[string]extra
}

func (b *batch) paid(e *topics.Event) {
	m, net := e.Data.Member, total(e)
	b.granted[m] += points(net)
	x := b.doubled[m]
	x.granted += doubling(net)
	b.doubled[m] = x
}

func (b *batch) returned(of, back *topics.Event) {
	m, net := of.Data.Member, total(of)
	kept := net - total(back)
	b.reversed[m] += points(net) - points(kept)
	x := b.doubled[m]
	x.reversed += doubling(net) - doubling(kept)
	b.doubled[m] = x
	b.refunds++
}

func (b *batch) again(e *topics.Event) {
	b.events = append(b.events, e)
	b.repeated++
}

func (s *shop) note(b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders, s.refunds, s.repeated = s.orders+10, s.refunds+b.refunds, s.repeated+b.repeated
	for m, n := range b.granted {
		s.granted[m] += n
	}
	for m, n := range b.reversed {
		s.reversed[m] += n
	}
	for m, n := range b.doubled {
		x := s.doubled[m]
		s.doubled[m] = extra{x.granted + n.granted, x.reversed + n.reversed}
	}
}

// some are orders for those who need work.
func (s *shop) some(n int) []*topics.Event {
	return []*topics.Event{s.order(s.member(2*n%members), 2*n, 1000), s.order(s.member((2*n+1)%members), 2*n+1, 1000)}
}
