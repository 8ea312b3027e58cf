package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// shanghai is the program's zone of the vectors.
func shanghai(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// book is the program of the vectors: ¥10 → 1 basic, ¥5 → 1 new, silver 1.5 from ¥5,000.
func book(t testing.TB) *topics.Rulebook {
	return &topics.Rulebook{
		Name: "vectors", Version: "1", From: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Zone: shanghai(t), Currency: "CNY",
		Validity: topics.Validity{Years: 1, Rounding: topics.RoundDay}, Clawback: topics.ClawbackDebt,
		Tiers: topics.Tiers{Metric: "spend", Window: "calendar_year", Keep: "end_of_next_year", Downgrade: "best", Levels: []topics.Level{
			{ID: "normal", Multiplier: topics.Ratio{Num: 1, Den: 1}},
			{ID: "silver", From: 500000, Multiplier: topics.Ratio{Num: 3, Den: 2}},
			{ID: "gold", From: 2000000, Multiplier: topics.Ratio{Num: 2, Den: 1}},
		}},
		MaxMultiplier: topics.Ratio{Num: 10, Den: 1}, PointCost: topics.Ratio{Num: 1, Den: 1},
	}
}

// shop drives one world through operations and keeps what the ledger would hold.
type shop struct {
	t       testing.TB
	book    *topics.Rulebook
	books   topics.Books // all versions; nil: book alone
	world   *ledger.World
	now     time.Time
	ahead   time.Duration // by which events are ahead of the clock
	merging bool          // members turn out to be others
	member  string        // whose the last operation was
	entries []*pointspb.Entry
	last    *ledger.Decision
	grace   *int64                           // nil: 7 days
	double  string                           // the campaign that doubles what is earned; empty: none
	queue   []*pointspb.Request              // of budgets, not decided yet
	more    []*topics.Rulebook               // published beside the book
	orders  map[string]*pointspb.CreditEvent // of paid orders, by key, where it is made
}

func open(t testing.TB, now string) *shop {
	s := &shop{t: t, book: book(t), world: ledger.NewWorld()}
	s.at(now)
	return s
}

func (s *shop) time(text string) time.Time {
	s.t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05.999", text, s.book.Zone)
	if err != nil {
		s.t.Fatal(err)
	}
	return at
}

func (s *shop) at(text string) *shop { s.now = s.time(text); return s }

func (s *shop) moment() ledger.Moment {
	grace := (7 * 24 * time.Hour).Milliseconds()
	if s.grace != nil {
		grace = *s.grace
	}
	books := s.books
	if books == nil {
		books = topics.NewBooks(append(s.more, s.book)...)
	}
	return ledger.Moment{Now: s.now.UnixMilli(), Books: books, Policy: ledger.Policy{FourEyesAbove: 100, RestoreGrace: grace, ReturnDays: 15}}
}

func (s *shop) keep(d *ledger.Decision, err error) ledger.Outcome {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range d.Entries {
		if err := errors.Join(ledger.CheckEntry(e), ledger.Recompute(e)); err != nil {
			s.t.Fatal(err)
		}
	}
	s.entries, s.last = append(s.entries, d.Entries...), d
	for _, r := range d.Requests {
		if r.GetTake() != nil || r.GetAward() != nil || r.GetGive() != nil || r.GetSight() != nil || r.GetSuspect() != nil {
			s.queue = append(s.queue, r)
		}
	}
	return d.Outcome
}

func (s *shop) cause(id, kind string) *pointspb.Cause {
	return &pointspb.Cause{Source: "/shops/t", Id: id, Type: kind, OccurredAt: s.now.Add(s.ahead).UnixMilli()}
}

// line is a line of an order under a rule: per minor units earn one point.
type line struct {
	net, per int64
	mode     topics.Mode
}

func (s *shop) event(member, order string, lines ...line) *pointspb.CreditEvent {
	ev := &pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Cause: s.cause("paid:"+order, topics.TypeOrderPaid), Version: s.book.Version,
		Order: &pointspb.OrderFacts{Order: order, Currency: "CNY"},
	}
	rules := map[int64]*pointspb.Candidate{}
	for i, l := range lines {
		ev.Order.Lines = append(ev.Order.Lines, &pointspb.OrderLine{Id: fmt.Sprint(i + 1), Net: l.net, Eligible: l.net})
		c := rules[l.per]
		if c == nil {
			c = &pointspb.Candidate{Rule: fmt.Sprintf("per-%d", l.per), Mode: string(l.mode), Points: 1, Per: l.per, TierMultiplier: true}
			if c.Mode == "" {
				c.Mode = string(topics.ModeStep)
			}
			rules[l.per], ev.Candidates = c, append(ev.Candidates, c)
		}
		c.Eligible += l.net
		c.Lines = append(c.Lines, uint32(i))
	}
	return ev
}

func (s *shop) credit(ev *pointspb.CreditEvent) ledger.Outcome {
	s.t.Helper()
	s.member, _ = topics.MemberOf(ev.Account)
	s.doubled(ev)
	outcome := s.keep(ledger.Credit(s.world, ev, s.moment()))
	if s.orders != nil && ev.Order != nil && outcome == ledger.Applied {
		s.orders[topics.OrderKey(s.member, ev.Cause.Source, ev.Order.Order)] = ev
	}
	return outcome
}

func (s *shop) order(member, order string, lines ...line) ledger.Outcome {
	s.t.Helper()
	return s.credit(s.event(member, order, lines...))
}

func (s *shop) refund(member, order, id string, nets ...int64) ledger.Outcome {
	s.t.Helper()
	return s.credit(s.refunded(member, order, id, nets...))
}

func (s *shop) refunded(member, order, id string, nets ...int64) *pointspb.CreditEvent {
	ev := &pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Cause: s.cause("refunded:"+id, topics.TypeOrderRefunded), Version: s.book.Version,
		Refund: &pointspb.RefundFacts{Order: order, Refund: id},
	}
	for i, n := range nets {
		if n > 0 {
			ev.Refund.Lines = append(ev.Refund.Lines, &pointspb.RefundLine{Id: fmt.Sprint(i + 1), Net: n})
		}
	}
	return ev
}

// gift credits points at once, as a fixed rule does.
func (s *shop) gift(member, id string, points int64) ledger.Outcome {
	s.t.Helper()
	return s.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Cause: s.cause(id, topics.TypeActivity), Version: s.book.Version,
		Candidates: []*pointspb.Candidate{{Rule: "gift", Mode: string(topics.ModeFixed), Points: points}},
	})
}

// spend redeems so many units of 1 point each that are shipped.
func (s *shop) spend(member, id string, points int64) ledger.Outcome {
	s.t.Helper()
	units := max(points, 1)
	s.member = member
	return s.keep(ledger.Handle(s.world, &pointspb.Request{
		Account: topics.MemberAccount(member), Id: id,
		What: &pointspb.Request_Debit{Debit: &pointspb.DebitRequest{
			Redemption: id, Item: "cup", Quantity: units, BodyHash: []byte(id), Prices: &pointspb.PriceList{Version: 1, Base: min(points, 1)},
			Parts: sent("cup", units),
		}},
	}, s.moment()))
}

func (s *shop) advance(member string) {
	s.t.Helper()
	s.member = member
	s.keep(ledger.Advance(s.world, member, s.moment()), nil)
}

func (s *shop) balance(member string) ledger.Balance {
	s.t.Helper()
	s.advance(member)
	return s.world.Member(member).Balance(s.now.UnixMilli())
}

func (s *shop) tier(member string) string {
	return s.world.Member(member).Tier(s.book, s.now.UnixMilli())
}

// moved sums what the last decision's entries of a kind moved, over a posting account.
func (s *shop) moved(kind pointspb.Kind, account pointspb.Account) int64 {
	var n int64
	for _, e := range s.last.Entries {
		for _, p := range e.Postings {
			if e.Kind == kind && p.Account == account {
				n += p.Points
			}
		}
	}
	return n
}

func topicsMode(m string) topics.Mode { return topics.Mode(m) }
