package ledger_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// codesRequest loads n codes behind those that its loader knew of; expiries (Unix ms) are of so many codes each, in a row.
func codesRequest(item, id string, before, n int64, expiries ...int64) *pointspb.Request {
	q := &pointspb.CodesRequest{LoadedBefore: before}
	for first := before + 1; first <= before+n; {
		last := min(before+n, ((first-1)/ledger.ChunkCodes+1)*ledger.ChunkCodes)
		q.Blocks = append(q.Blocks, &pointspb.CodeBlock{First: first, Count: last - first + 1, Sealed: fmt.Append(nil, item, first)})
		first = last + 1
	}
	for i, at := range expiries {
		from, to := before+1+n*int64(i)/int64(len(expiries)), before+n*int64(i+1)/int64(len(expiries))
		if from <= to {
			q.Spans = append(q.Spans, &pointspb.CodeSpan{From: from, To: to, ExpiresAt: at})
		}
	}
	return &pointspb.Request{Account: topics.ItemAccount(item), Id: id, What: &pointspb.Request_Codes{Codes: q}}
}

// pool is a shop with an item that is given by codes.
func pool(t testing.TB, low int64) *shop {
	s := open(t, "2026-06-01 00:00:00")
	s.ripple(&pointspb.Request{Account: "item:card", Id: "set", What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: "card", Kind: "virtual", BasePrice: 10, OnSale: true, Fulfilment: ledger.FulfilCodes, CodesLow: low}, Loaded: 7,
	}}})
	return s
}

// ripple decides a request and whatever requests follow from it, one after the other.
func (s *shop) ripple(r *pointspb.Request) ledger.Outcome {
	s.t.Helper()
	o := s.keep(ledger.Handle(s.world, r, s.moment()))
	for _, next := range s.last.Requests {
		s.ripple(next)
	}
	return o
}

func (s *shop) redeem(member, item, key string, units int64) *ledger.Redemption {
	s.t.Helper()
	id := topics.RedemptionID(member, key)
	s.ripple(&pointspb.Request{Account: topics.ItemAccount(item), Id: id, What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
		Redemption: id, Member: member, Quantity: units, BodyHash: []byte("b"),
	}}})
	return s.world.Redemptions[id]
}

func (s *shop) times(kind pointspb.Kind) (n int) {
	for _, e := range s.entries {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (s *shop) stock(item string, loaded, free, reserved, sold int64) {
	s.t.Helper()
	i := s.world.Items[item]
	if got, want := []int64{i.Loaded, i.Free, i.Reserved, i.Sold}, []int64{loaded, free, reserved, sold}; !slices.Equal(got, want) {
		s.t.Errorf("%s: loaded, free, reserved, sold %v, want %v", item, got, want)
	}
	if err := i.Check(); err != nil {
		s.t.Error(err)
	}
}

// vectorX6: the pool is empty.
func vectorX6(t *testing.T) {
	s := pool(t, 0)
	s.gift("ana", "g", 100)
	s.stock("card", 0, 0, 0, 0) // the definition's stock is not that of an item with codes
	if r := s.redeem("ana", "card", "1", 1); r.Outcome != ledger.SoldOut {
		t.Errorf("without a code: %s", r.Outcome)
	}
	if got := s.balance("ana"); got.Available != 100 {
		t.Errorf("deducted all the same: %+v", got)
	}
	s.ripple(codesRequest("card", "load", 0, 1, 0))
	if r := s.redeem("ana", "card", "2", 1); r.Outcome != ledger.Applied || !slices.Equal(r.Parts[0].Codes, []int64{1}) {
		t.Errorf("with one code: %s, %+v", r.Outcome, r.Parts)
	}
	if r := s.redeem("ana", "card", "3", 1); r.Outcome != ledger.SoldOut {
		t.Errorf("the code was given: %s", r.Outcome)
	}
	if got := s.balance("ana"); got.Available != 90 {
		t.Errorf("paid once: %+v", got)
	}
	s.stock("card", 1, 0, 0, 1)
}

func TestCodesOfARefusedRedemptionAreGivenNext(t *testing.T) {
	s := pool(t, 0)
	s.gift("ana", "g", 25)
	s.ripple(codesRequest("card", "load", 0, 5, 0))
	if r := s.redeem("ben", "card", "1", 3); r.Outcome != ledger.Insufficient || len(r.Parts) != 0 {
		t.Errorf("without points: %+v", r)
	}
	s.stock("card", 5, 5, 0, 0)
	if r := s.redeem("ana", "card", "1", 2); !slices.Equal(r.Parts[0].Codes, []int64{1, 2}) {
		t.Errorf("codes %+v", r.Parts)
	}
}

func TestCodesThatExpireFirstAreGivenFirstAndNoneTooLate(t *testing.T) {
	s := pool(t, 0)
	s.gift("ana", "g", 1000)
	soon, later := s.now.Add(time.Hour).UnixMilli(), s.now.Add(48*time.Hour).UnixMilli()
	s.ripple(codesRequest("card", "never", 0, 2, 0))
	s.ripple(codesRequest("card", "later", 2, 4, later, soon))
	if r := s.redeem("ana", "card", "1", 1); !slices.Equal(r.Parts[0].Codes, []int64{5}) {
		t.Errorf("codes %+v, want the first of those that expire soon", r.Parts)
	}
	s.now = time.UnixMilli(soon)
	if left := s.world.Items["card"].Pool.Left(s.now.UnixMilli()); left != 4 {
		t.Errorf("%d left", left)
	}
	if r := s.redeem("ana", "card", "2", 3); !slices.Equal(r.Parts[0].Codes, []int64{3, 4, 1}) {
		t.Errorf("codes %+v, want the later ones, then one of those that never expire", r.Parts)
	}
	s.stock("card", 5, 1, 0, 4)
	if n := s.times(pointspb.Kind_CODES_EXPIRED); n != 1 {
		t.Errorf("%d entries of expired codes", n)
	}
}

func TestWhoeverKeepsThePoolIsToldOncePerCrossing(t *testing.T) {
	s := pool(t, 3)
	s.gift("ana", "g", 1000)
	s.redeem("ana", "card", "0", 1) // nothing was ever loaded: nothing has become low
	s.ripple(codesRequest("card", "a", 0, 4, 0))
	for i, want := range []int{0, 1, 1} {
		s.redeem("ana", "card", fmt.Sprint("k", i), 1)
		if n := s.times(pointspb.Kind_CODES_LOW); n != want {
			t.Errorf("after %d redemptions told %d times, want %d", i+1, n, want)
		}
	}
	s.ripple(codesRequest("card", "b", 4, 1, 0)) // two are left: still low, and known to be
	if n := s.times(pointspb.Kind_CODES_LOW); n != 1 {
		t.Errorf("told again, while it was known: %d", n)
	}
	s.ripple(codesRequest("card", "c", 5, 2, 0))
	s.redeem("ana", "card", "z", 2)
	if n := s.times(pointspb.Kind_CODES_LOW); n != 2 {
		t.Errorf("after the second crossing: %d", n)
	}
	if e := s.entries[len(s.entries)-3]; e.Kind != pointspb.Kind_CODES_LOW || e.Item.CodesLeft != 2 || e.Item.CodesLow != 3 {
		t.Errorf("told %+v", e)
	}
}

func TestLoadingCodesIsDecidedOnceAndNotOnOldKnowledge(t *testing.T) {
	s := pool(t, 0)
	ask := func(r *pointspb.Request, want ledger.Outcome) {
		t.Helper()
		if got := s.ripple(r); got != want {
			t.Errorf("request %s: %s, want %s", r.Id, got, want)
		}
	}
	ask(codesRequest("card", "a", 0, 700, 0), ledger.Applied)
	ask(codesRequest("card", "a", 0, 700, 0), ledger.Duplicate)
	ask(codesRequest("card", "b", 0, 3, 0), ledger.Conflict) // raced with a: it may repeat a's codes
	ask(codesRequest("card", "b", 700, 3, 0), ledger.Applied)
	ask(codesRequest("nothing", "c", 0, 3, 0), ledger.NotFound)
	s.ripple(&pointspb.Request{Account: "item:mug", Id: "set", What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: "mug", Kind: "physical", BasePrice: 10, OnSale: true}, Loaded: 7,
	}}})
	ask(codesRequest("mug", "d", 0, 3, 0), ledger.NotCodes)
	p := s.world.Items["card"].Pool
	if l := p.Load("b"); l == nil || l.First != 701 || l.Count != 3 || l.Outcome != ledger.Applied {
		t.Errorf("load b: %+v", l)
	}
	if l := s.world.Items["mug"].Pool.Load("d"); l == nil || l.Outcome != ledger.NotCodes {
		t.Errorf("load d: %+v", l)
	}
	if c := s.world.Codes[ledger.ChunkOf("card", 701)]; c == nil || len(c.Blocks) != 2 || string(c.Block(702).Sealed) != "card701" || c.Block(704) != nil {
		t.Errorf("second chunk: %+v", c)
	}
	s.stock("card", 703, 703, 0, 0)
}

func TestCodesThatCannotBeLoadedAreDeadLetters(t *testing.T) {
	s := pool(t, 0)
	for name, spoil := range map[string]func(q *pointspb.CodesRequest){
		"no codes":          func(q *pointspb.CodesRequest) { q.Blocks, q.Spans = nil, nil },
		"a gap":             func(q *pointspb.CodesRequest) { q.Blocks[1].First++ },
		"nothing sealed":    func(q *pointspb.CodesRequest) { q.Blocks[0].Sealed = nil },
		"across chunks":     func(q *pointspb.CodesRequest) { q.Blocks[0].Count++; q.Blocks[1].First++; q.Blocks[1].Count-- },
		"spans too short":   func(q *pointspb.CodesRequest) { q.Spans[0].To-- },
		"spans too long":    func(q *pointspb.CodesRequest) { q.Spans[0].To++ },
		"spans overlap":     func(q *pointspb.CodesRequest) { q.Spans = append(q.Spans, &pointspb.CodeSpan{From: 1, To: 600}) },
		"a span backwards":  func(q *pointspb.CodesRequest) { q.Spans[0].To = 0 },
		"a negative expiry": func(q *pointspb.CodesRequest) { q.Spans[0].ExpiresAt = -1 },
	} {
		r := codesRequest("card", "x", 0, 600, 0)
		spoil(r.GetCodes())
		if _, err := ledger.Handle(s.world, r, s.moment()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := ledger.Handle(s.world, codesRequest("card", "x", 0, ledger.CodesMost+1, 0), s.moment()); err == nil {
		t.Error("too many: no error")
	}
}

func TestStockThatIsNoCodesGoesWhenAnItemGetsThem(t *testing.T) {
	s := open(t, "2026-06-01 00:00:00")
	set := func(id, fulfilment string, loaded int64) {
		s.ripple(&pointspb.Request{Account: "item:card", Id: id, What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
			Definition: &pointspb.ItemDefinition{Id: "card", Kind: "virtual", BasePrice: 10, OnSale: true, Fulfilment: fulfilment}, Loaded: loaded,
		}}})
	}
	s.gift("ana", "g", 1000)
	set("1", ledger.FulfilManual, 5)
	s.redeem("ana", "card", "1", 1)
	set("2", ledger.FulfilCodes, 5)
	s.stock("card", 1, 0, 0, 1)
	s.ripple(codesRequest("card", "a", 0, 4, 0))
	s.stock("card", 5, 4, 0, 1)
	set("3", ledger.FulfilCodes, 99)
	s.stock("card", 5, 4, 0, 1)
	set("4", ledger.FulfilManual, 10)
	s.stock("card", 10, 9, 0, 1)
	if r := s.redeem("ana", "card", "2", 1); len(r.Parts[0].Codes) != 0 {
		t.Errorf("codes of an item that is given by hand: %+v", r.Parts)
	}
	set("5", ledger.FulfilCodes, 0)
	s.stock("card", 6, 4, 0, 2)
}

// TestEveryCodeHasOneRedemption runs redemptions with repeated keys over shards that decide in any order, beside codes that
// are loaded, by loaders who know of the newest ones or not, and expire: a number is free once, or held by one redemption
// (I12), and the stock of an item is its free codes (I4).
func TestEveryCodeHasOneRedemption(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &mall{shop: open(t, "2026-06-01 00:00:00"), queues: map[string][]*pointspb.Request{}, answers: map[string]ledger.Outcome{}, were: map[string]stood{}}
		for n := range rapid.IntRange(1, 80).Draw(r, "operations") {
			m.now = m.now.Add(time.Duration(rapid.IntRange(0, 3600).Draw(r, "seconds")) * time.Second)
			m.codesStep(r, n)
			sound(r, m.shop)
		}
		for len(m.queues) > 0 {
			m.deliver(r, m.waiting(r))
		}
		m.settled(r)
		m.codesApart(r)
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

func (m *mall) codesStep(r *rapid.T, n int) {
	member := fmt.Sprint("m", rapid.IntRange(0, 2).Draw(r, "member"))
	item := fmt.Sprint("i", rapid.IntRange(0, 1).Draw(r, "item"))
	switch operation := rapid.IntRange(0, 9).Draw(r, "operation"); {
	case operation == 0:
		m.gift(member, fmt.Sprint("g", n), rapid.Int64Range(1, 300).Draw(r, "points"))
	case operation == 1:
		how := ledger.FulfilCodes
		if rapid.IntRange(0, 9).Draw(r, "by hand") == 0 {
			how = ledger.FulfilManual
		}
		m.send(&pointspb.Request{Account: topics.ItemAccount(item), Id: fmt.Sprint("set", n), What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
			Definition: &pointspb.ItemDefinition{
				Id: item, BasePrice: rapid.Int64Range(1, 100).Draw(r, "price"), OnSale: true, Fulfilment: how, CodesLow: rapid.Int64Range(0, 3).Draw(r, "low"),
			}, Loaded: rapid.Int64Range(0, 8).Draw(r, "loaded"),
		}}})
	case operation == 2:
		before := max(0, m.lastCode(item)-rapid.Int64Range(0, 1).Draw(r, "behind"))
		var expiries []int64
		for range rapid.IntRange(1, 3).Draw(r, "expiries") {
			at := int64(0)
			if in := rapid.IntRange(0, 3).Draw(r, "expires in"); in > 0 {
				at = m.now.Add(time.Duration(in) * time.Hour).UnixMilli()
			}
			expiries = append(expiries, at)
		}
		m.send(codesRequest(item, fmt.Sprint("load", n), before, rapid.Int64Range(1, 6).Draw(r, "codes"), expiries...))
	case operation < 7:
		quantity := rapid.Int64Range(1, 3).Draw(r, "quantity")
		id := topics.RedemptionID(member, fmt.Sprint(rapid.IntRange(0, 5).Draw(r, "key")))
		m.send(&pointspb.Request{Account: topics.ItemAccount(item), Id: id, What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
			Redemption: id, Member: member, Quantity: quantity, BodyHash: []byte(fmt.Sprint(item, quantity)),
		}}})
	default:
		if len(m.queues) > 0 {
			m.deliver(r, m.waiting(r))
		}
	}
}

// codesApart says that no code is of two redemptions, or of one and free, and that members have as many as they paid for.
func (m *mall) codesApart(r *rapid.T) {
	if faults := ledger.CheckCodes(map[int32]*ledger.World{0: m.world}); len(faults) > 0 {
		r.Fatal(faults)
	}
	for id, x := range m.world.Redemptions {
		for _, p := range x.Parts {
			if n := int64(len(p.Codes)); p.Fulfilment == ledger.FulfilCodes && n != p.Quantity {
				r.Fatalf("redemption %s: %d codes for %d units of %s", id, n, p.Quantity, p.Item)
			}
			for _, n := range p.Codes {
				for _, s := range m.world.Items[p.Item].Pool.Free {
					if s.From <= n && n <= s.To {
						r.Fatalf("code %d of %s belongs to %s and is free", n, p.Item, id)
					}
				}
			}
		}
	}
}

func (m *mall) lastCode(item string) int64 {
	if i := m.world.Items[item]; i != nil {
		return i.Pool.Last
	}
	return 0
}
