package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// wait gives the rule of lines of that step a window; a lot's validity is the book's unless the test says otherwise.
func (s *shop) wait(per int64, p topics.Pending, v *topics.Validity) *shop {
	s.book.Rules = append(s.book.Rules, topics.Rule{ID: fmt.Sprintf("per-%d", per), Pending: p, Validity: v})
	return s
}

func (s *shop) completed(member, order, id string) *pointspb.CreditEvent {
	return &pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Cause: s.cause("completed:"+id, topics.TypeOrderCompleted), Version: s.book.Version, Completed: order,
	}
}

func (s *shop) complete(member, order, id string) ledger.Outcome {
	s.t.Helper()
	return s.credit(s.completed(member, order, id))
}

// week opens a shop in which both rules of vector E1 have a window of 7 days, and places its order on 06-01 at 10:00.
func week(t *testing.T) *shop {
	s := open(t, "2026-05-26 11:00:00")
	seven := topics.Pending{Days: 7}
	s.wait(1000, seven, nil).wait(500, seven, nil)
	s.order("m", "past", line{net: 600000, per: 1 << 40})
	s.at("2026-06-01 10:00:00").order("m", "O", line{net: 29900, per: 1000}, line{net: 45500, per: 500})
	return s
}

func vectorP1(t *testing.T) {
	s := week(t)
	equal(t, "at once", s.balance("m"), ledger.Balance{Pending: 179})
	s.at("2026-06-08 09:59:59.999")
	equal(t, "last instant", s.balance("m"), ledger.Balance{Pending: 179})
	equal(t, "spend", s.spend("m", "r", 1), ledger.Insufficient)
	equal(t, "lots that would pay", len(s.world.Member("m").Plan(179, s.now.UnixMilli())), 0)
	s.at("2026-06-08 10:00:00")
	equal(t, "in time", s.balance("m"), ledger.Balance{Available: 179})
	// However late the clock's work is done, it is dated at the instant from which the points count (§2).
	late := week(t)
	late.at("2026-06-20 00:00:00")
	equal(t, "late", late.spend("m", "r", 179), ledger.Applied)
	for _, e := range late.last.Entries[:2] {
		equal(t, "kind", e.Kind, pointspb.Kind_ACTIVATED)
		equal(t, "dated", e.EffectiveAt, late.time("2026-06-08 10:00:00").UnixMilli())
	}
}

func vectorP2(t *testing.T) {
	s := week(t)
	s.gift("m", "g", 10)
	s.at("2026-06-05 10:00:00").refund("m", "O", "R", 0, 45500)
	equal(t, "void", s.moved(pointspb.Kind_REVERSED, pointspb.Account_PENDING), int64(-136))
	equal(t, "after the return", s.balance("m"), ledger.Balance{Available: 10, Pending: 43})
	equal(t, "activated", s.at("2026-06-08 10:00:00").balance("m"), ledger.Balance{Available: 53})
}

func vectorP3(t *testing.T) {
	s := open(t, "2026-05-26 11:00:00")
	s.wait(1000, topics.Pending{}, nil).wait(500, topics.Pending{}, nil)
	e1(s)
	equal(t, "at once", s.balance("m"), ledger.Balance{Available: 179})
	equal(t, "activated", s.moved(pointspb.Kind_ACTIVATED, pointspb.Account_AVAILABLE), int64(0))
}

// completion opens a shop whose basic goods wait for the completion of their order, and places one of 43 + 136 points.
func completion(t *testing.T) *shop {
	s := open(t, "2026-05-26 11:00:00")
	s.wait(1000, topics.Pending{Completed: true}, nil)
	e1(s)
	return s
}

func TestCompletionActivatesWhatWaitsForIt(t *testing.T) {
	s := completion(t)
	equal(t, "at once", s.balance("m"), ledger.Balance{Available: 136, Pending: 43})
	equal(t, "no time alone does it", s.at("2027-05-26 11:00:00").balance("m"), ledger.Balance{Available: 136, Pending: 43})
	equal(t, "of another order", s.complete("m", "P", "0"), ledger.Waiting)
	equal(t, "of another member", s.complete("n", "O", "0"), ledger.Waiting)
	equal(t, "nothing yet", s.balance("m").Pending, int64(43))
	equal(t, "completed", s.complete("m", "O", "1"), ledger.Applied)
	equal(t, "active", s.balance("m"), ledger.Balance{Available: 136 + 43})
	before := len(s.entries)
	equal(t, "same event", s.complete("m", "O", "1"), ledger.Duplicate)
	equal(t, "same order", s.complete("m", "O", "2"), ledger.Duplicate)
	equal(t, "entries", len(s.entries), before)
	l := s.world.Member("m").Lots[1]
	equal(t, "active from", l.ActiveAt, s.now.UnixMilli())
	equal(t, "valid from then on", l.ExpiresAt, s.time("2028-05-27 00:00:00").UnixMilli())
}

func TestCompletionBeforeItsOrderWaitsForIt(t *testing.T) {
	s := open(t, "2026-05-26 10:00:00")
	s.wait(1000, topics.Pending{Completed: true}, nil)
	equal(t, "completed", s.complete("m", "O", "1"), ledger.Waiting)
	equal(t, "again", s.complete("m", "O", "2"), ledger.Duplicate)
	paid := s.at("2026-05-25 10:00:00").event("m", "O", line{net: 29900, per: 1000}, line{net: 10000, per: 1000})
	s.at("2026-05-26 09:00:00").refund("m", "O", "R", 10000)
	equal(t, "paid", s.at("2026-05-26 11:00:00").credit(paid), ledger.Applied)
	equal(t, "active", s.balance("m"), ledger.Balance{Available: 29})
	equal(t, "since the completion", s.world.Member("m").Lots[0].ActiveAt, s.time("2026-05-26 10:00:00").UnixMilli())
	equal(t, "void", s.moved(pointspb.Kind_REVERSED, pointspb.Account_AVAILABLE), int64(0))
}

// TestNothingIsActiveBeforeItWasEarned, though the completion be dated before the order.
func TestNothingIsActiveBeforeItWasEarned(t *testing.T) {
	for _, first := range []string{"order", "completion"} {
		s := open(t, "2026-05-26 10:00:00").wait(1000, topics.Pending{Completed: true}, nil)
		paid := s.event("m", "O", line{net: 29900, per: 1000})
		earned := s.now.UnixMilli()
		complete := func() {
			s.ahead = -time.Hour
			s.complete("m", "O", "1")
			s.ahead = 0
		}
		if first == "completion" {
			complete()
			s.credit(paid)
		} else {
			s.credit(paid)
			complete()
			equal(t, "dated", s.last.Entries[0].EffectiveAt, earned)
		}
		equal(t, first+" first", s.balance("m"), ledger.Balance{Available: 29})
		equal(t, "active from", s.world.Member("m").Lots[0].ActiveAt, earned)
	}
}

func TestValidityMayCountFromEarning(t *testing.T) {
	for _, c := range []struct {
		earning bool
		expires string
	}{{false, "2027-06-09 00:00:00"}, {true, "2027-06-02 00:00:00"}} {
		s := open(t, "2026-06-01 10:00:00")
		s.wait(1000, topics.Pending{Days: 7}, &topics.Validity{Years: 1, Rounding: topics.RoundDay, FromEarning: c.earning})
		s.wait(500, topics.Pending{Completed: true}, &topics.Validity{Years: 1, Rounding: topics.RoundDay, FromEarning: c.earning})
		s.order("m", "O", line{net: 1000, per: 1000}, line{net: 500, per: 500})
		s.at("2026-06-08 10:00:00").complete("m", "O", "1")
		for _, l := range s.world.Member("m").Lots {
			equal(t, "expires", l.ExpiresAt, s.time(c.expires).UnixMilli())
		}
	}
}

// TestPointsExpireAlsoWhilePending: their validity counts from earning, and nobody completed the order.
func TestPointsExpireAlsoWhilePending(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00")
	s.wait(1000, topics.Pending{Completed: true}, &topics.Validity{Days: 10, FromEarning: true})
	s.order("m", "O", line{net: 29900, per: 1000})
	equal(t, "last instant", s.at("2026-06-11 23:59:59.999").balance("m"), ledger.Balance{Pending: 29})
	equal(t, "expired", s.at("2026-06-12 00:00:00").balance("m"), ledger.Balance{})
	equal(t, "from pending", s.moved(pointspb.Kind_EXPIRED, pointspb.Account_PENDING), int64(-29))
	equal(t, "too late", s.complete("m", "O", "1"), ledger.Applied)
	equal(t, "nothing left", s.balance("m"), ledger.Balance{})
	s.refund("m", "O", "R", 29900)
	equal(t, "absorbed", s.balance("m"), ledger.Balance{})
}

func TestActivationRepaysDebtFirst(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00")
	s.wait(1000, topics.Pending{Days: 7}, nil)
	s.order("m", "debt", line{net: 10000, per: 100})
	s.spend("m", "r", 100)
	s.order("m", "O", line{net: 130000, per: 1000})
	s.refund("m", "debt", "R", 10000)
	equal(t, "pending pays nothing", s.balance("m"), ledger.Balance{Debt: 100, Pending: 130})
	equal(t, "repaid", s.at("2026-06-08 10:00:00").balance("m"), ledger.Balance{Available: 30})
}

// TestDebtIsRepaidByPointsOfAnEventAheadOfTheClock: by the time they are spendable nothing else would look at the debt.
func TestDebtIsRepaidByPointsOfAnEventAheadOfTheClock(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00")
	s.order("m", "debt", line{net: 10000, per: 100})
	s.spend("m", "r", 100)
	s.refund("m", "debt", "R", 10000)
	ahead := s.at("2026-06-01 10:04:00").event("m", "O", line{net: 130000, per: 1000})
	s.at("2026-06-01 10:00:00").credit(ahead)
	equal(t, "not yet", s.balance("m"), ledger.Balance{Pending: 30})
	equal(t, "then", s.at("2026-06-01 10:04:00").balance("m"), ledger.Balance{Available: 30})

	// The other way round: the debt comes while those points are ahead of the clock.
	s = open(t, "2026-06-01 10:00:00")
	s.order("m", "debt", line{net: 10000, per: 100})
	s.spend("m", "r", 100)
	ahead = s.at("2026-06-01 10:04:00").event("m", "O", line{net: 130000, per: 1000})
	s.at("2026-06-01 10:00:00").credit(ahead)
	s.refund("m", "debt", "R", 10000)
	equal(t, "taken from them", s.balance("m"), ledger.Balance{Pending: 30})
	equal(t, "then", s.at("2026-06-01 10:04:00").balance("m"), ledger.Balance{Available: 30})
}

// TestOrderCountsInTheMetricOnceItsWindowsEnd is §3's default; the option counts it at once.
func TestOrderCountsInTheMetricOnceItsWindowsEnd(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00")
	s.wait(1000, topics.Pending{Days: 7}, nil).wait(500, topics.Pending{Completed: true}, nil)
	s.order("m", "O", line{net: 300000, per: 1000}, line{net: 250000, per: 500})
	equal(t, "at once", s.tier("m"), "normal")
	s.at("2026-06-03 10:00:00").order("m", "P", line{net: 1000, per: 100})
	equal(t, "another at the tier before", s.moved(pointspb.Kind_GRANTED, pointspb.Account_AVAILABLE), int64(10))
	s.complete("m", "O", "1")
	equal(t, "a lot still pending", s.tier("m"), "normal")
	s.at("2026-06-09 10:00:00").advance("m")
	equal(t, "none pending", s.tier("m"), "silver")
	equal(t, "since", s.world.Member("m").Tiers[0].From, s.time("2026-06-08 10:00:00").UnixMilli())
	s.refund("m", "O", "R", 300000, 250000)
	equal(t, "metric after the return", metric(s), int64(1000))

	s = open(t, "2026-06-01 10:00:00").wait(1000, topics.Pending{Days: 7}, nil)
	s.book.Tiers.CountPending = true
	s.order("m", "O", line{net: 550000, per: 1000})
	equal(t, "the option", s.tier("m"), "silver")
	equal(t, "still pending", s.balance("m"), ledger.Balance{Pending: 550})
}

// TestWhatIsKeptCountsWhenTheWindowsEnd, though nothing that is kept has pending points any more.
func TestWhatIsKeptCountsWhenTheWindowsEnd(t *testing.T) {
	for _, p := range []topics.Pending{{Days: 7}, {Completed: true}} {
		s := open(t, "2026-06-01 10:00:00").wait(1000, p, nil)
		s.order("m", "O", line{net: 300000, per: 1000}, line{net: 550000, per: 500})
		s.at("2026-06-02 10:00:00").refund("m", "O", "a", 300000)
		equal(t, "returned", s.balance("m"), ledger.Balance{Available: 1100})
		s.at("2026-06-08 09:59:59.999").advance("m")
		equal(t, "last instant", s.tier("m"), "normal")
		s.at("2026-06-08 10:00:00").complete("m", "O", "1")
		equal(t, "then", s.tier("m"), "silver")
		equal(t, "since", s.world.Member("m").Tiers[0].From, s.now.UnixMilli())
		s.at("2026-07-01 10:00:00").order("m", "P", line{net: 1000, per: 100})
		equal(t, "metric", metric(s), int64(551000))
	}
}

// TestReturnOfBeforeTheClockTakesTheRiseBack: an order's window ended before its return was told, as in history.
func TestReturnOfBeforeTheClockTakesTheRiseBack(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").wait(1000, topics.Pending{Days: 7}, nil)
	paid := s.event("m", "O", line{net: 550000, per: 1000})
	small := s.at("2026-06-03 10:00:00").event("m", "P", line{net: 1000, per: 100})
	s.at("2026-06-20 10:00:00").credit(paid)
	equal(t, "risen", s.world.Member("m").TierAt(s.time("2026-06-08 10:00:00").UnixMilli()), "silver")
	s.credit(small)
	equal(t, "not before", s.world.Member("m").TierAt(s.time("2026-06-08 09:59:59.999").UnixMilli()), "")
	s.ahead = -16 * 24 * time.Hour
	s.refund("m", "O", "R", 100000)
	equal(t, "taken back", s.tier("m"), "normal")
	equal(t, "nothing to evaluate", s.world.Member("m").EvaluateAt, int64(0))
}

// TestReturnOfBeforeTheActivationVoidsWhatWasPendingThen: under only_pending the return's own time says what was pending,
// however late it is decided (§3, decision 0015).
func TestReturnOfBeforeTheActivationVoidsWhatWasPendingThen(t *testing.T) {
	s := week(t)
	s.book.Clawback = topics.ClawbackOnlyPending
	before := s.at("2026-06-05 10:00:00").refunded("m", "O", "R", 0, 45500)
	after := s.at("2026-06-08 10:00:00").refunded("m", "O", "R2", 29900)
	s.at("2026-06-20 00:00:00").credit(before)
	equal(t, "void", s.moved(pointspb.Kind_REVERSED, pointspb.Account_AVAILABLE), int64(-136))
	s.credit(after)
	equal(t, "not pending anymore", s.balance("m"), ledger.Balance{Available: 43})
}

// TestFullReturnOfBeforeTheClockTakesTheRiseBack: nothing of the order is left that would tell from when on it counted.
func TestFullReturnOfBeforeTheClockTakesTheRiseBack(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").wait(1000, topics.Pending{Days: 7}, nil)
	paid := s.event("m", "O", line{net: 550000, per: 1000})
	s.at("2026-06-20 10:00:00").credit(paid)
	equal(t, "risen", s.tier("m"), "silver")
	s.ahead = -16 * 24 * time.Hour
	s.refund("m", "O", "R", 550000)
	equal(t, "taken back", s.tier("m"), "normal")
}

// TestFallBeforeAWindowEndsLeavesItsRise: two orders rise, the first one is returned before the second one counts. All of it
// is history, so the second rise was none when it was booked.
func TestFallBeforeAWindowEndsLeavesItsRise(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").wait(1000, topics.Pending{Days: 7}, nil)
	second := s.event("m", "P", line{net: 550000, per: 1000})
	first := s.at("2026-06-02 10:00:00").event("m", "O", line{net: 550000, per: 100})
	back := s.at("2026-06-03 10:00:00").refunded("m", "O", "R", 550000)
	s.at("2026-06-20 10:00:00")
	for _, ev := range []*pointspb.CreditEvent{second, first, back} {
		s.credit(ev)
	}
	s.advance("m")
	for at, want := range map[string]string{
		"2026-06-02 10:00:00": "silver", "2026-06-04 00:00:00": "normal", "2026-06-08 09:59:59.999": "normal", "2026-06-08 10:00:00": "silver",
	} {
		equal(t, at, s.world.Member("m").TierAt(s.time(at).UnixMilli()), want)
	}
}

func TestAPendingOrderIsTheFirstOrder(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").wait(1000, topics.Pending{Days: 7}, nil)
	first := func(order string) int64 {
		ev := s.event("m", order, line{net: 1000, per: 1000})
		ev.Candidates[0].FirstOrder = true
		s.credit(ev)
		return s.moved(pointspb.Kind_GRANTED, pointspb.Account_PENDING)
	}
	equal(t, "first", first("O"), int64(1))
	equal(t, "second", first("P"), int64(0))
	s.refund("m", "O", "R", 1000)
	s.refund("m", "P", "S", 1000)
	equal(t, "the first after all were returned", first("Q"), int64(1))
}

// TestOrderAndItsFullReturnLeaveNothingOfAPendingOrder is the law of §4 where nothing was active yet.
func TestOrderAndItsFullReturnLeaveNothingOfAPendingOrder(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").wait(1000, topics.Pending{Days: 7}, nil).wait(500, topics.Pending{Completed: true}, nil)
	s.gift("m", "g", 10)
	before := s.world.Member("m").Clone()
	s.order("m", "O", line{net: 300000, per: 1000}, line{net: 300000, per: 500}, line{net: 700, per: 100})
	s.refund("m", "O", "R", 300000, 300000, 700)
	s.at("2026-06-02 00:00:00").advance("m")
	after := s.world.Member("m").Clone()
	after.NextLot, after.Sweep = before.NextLot, before.Sweep // numbers are not used again, and the order's key is kept
	if d := cmp.Diff(after, before, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("account (-got +want):\n%s", d)
	}
}

// TestSweepKeepsOrdersThatWaitForTheirCompletion: their lots could not be found any more.
func TestSweepKeepsOrdersThatWaitForTheirCompletion(t *testing.T) {
	s := completion(t)
	s.now = s.now.Add(ledger.Horizon + 24*time.Hour)
	s.advance("m")
	s.keep(ledger.Sweep(s.world, "m", s.moment()), nil)
	equal(t, "without points that wait", s.world.Order("m\x1f/shops/t\x1fpast") == nil, true)
	equal(t, "completed", s.complete("m", "O", "1"), ledger.Applied)
	equal(t, "active", s.balance("m"), ledger.Balance{Available: 43})
	s.now = s.now.Add(ledger.Horizon + 24*time.Hour)
	s.keep(ledger.Sweep(s.world, "m", s.moment()), nil)
	equal(t, "in the end", s.world.Order("m\x1f/shops/t\x1fO") == nil, true)

	// One whose points have expired meanwhile counts in the metric all the same.
	s = open(t, "2026-05-26 11:00:00").wait(1000, topics.Pending{Completed: true}, &topics.Validity{Days: 10, FromEarning: true})
	s.order("m", "O", line{net: 600000, per: 1000})
	s.now = s.now.Add(ledger.Horizon + 24*time.Hour)
	s.advance("m")
	s.keep(ledger.Sweep(s.world, "m", s.moment()), nil)
	s.complete("m", "O", "1")
	equal(t, "tier", s.tier("m"), "silver")
}
