package ledger_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestMain sets the size of every property test here: 2,000 random histories. More are asked for with -rapid.checks, longer
// ones with JIFEN_PROPERTY_LENGTH.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "2000"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// mall is several shards: requests to one account are decided in their order, those to different accounts in any.
type mall struct {
	*shop
	queues  map[string][]*pointspb.Request
	answers map[string]ledger.Outcome
	were    map[string]stood // redemptions, as they were last
}

func (m *mall) send(r *pointspb.Request) { m.queues[r.Account] = append(m.queues[r.Account], r) }

// deliver decides the next request of one account; a redelivered one is decided twice.
func (m *mall) deliver(r *rapid.T, account string) {
	q := m.queues[account][0]
	m.queues[account] = m.queues[account][1:]
	if len(m.queues[account]) == 0 {
		delete(m.queues, account)
	}
	d, err := ledger.Handle(m.world, q, m.moment())
	if err != nil {
		r.Fatal(err)
	}
	m.keep(d, nil)
	for _, next := range d.Requests {
		m.send(next)
	}
	for id, i := range m.world.Items {
		if err := i.Check(); err != nil {
			r.Fatalf("item %s: %v", id, err)
		}
	}
	for id, x := range m.world.Redemptions {
		if before, known := m.answers[id]; known && before != x.Outcome {
			r.Fatalf("redemption %s was %s and is %s", id, before, x.Outcome)
		}
		m.answers[id] = x.Outcome
	}
	m.forward(r)
}

// TestRedemptionsKeepStockAndPointsInEveryOrder runs redemptions with repeated keys, other bodies and changing items over
// shards that decide in any order: stock adds up after every entry (I4), an answer never changes (I5, I12), and in the end
// every reservation is settled, with a charge for every unit sold and for no other.
func TestRedemptionsKeepStockAndPointsInEveryOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &mall{shop: open(t, "2026-06-01 00:00:00"), queues: map[string][]*pointspb.Request{}, answers: map[string]ledger.Outcome{}, were: map[string]stood{}}
		m.offering(r)
		for n := range rapid.IntRange(1, 60).Draw(r, "operations") {
			m.now = m.now.Add(time.Duration(rapid.IntRange(0, 600).Draw(r, "seconds")) * time.Second)
			m.later(r)
			m.step(r, n)
			sound(r, m.shop)
			rebatesHold(r, m.shop)
		}
		for len(m.queues) > 0 {
			m.deliver(r, m.waiting(r))
		}
		m.settled(r)
		conserved(r, m.shop)
		replayed := ledger.NewWorld()
		for _, e := range m.entries {
			ledger.Fold(replayed, e)
		}
		for id, i := range m.world.Items {
			if i.ID == "" {
				delete(m.world.Items, id) // looked for, never set
			}
		}
		same(r, replayed, m.world)
	})
}

// waiting draws an account that has requests.
func (m *mall) waiting(r *rapid.T) string {
	var accounts []string
	for a := range m.queues {
		accounts = append(accounts, a)
	}
	slices.Sort(accounts)
	return rapid.SampledFrom(accounts).Draw(r, "account")
}

func (m *mall) step(r *rapid.T, n int) {
	member := fmt.Sprint("m", rapid.IntRange(0, 2).Draw(r, "member"))
	item := fmt.Sprint("i", rapid.IntRange(0, 1).Draw(r, "item"))
	switch operation := rapid.IntRange(0, 15).Draw(r, "operation"); {
	case operation == 0:
		m.gift(member, fmt.Sprint("g", n), rapid.Int64Range(1, 300).Draw(r, "points"))
	case operation == 1:
		m.send(&pointspb.Request{Account: topics.ItemAccount(item), Id: fmt.Sprint("set", n), What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
			Definition: &pointspb.ItemDefinition{
				Id: item, BasePrice: rapid.Int64Range(1, 200).Draw(r, "price"), OnSale: rapid.IntRange(0, 5).Draw(r, "on sale") > 0, Kind: map[string]string{"i0": "physical", "i1": "service"}[item],
				LimitPerMember: rapid.Int64Range(0, 4).Draw(r, "limit"), LimitPer: rapid.SampledFrom([]string{"", "day", "week"}).Draw(r, "per"),
				SaleTo: rapid.SampledFrom([]int64{0, m.now.Add(time.Hour).UnixMilli()}).Draw(r, "sold until"), Zones: rapid.SampledFrom([][]string{nil, {"double"}}).Draw(r, "zones"),
			}, Loaded: rapid.Int64Range(0, 8).Draw(r, "loaded"),
		}}})
	case operation < 6:
		quantity := rapid.Int64Range(1, 2).Draw(r, "quantity")
		id := topics.RedemptionID(member, fmt.Sprint(rapid.IntRange(0, 5).Draw(r, "key")))
		m.send(&pointspb.Request{Account: topics.ItemAccount(item), Id: id, What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
			Redemption: id, Member: member, Quantity: quantity, BodyHash: []byte(fmt.Sprint(item, quantity)),
			QuotedAt: m.now.UnixMilli(), QuotedUntil: m.now.Add(15 * time.Minute).UnixMilli(), Address: true,
		}}})
	case operation < 10:
		m.proceed(r, n)
	default:
		if len(m.queues) > 0 {
			m.deliver(r, m.waiting(r))
		}
	}
}

// settled compares what was sold with what was charged.
func (m *mall) settled(r *rapid.T) {
	charged, points := map[string]int64{}, int64(0)
	decided := map[string]int{}
	for _, e := range m.entries {
		switch {
		case e.Kind == pointspb.Kind_REDEEMED:
			for _, p := range e.Redemption.Parts {
				charged[p.Item] += p.Quantity
			}
			points += e.Redemption.UnitPrice * e.Redemption.Quantity
			decided[e.Redemption.Id]++
		case e.Return != nil: // m.back counts what it gave
		case e.Kind == pointspb.Kind_REFUSED && e.Redemption.Member != "" && e.Step == nil:
			decided[e.Redemption.Id]++
		}
	}
	for id, n := range decided {
		if n != 1 {
			r.Fatalf("redemption %s was decided %d times", id, n)
		}
	}
	for id, i := range m.world.Items {
		if i.Reserved != 0 || i.Sold != charged[id]+m.moved(id) {
			r.Fatalf("item %s: %d reserved, %d sold, %d charged, %d sent again less those that came back", id, i.Reserved, i.Sold, charged[id], m.moved(id))
		}
	}
	var spent int64
	for _, e := range m.entries {
		for _, p := range e.Postings {
			if p.Account == pointspb.Account_REDEEMED_POINTS {
				spent += p.Points
			}
		}
	}
	if back := m.back(r); spent != points-back {
		r.Fatalf("%d points spent for goods of %d, of which %d were given back", spent, points, back)
	}
}

// TestEveryEntryHasAnIdOfItsOwn: ids come from the cause, and two entries of one cause still differ.
func TestEveryEntryHasAnIdOfItsOwn(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := open(t, "2024-01-01 00:00:00")
		s.caps(r).budgets(r)
		for range rapid.IntRange(1, 60).Draw(r, "operations") {
			operate(r, s)
			s.deliverSome(r)
		}
		ids := map[string]*pointspb.Entry{}
		for _, e := range s.entries {
			if x := ids[string(e.Id)]; x != nil {
				r.Fatalf("one id for\n%v\nand\n%v", x, e)
			}
			ids[string(e.Id)] = e
		}
	})
}

// TestOrderAndItsFullRefundLeaveNoTrace is the law of semantics §4: with nothing between them, and the daily evaluation
// after them, every field of the member's state is as before, but for the numbers of lots, the memory of past tiers
// and counters of periods long over.
func TestOrderAndItsFullRefundLeaveNoTrace(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := open(t, "2024-01-01 00:00:00").caps(r).budgets(r)
		for range rapid.IntRange(0, 30).Draw(r, "operations") {
			operate(r, s)
			s.deliverSome(r)
		}
		s.deliver()
		s.advance("m0")
		left := s.spent()
		before := s.world.Member("m0").Clone()
		var lines []line
		var nets []int64
		for i := range rapid.IntRange(1, 3).Draw(r, "lines") {
			net := rapid.Int64Range(0, 3_000_000).Draw(r, "net")
			lines, nets = append(lines, line{net: net, per: []int64{100, 700, 7}[i]}), append(nets, net)
		}
		s.order("m0", "law", lines...)
		if rapid.Bool().Draw(r, "answered") {
			s.deliver()
		}
		s.refund("m0", "law", "law", nets...)
		ordered := s.now.Add(s.ahead)
		if s.deliver(); s.spent() != left {
			r.Fatalf("the budget stands at %d, before at %d", s.spent(), left)
		}
		s.now = s.now.Add(48 * time.Hour)
		s.advance("m0")
		untouched := ledger.NewWorld()
		untouched.Member("m0").Account = *before
		ledger.Advance(untouched, "m0", s.moment())
		after := s.world.Member("m0").Clone()
		for _, a := range []*ledger.Account{&untouched.Member("m0").Account, after} {
			a.NextLot, a.Months, a.Tiers = 1, nil, []ledger.TierSpan{{Tier: a.Tier(s.book, s.now.UnixMilli())}}
			withoutPast(a, ordered)
		}
		got := ledger.NewWorld()
		got.Member("m0").Account = *after
		same(r, got, untouched)
	})
}
