package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// selling gives the book of the vectors a sale of everything at 8折 on 18–20 June, a rebate of 5 %, and a zone that doubles it.
func (s *shop) selling() *shop {
	at := func(day int) time.Time { return time.Date(2026, 6, day, 0, 0, 0, 0, s.book.Zone) }
	s.book.Rebate = topics.Ratio{Num: 1, Den: 20}
	s.book.Redeem = []topics.Redeem{
		{ID: "cups", Price: topics.Ratio{Num: 9, Den: 10}, Items: []string{"cup", "mug"}},
		{ID: "anniversary", Price: topics.Ratio{Num: 4, Den: 5}, From: at(18), To: at(21)},
		{ID: "double", RebateMultiplier: topics.Ratio{Num: 2, Den: 1}, Zone: "double"},
		{ID: "triple-gold", RebateMultiplier: topics.Ratio{Num: 3, Den: 1}, Zone: "double", Tier: []string{"gold"}},
	}
	return s
}

// buy is what the item's shard asks of the member's for one unit.
func (s *shop) buy(member, id string, q *pointspb.DebitRequest) ledger.Outcome {
	s.t.Helper()
	s.member = member
	q.Redemption, q.BodyHash = id, []byte(id)
	if q.Quantity == 0 {
		q.Quantity = 1
	}
	if q.Parts == nil {
		q.Parts = sent(q.Item, q.Quantity)
	}
	return s.keep(ledger.Handle(s.world, &pointspb.Request{
		Account: topics.MemberAccount(member), Id: id, What: &pointspb.Request_Debit{Debit: q},
	}, s.moment()))
}

func night() *pointspb.DebitRequest {
	return &pointspb.DebitRequest{Item: "night", Prices: &pointspb.PriceList{Version: 1, Base: 10000, Tiers: []*pointspb.TierPrice{
		{Tier: "silver", Points: 8000}, {Tier: "gold", Points: 6000},
	}}}
}

func priced(item string, points int64) *pointspb.DebitRequest {
	return &pointspb.DebitRequest{Item: item, Prices: &pointspb.PriceList{Version: 1, Base: points}}
}

// of makes a member silver or gold, with a million points.
func (s *shop) holding(member string, spend int64) *shop {
	s.order(member, "past-"+member, line{net: spend, per: 1 << 40})
	s.gift(member, "points-"+member, 1_000_000)
	return s
}

// vectorX1: a hotel night by tier, and at 8折.
func vectorX1(t *testing.T) {
	s := open(t, "2026-06-17 23:59:59.999").selling()
	s.holding("normal", 0).holding("silver", 500000).holding("gold", 2000000)
	for _, c := range []struct {
		member     string
		full, sale int64
	}{{"normal", 10000, 8000}, {"silver", 8000, 6400}, {"gold", 6000, 4800}} {
		paid := func() int64 {
			equal(t, c.member, s.buy(c.member, fmt.Sprint(c.member, s.now.UnixMilli()), night()), ledger.Applied)
			return s.moved(pointspb.Kind_REDEEMED, pointspb.Account_REDEEMED_POINTS)
		}
		equal(t, c.member+" before the sale", paid(), c.full)
		s.at("2026-06-18 00:00:00")
		equal(t, c.member+" in the sale", paid(), c.sale)
		f := s.last.Entries[len(s.last.Entries)-2].Redemption
		equal(t, "facts", []any{f.ListPrice, f.UnitPrice, f.Campaign, f.PriceRatio.Num, f.PriceRatio.Den, f.Tier}, []any{c.full, c.sale, "anniversary", int64(4), int64(5), c.member})
		s.at("2026-06-21 00:00:00")
		equal(t, c.member+" after it", paid(), c.full)
		s.at("2026-06-17 23:59:59.999")
	}
}

// vectorX2: the price is never above the advertised one.
func vectorX2(t *testing.T) {
	s := open(t, "2026-06-18 12:00:00").selling().holding("m", 0)
	equal(t, "bought", s.buy("m", "r", priced("book", 999)), ledger.Applied)
	equal(t, "paid", s.moved(pointspb.Kind_REDEEMED, pointspb.Account_REDEEMED_POINTS), int64(799))
	equal(t, "two", s.buy("m", "r2", &pointspb.DebitRequest{Item: "book", Quantity: 2, Prices: &pointspb.PriceList{Base: 999}}), ledger.Applied)
	equal(t, "paid for two", s.moved(pointspb.Kind_REDEEMED, pointspb.Account_REDEEMED_POINTS), int64(1598))
	equal(t, "the single best campaign", s.buy("m", "r3", priced("cup", 1000)), ledger.Applied)
	equal(t, "paid", s.moved(pointspb.Kind_REDEEMED, pointspb.Account_REDEEMED_POINTS), int64(800))
}

// vectorX7: 4800 paid at a rebate of 5 % in a ×2 zone.
func vectorX7(t *testing.T) {
	s := open(t, "2026-06-18 12:00:00").selling()
	s.gift("m", "g", 4800)
	q := priced("night", 6000)
	q.Zones = []string{"double"}
	equal(t, "bought", s.buy("m", "r", q), ledger.Applied)
	equal(t, "pending", s.balance("m"), ledger.Balance{Pending: 480})
	equal(t, "returned", s.giveBack("m", "r", "1", 1), ledger.Applied)
	equal(t, "restored", s.balance("m"), ledger.Balance{Available: 4800})
	equal(t, "the rest of it", s.world.Redemptions["r"].Rebate, &ledger.Rebate{Lot: 2, Points: 480, Reversed: 480, Num: 1, Den: 10, Campaign: "double"})
	s.arrive("m", "r")
	equal(t, "delivered too late", s.balance("m"), ledger.Balance{Available: 4800})
}

// TestRebateIsSpendableOnceItIsFulfilled, with a validity of its own, and is taken back by the part that is returned.
func TestRebateIsSpendableOnceItIsFulfilled(t *testing.T) {
	s := open(t, "2026-06-01 12:00:00").selling()
	s.gift("m", "g", 1000)
	equal(t, "bought", s.buy("m", "r", &pointspb.DebitRequest{Item: "book", Quantity: 3, Prices: &pointspb.PriceList{Base: 333}, Zones: []string{"double"}}), ledger.Applied)
	equal(t, "pending", s.balance("m"), ledger.Balance{Available: 1, Pending: 99})
	s.at("2026-06-20 12:00:00")
	s.arrive("m", "r")
	equal(t, "given", s.balance("m"), ledger.Balance{Available: 100})
	equal(t, "expiry", s.expiries("m")[2], "2027-06-21 00:00:00")
	s.arrive("m", "r")
	equal(t, "again", s.balance("m"), ledger.Balance{Available: 100})
	equal(t, "state", s.world.Redemptions["r"].Rebate.At, s.now.UnixMilli())
	s.giveBack("m", "r", "1", 1)
	equal(t, "66 of 99 are kept", s.balance("m"), ledger.Balance{Available: 100 + 333 - 33})
	s.giveBack("m", "r", "2", 2)
	equal(t, "all back", s.balance("m"), ledger.Balance{Available: 1000})
}

// TestSpentRebateIsTakenByTheClawbackPolicy of the book under which the redemption was.
func TestSpentRebateIsTakenByTheClawbackPolicy(t *testing.T) {
	for policy, want := range map[topics.Clawback]ledger.Balance{
		topics.ClawbackDebt: {Debt: 100 - 40}, topics.ClawbackBalance: {}, topics.ClawbackOnlyPending: {Available: 40},
	} {
		s := open(t, "2026-06-01 12:00:00").selling()
		s.book.Clawback, s.book.Rebate = policy, topics.Ratio{Num: 1, Den: 2}
		s.gift("m", "g", 200)
		s.buy("m", "r", &pointspb.DebitRequest{Item: "book", Quantity: 5, Prices: &pointspb.PriceList{Base: 40}})
		s.arrive("m", "r")
		s.buy("m", "r2", priced("pen", 100))
		equal(t, string(policy)+" spent", s.balance("m"), ledger.Balance{Pending: 50})
		s.giveBack("m", "r", "1", 1) // 160 kept: 80 of the 100
		got := s.balance("m")
		if got.Pending != 50 {
			t.Errorf("%s: %+v", policy, got)
		}
		equal(t, string(policy), s.world.Redemptions["r"].Rebate.Reversed, int64(20))
		s.giveBack("m", "r", "2", 4)
		got, want := s.balance("m"), want
		if want.Pending = 50; policy == topics.ClawbackOnlyPending {
			want.Available = 200
		} else {
			want.Available, want.Debt = 100, 0
		}
		equal(t, string(policy)+" in the end", got, want)
	}
}

// TestExpiredRebateIsAbsorbed: what of it is breakage already is taken back from there.
func TestExpiredRebateIsAbsorbed(t *testing.T) {
	s := open(t, "2026-06-01 12:00:00").selling()
	s.gift("m", "g", 1000)
	s.buy("m", "r", priced("book", 1000))
	s.book.Validity = topics.Validity{Days: 3, Rounding: topics.RoundDay}
	s.arrive("m", "r")
	equal(t, "expired", s.at("2026-06-10 12:00:00").balance("m"), ledger.Balance{})
	s.giveBack("m", "r", "1", 1)
	equal(t, "restored", s.balance("m"), ledger.Balance{Available: 1000})
	s.keep(ledger.Forget(s.world, "m", "r", s.moment()), nil)
	equal(t, "nothing is remembered", len(s.world.Member("m").Expired), 0)
}

// TestRebateGoesAlongWithAMergedMember, and is taken back there.
func TestRebateGoesAlongWithAMergedMember(t *testing.T) {
	s := open(t, "2026-06-01 12:00:00").selling()
	s.gift("into", "g0", 7)
	s.gift("m", "g", 1000)
	q := priced("book", 1000)
	q.LimitPer, q.LimitPerMember = "month", 1
	s.buy("m", "r", q)
	s.merge("into", "m")
	s.route()
	s.deliver()
	equal(t, "pending there", s.balance("into"), ledger.Balance{Available: 7, Pending: 50})
	equal(t, "the limit, too", s.buy("into", "r2", &pointspb.DebitRequest{Item: "book", LimitPer: "month", LimitPerMember: 1, Prices: &pointspb.PriceList{Base: 1}}), ledger.LimitReached)
	s.giveBack("into", "r", "1", 1)
	equal(t, "taken back there", s.balance("into"), ledger.Balance{Available: 1007})
}

// TestLimitsCountByCalendarPeriods of the program's zone, and a return of everything gives its units back.
func TestLimitsCountByCalendarPeriods(t *testing.T) {
	s := open(t, "2026-06-30 23:59:59.999")
	s.gift("m", "g", 1000)
	q := func(per string) *pointspb.DebitRequest {
		return &pointspb.DebitRequest{Item: "pen" + per, Quantity: 2, LimitPerMember: 3, LimitPer: per, Prices: &pointspb.PriceList{Base: 10}}
	}
	for _, per := range []string{"day", "month", "year", "ever", ""} {
		equal(t, per, s.buy("m", per+"1", q(per)), ledger.Applied)
		equal(t, per+" again", s.buy("m", per+"2", q(per)), ledger.LimitReached)
	}
	s.at("2026-07-01 00:00:00")
	for per, want := range map[string]ledger.Outcome{"day": ledger.Applied, "month": ledger.Applied, "year": ledger.LimitReached, "ever": ledger.LimitReached} {
		equal(t, per+" later", s.buy("m", per+"3", q(per)), want)
	}
	equal(t, "a part back", s.giveBack("m", "year1", "1", 1), ledger.Applied)
	equal(t, "counts still", s.buy("m", "year4", q("year")), ledger.LimitReached)
	s.giveBack("m", "year1", "2", 1)
	equal(t, "all back", s.buy("m", "year5", q("year")), ledger.Applied)
	s.giveBack("m", "month1", "1", 2) // of June
	equal(t, "of another period", s.buy("m", "month4", q("month")), ledger.LimitReached)
}

// offering draws campaigns and a rebate for the book of a random history.
func (s *shop) offering(r *rapid.T) *shop {
	if !rapid.Bool().Draw(r, "campaigns") {
		return s
	}
	s.selling()
	s.book.Rebate = rapid.SampledFrom([]topics.Ratio{{}, {Num: 1, Den: 20}, {Num: 33, Den: 100}, {Num: 49, Den: 150}}).Draw(r, "rebate")
	s.book.Redeem[1].From, s.book.Redeem[1].To = time.Time{}, time.Time{}
	return s
}

// drawPurchase spends points on an item of random price, zone and limit; some rebates are given.
func (s *shop) drawPurchase(r *rapid.T, m, id string) {
	if rapid.IntRange(0, 3).Draw(r, "fulfilled") == 0 {
		s.arrive(m, fmt.Sprint(m, "r", id))
		s.advance(m) // what is not known moves no clock
		return
	}
	item, units := rapid.SampledFrom([]string{"cup", "pen"}).Draw(r, "item"), rapid.Int64Range(1, 3).Draw(r, "quantity")
	part := &pointspb.Part{Item: item, Quantity: units, Fulfilment: rapid.SampledFrom([]string{ledger.FulfilShipping, ledger.FulfilShipping, ledger.FulfilManual, ledger.FulfilCodes}).Draw(r, "fulfilment")}
	s.buy(m, fmt.Sprint(m, "r", id), &pointspb.DebitRequest{
		Item: item, Quantity: units, Parts: []*pointspb.Part{part},
		Prices:   &pointspb.PriceList{Version: 1, Base: rapid.OneOf(rapid.Int64Range(1, 1000), rapid.Just(int64(1))).Draw(r, "price")},
		Zones:    rapid.SampledFrom([][]string{nil, {"double"}}).Draw(r, "zones"),
		LimitPer: rapid.SampledFrom([]string{"", "day", "month"}).Draw(r, "per"), LimitPerMember: rapid.Int64Range(0, 20).Draw(r, "limit"),
	})
}

// rebatesHold checks of every redemption that what its rebate keeps is what the points kept of it earn (D10), and that it was never of
// more points than were paid.
func rebatesHold(r *rapid.T, s *shop) {
	for id, x := range s.world.Redemptions {
		b := x.Rebate
		if b == nil {
			continue
		}
		if want := b.Of(x.Points - x.Returned()); b.Points-b.Reversed != want || b.Points >= x.Points {
			r.Fatalf("redemption %s paid %d, %d were returned, and its rebate keeps %d of %d: want %d", id, x.Points, x.Returned(), b.Points-b.Reversed, b.Points, want)
		}
	}
	for id, m := range s.world.Members {
		taken := map[string]int64{}
		for _, x := range s.world.Redemptions {
			if l := x.Life(); x.Member == id && x.Outcome == ledger.Applied && l.Ended == "" && l.Back < x.Quantity {
				taken[x.Item] += x.Quantity
			}
		}
		for _, x := range m.Taken {
			if m.MergedInto == "" && x.Count != taken[x.Item] {
				r.Fatalf("member %s: %d of %s count, %d were taken", id, x.Count, x.Item, taken[x.Item])
			}
		}
	}
}
