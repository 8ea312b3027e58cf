package ledger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/ledger"
	"jifen/topics/pointspb"
)

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("%s (-got +want):\n%s", what, d)
	}
}

// TestVector holds the vectors of semantics.md that the ledger decides, each by its id.
func TestVector(t *testing.T) {
	for id, test := range map[string]func(*testing.T){
		"L1": vectorL1, "L2": vectorL2, "L3": vectorL3, "L4": vectorL4,
		"P1": vectorP1, "P2": vectorP2, "P3": vectorP3,
		"T1": vectorT1, "T2": vectorT2, "T3": vectorT3, "T4": vectorT4, "V3": vectorV3, "K1": vectorK1, "K6": vectorK6,
		"F1": vectorF1, "F2": vectorF2, "F4": vectorF4,
		"C1": vectorC1, "C2": vectorC2, "C3": vectorC3, "C4": vectorC4, "C5": vectorC5, "C6": vectorC6, "C7": vectorC7, "C8": vectorC8,
		"X1": vectorX1, "X2": vectorX2, "X7": vectorX7, "X9": vectorX9,
		"B1": vectorB1, "B2": vectorB2, "B4": vectorB4, "B5": vectorB5,
		"X6": vectorX6, "X10": vectorX10,
	} {
		t.Run(id, test)
	}
}

func vectorL1(t *testing.T) {
	s := open(t, "2025-05-26 11:00:55")
	s.gift("m", "g", 100)
	equal(t, "last instant", s.at("2026-05-26 23:59:59.999").balance("m").Available, int64(100))
	equal(t, "next midnight", s.at("2026-05-27 00:00:00").balance("m").Available, int64(0))
}

func vectorL2(t *testing.T) {
	s := open(t, "2024-02-29 10:00:00")
	s.gift("m", "g", 100)
	equal(t, "expires_at", s.world.Member("m").Lots[0].ExpiresAt, s.time("2025-03-01 00:00:00").UnixMilli())
	equal(t, "last valid day", s.at("2025-02-28 23:59:59.999").balance("m").Available, int64(100))
}

// vectorL3 makes A (earned first, expiring last), B and C, which never expires.
func vectorL3(t *testing.T) {
	s := open(t, "2024-02-29 12:00:00") // A: expires 2025-03-01
	s.gift("m", "A", 100)
	s.at("2024-03-01 12:00:00")
	short := *s.book
	short.Version, short.Validity.Years, short.Validity.Months = "b", 0, 11
	never := *s.book
	never.Version = "c"
	never.Validity.Years = 0
	keep := s.book
	s.book = &short
	s.at("2024-02-29 13:00:00").gift("m", "B", 50) // 11 months: last valid 2025-01-29
	s.book = &never
	s.gift("m", "C", 200)
	s.book = keep
	equal(t, "spend", s.at("2025-01-15 10:00:00").spend("m", "r", 120), ledger.Applied)
	left := map[uint32]int64{}
	for _, l := range s.world.Member("m").Lots {
		left[l.Number] = l.Remaining
	}
	equal(t, "lots left", left, map[uint32]int64{1: 30, 3: 200})
	equal(t, "02-01", s.at("2025-02-01 00:00:00").balance("m").Available, int64(230))
	equal(t, "03-01", s.at("2025-03-01 00:00:00").balance("m").Available, int64(200))
	equal(t, "expired", s.moved(pointspb.Kind_EXPIRED, pointspb.Account_BREAKAGE), int64(30))
}

func vectorL4(t *testing.T) {
	s := open(t, "2025-05-26 11:00:55")
	s.gift("m", "g", 100)
	expiry := s.time("2026-05-27 00:00:00").UnixMilli()
	s.at("2026-05-30 09:00:00") // the job was down for three days; the member tries to spend
	equal(t, "spend", s.spend("m", "r", 100), ledger.Insufficient)
	e := s.last.Entries[0]
	equal(t, "kind", e.Kind, pointspb.Kind_EXPIRED)
	equal(t, "dated", e.EffectiveAt, expiry)
}

// e1 places the order of vector E1 for a silver member: 43 + 136.
func e1(s *shop) {
	s.order("m", "past", line{net: 600000, per: 1 << 40})
	s.order("m", "O", line{net: 29900, per: 1000}, line{net: 45500, per: 500})
}

func vectorC1(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	e1(s)
	equal(t, "earned", s.balance("m").Available, int64(179))
	s.refund("m", "O", "R", 0, 45500)
	equal(t, "kept", s.balance("m").Available, int64(43))
	equal(t, "reversed", s.world.Order("m\x1f/shops/t\x1fO").Grants[1].Reversed, int64(136))
}

func vectorC2(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	e1(s)
	var back []int64
	for i, net := range []int64{10000, 10000, 25500} {
		s.refund("m", "O", string(rune('a'+i)), 0, net)
		back = append(back, s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS))
	}
	equal(t, "clawbacks", back, []int64{30, 30, 76})
}

func vectorC3(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	s.order("m", "O", line{net: 7000, per: 1000})
	var back []int64
	for i := range 10 {
		s.refund("m", "O", string(rune('a'+i)), 700)
		back = append(back, s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS))
	}
	equal(t, "clawbacks", back, []int64{1, 1, 1, 0, 1, 1, 0, 1, 1, 0})
	equal(t, "left", s.balance("m"), ledger.Balance{})
}

func vectorC4(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	e1(s)
	s.spend("m", "r", 150)
	s.refund("m", "O", "R", 29900, 45500)
	equal(t, "after the return", s.balance("m"), ledger.Balance{Debt: 150})
	equal(t, "spend in debt", s.spend("m", "r2", 1), ledger.InDebt)
	s.gift("m", "g", 200)
	equal(t, "after 200 more", s.balance("m"), ledger.Balance{Available: 50})
}

func vectorC5(t *testing.T) {
	s := open(t, "2025-05-26 11:00:00")
	s.order("m", "O", line{net: 50, per: 1}, line{net: 129, per: 1})
	s.spend("m", "r", 100)
	equal(t, "79 expired", s.at("2026-05-27 00:00:00").balance("m"), ledger.Balance{})
	s.refund("m", "O", "a", 50)
	equal(t, "50 absorbed", s.balance("m"), ledger.Balance{})
	equal(t, "from breakage", s.moved(pointspb.Kind_REVERSED, pointspb.Account_BREAKAGE), int64(0)) // of Advance, not of the refund
	s.refund("m", "O", "b", 0, 129)
	equal(t, "29 absorbed", s.moved(pointspb.Kind_REVERSED, pointspb.Account_BREAKAGE), int64(-29))
	equal(t, "100 debt", s.balance("m"), ledger.Balance{Debt: 100})
}

func vectorC6(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	s.order("m", "O", line{net: 50000, per: 1000})
	later := *s.book
	later.Version, later.Rules = "2", nil // the rate was doubled, then the rule deleted
	s.book = &later
	s.refund("m", "O", "R", 50000)
	equal(t, "taken back", s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS), int64(50))
	equal(t, "left", s.balance("m"), ledger.Balance{})
}

func vectorC8(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	s.order("m", "O", line{net: 50000, per: 1000})
	equal(t, "first", s.refund("m", "O", "R", 10000), ledger.Applied)
	before := len(s.entries)
	equal(t, "same event", s.refund("m", "O", "R", 10000), ledger.Duplicate)
	s.now = s.now.Add(1)
	again := s.cause("another event", "shop.order.refunded.v1")
	equal(t, "same return id", s.credit(&pointspb.CreditEvent{
		Account: "member:m", Cause: again, Version: "1",
		Refund: &pointspb.RefundFacts{Order: "O", Refund: "R", Lines: []*pointspb.RefundLine{{Id: "1", Net: 10000}}},
	}), ledger.Duplicate)
	equal(t, "entries", len(s.entries), before)
	equal(t, "left", s.balance("m").Available, int64(40))
}

// tierShop has a member with a metric of ¥4,900; points are 1 for ¥1.
func tierShop(t *testing.T) *shop {
	s := open(t, "2026-03-01 10:00:00")
	s.order("m", "O0", line{net: 490000, per: 1 << 40})
	s.at("2026-03-02 10:00:00").order("m", "O1", line{net: 30000, per: 100})
	equal(t, "O1", s.moved(pointspb.Kind_GRANTED, pointspb.Account_AVAILABLE), int64(300))
	s.at("2026-03-03 10:00:00").order("m", "O2", line{net: 30000, per: 100})
	equal(t, "O2", s.moved(pointspb.Kind_GRANTED, pointspb.Account_AVAILABLE), int64(450))
	return s
}

func metric(s *shop) int64 { return s.world.Member("m").Years[0].Spend }

func vectorT1(t *testing.T) {
	s := tierShop(t)
	equal(t, "metric", metric(s), int64(550000))
	equal(t, "tier", s.tier("m"), "silver")
}

func vectorT2(t *testing.T) {
	s := tierShop(t)
	s.at("2026-03-04 10:00:00").refund("m", "O1", "R1", 30000)
	equal(t, "O1 back", s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS), int64(300))
	equal(t, "metric", metric(s), int64(520000))
	s.at("2026-03-06 00:00:00").advance("m")
	equal(t, "tier", s.tier("m"), "silver")
}

func vectorT3(t *testing.T) {
	s := tierShop(t)
	s.at("2026-03-04 10:00:00").refund("m", "O1", "R1", 30000)
	s.at("2026-03-05 10:00:00").refund("m", "O2", "R2", 30000)
	equal(t, "O2 back", s.moved(pointspb.Kind_REVERSED, pointspb.Account_REVERSED_POINTS), int64(450))
	equal(t, "metric", metric(s), int64(490000))
	equal(t, "before the evaluation", s.tier("m"), "silver")
	s.at("2026-03-05 23:59:59.999").advance("m")
	equal(t, "last instant", s.tier("m"), "silver")
	s.at("2026-03-06 00:00:00").advance("m")
	equal(t, "after it", s.tier("m"), "normal")
}

func vectorT4(t *testing.T) {
	s := tierShop(t)
	equal(t, "spends all", s.spend("m", "r", s.balance("m").Available), ledger.Applied)
	s.at("2026-12-31 23:00:00").advance("m")
	equal(t, "tier", s.tier("m"), "silver")
	equal(t, "metric", metric(s), int64(550000))
	s.at("2027-12-31 23:00:00").advance("m")
	equal(t, "to the end of next year", s.tier("m"), "silver")
	s.at("2028-01-01 00:00:00").advance("m")
	equal(t, "after it", s.tier("m"), "normal")
}

func vectorK6(t *testing.T) {
	s := open(t, "2026-03-01 10:00:00")
	ev := &pointspb.CreditEvent{
		Account: "member:m", Cause: s.cause("e", "shop.activity.v1"), Version: "1",
		Candidates: []*pointspb.Candidate{{Rule: "gift", Mode: "fixed", Points: 10}},
	}
	equal(t, "first", s.credit(ev), ledger.Applied)
	s.now = s.now.AddDate(0, 0, 40)
	equal(t, "after 40 days", s.credit(ev), ledger.Duplicate)
	equal(t, "balance", s.balance("m").Available, int64(10))
}
