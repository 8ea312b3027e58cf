package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// vectorK1 delivers every event three times, shuffled across members: the ledger is the same but for seq, recorded_at and hashes.
func vectorK1(t *testing.T) {
	once, thrice := open(t, "2026-03-01 10:00:00"), open(t, "2026-03-01 10:00:00")
	members := map[string][]*pointspb.CreditEvent{}
	for i := range 200 {
		m := fmt.Sprintf("m%d", i%7)
		once.now = once.now.Add(time.Hour)
		members[m] = append(members[m], once.event(m, fmt.Sprintf("O%d", i), line{net: int64(1000 * (i%90 + 1)), per: 1000}))
	}
	for _, events := range members {
		for _, ev := range events {
			once.credit(ev)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	thrice.now = once.now
	var feed [][]*pointspb.CreditEvent
	for _, events := range members {
		feed = append(feed, events)
	}
	for len(feed) > 0 {
		n := r.IntN(len(feed))
		for range 3 {
			thrice.credit(feed[n][0])
		}
		if feed[n] = feed[n][1:]; len(feed[n]) == 0 {
			feed = append(feed[:n], feed[n+1:]...)
		}
	}
	equal(t, "entries", byMember(thrice.entries), byMember(once.entries))
	same(t, thrice.world, once.world)
}

func byMember(entries []*pointspb.Entry) map[string][]string {
	out := map[string][]string{}
	for _, e := range entries {
		out[e.Account] = append(out[e.Account], fmt.Sprintf("%x %s %v", e.Id, e.Kind, e.Postings))
	}
	return out
}

// states are all that a world holds.
type states struct {
	Members     map[string]*ledger.Account
	Orders      map[string]*ledger.Order
	Seen        map[ledger.SeenKey]*ledger.Bucket
	Redemptions map[string]*ledger.Redemption
	Items       map[string]*ledger.Item
	Budgets     map[string]*ledger.Budget
	Identities  map[string]*ledger.Identity
}

func statesOf(w *ledger.World) states {
	s := states{map[string]*ledger.Account{}, w.Orders(), w.Seen(), w.Redemptions, w.Items, w.Budgets, w.Identities}
	for id, m := range w.Members {
		s.Members[id] = &m.Account
	}
	return s
}

// same compares worlds field by field; recorded times aside, which say when and not what.
func same(t interface{ Errorf(string, ...any) }, got, want *ledger.World) {
	opts := cmp.Options{
		cmpopts.EquateEmpty(),
		// A look at a member nobody knows makes an empty account.
		cmpopts.IgnoreMapEntries(func(_ string, a *ledger.Account) bool {
			return a.NextLot == 0 && len(a.Years) == 0 && len(a.Tiers) == 0 && len(a.Acts) == 0 && len(a.Watched) == 0 && a.Erased == 0 && a.MergedInto == ""
		}),
		cmpopts.IgnoreFields(ledger.Order{}, "Written"), cmpopts.IgnoreFields(ledger.Account{}, "Sweep"),
		cmp.Transformer("set", func(b *ledger.Bucket) map[topics.Mark]bool {
			set := map[topics.Mark]bool{}
			for _, m := range b.Marks() {
				set[m] = true
			}
			return set
		}),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == "._" }, cmp.Ignore()),
	}
	if d := cmp.Diff(statesOf(got), statesOf(want), opts); d != "" {
		t.Errorf("worlds differ (-got +want):\n%s", d)
	}
}

// TestEveryInvariantHoldsAfterEveryOperation runs random histories: after each operation the accounts are sound, and at the
// end the entries folded into an empty world give the same world (I1, I2, I3, I4, I6, I10).
func TestEveryInvariantHoldsAfterEveryOperation(t *testing.T) {
	length := 200
	if n, err := strconv.Atoi(os.Getenv("JIFEN_PROPERTY_LENGTH")); err == nil {
		length = n
	}
	rapid.Check(t, func(r *rapid.T) {
		s := open(t, "2024-01-01 00:00:00").windows(r).tierWindow(r).budgets(r).watchful(r).offering(r)
		s.merging = rapid.Bool().Draw(r, "members merge")
		if rapid.Bool().Draw(r, "packed") {
			s.world.Packing = &ledger.Packing{}
		}
		for range rapid.IntRange(1, length).Draw(r, "operations") {
			operate(r, s)
			s.route()
			sound(r, s)
			pendingIsApart(r, s)
			metricIsOfOrders(r, s)
			frozenIsApart(r, s)
			rebatesHold(r, s)
			s.deliverSome(r)
		}
		s.deliver()
		sound(r, s)
		budgetsHold(r, s)
		replayed := ledger.NewWorld()
		for _, e := range s.entries {
			ledger.Fold(replayed, e)
		}
		same(r, replayed, s.world)
		conserved(r, s)
		capsHold(r, s)
		abuseHolds(r, s)
	})
}

// operate draws and does one operation. Some events are ahead of the clock, by as much as they may be.
func operate(r *rapid.T, s *shop) {
	s.now = s.now.Add(time.Duration(rapid.IntRange(0, 40*24*60).Draw(r, "minutes")) * time.Minute)
	m := fmt.Sprintf("m%d", rapid.IntRange(0, 2).Draw(r, "member"))
	id := fmt.Sprint(rapid.IntRange(0, 12).Draw(r, "id"))
	s.ahead = time.Duration(max(0, rapid.IntRange(-300, 300).Draw(r, "seconds ahead"))) * time.Second
	switch rapid.IntRange(0, 11).Draw(r, "operation") {
	case 0, 1, 2:
		mode := rapid.SampledFrom([]string{"step", "proportional"}).Draw(r, "mode")
		l := func(name string) line {
			per := rapid.SampledFrom([]int64{1, 100, 500, 2, 3, 5, 11}).Draw(r, "per")
			return line{rapid.Int64Range(0, 400000).Draw(r, name), per, topicsMode(mode)}
		}
		s.order(m, id, l("a"), l("b"), l("c"))
	case 6:
		s.complete(m, id, fmt.Sprint(m, id, rapid.IntRange(0, 1).Draw(r, "event")))
	case 7:
		n := func(name string) int64 { // a part, all of the line, or nothing
			return rapid.OneOf(rapid.Int64Range(0, 300000), rapid.Just(int64(400000)), rapid.Just(int64(0))).Draw(r, name)
		}
		s.refund(m, id, fmt.Sprint(id, "-", rapid.IntRange(0, 4).Draw(r, "return")), n("x"), n("y"), n("z"))
	case 3:
		s.gift(m, "g"+id, rapid.Int64Range(1, 500).Draw(r, "points"))
	case 4:
		s.drawPurchase(r, m, id)
	case 5:
		s.advance(m)
		switch from := rapid.IntRange(0, 60).Draw(r, "merged from, or erased"); {
		case !s.merging:
		case from < 3:
			s.merge(m, fmt.Sprintf("m%d", from))
		case from == 60:
			s.erase(m)
		}
	case 8, 9:
		s.drawAct(r, m)
	case 10:
		s.drawReturn(r, m)
	case 11:
		s.drawSuspicious(r, m, id)
	}
}

// sound checks every state.
func sound(r *rapid.T, s *shop) {
	for m, a := range s.world.Members {
		if err := a.Check(s.now.UnixMilli()); err != nil {
			r.Fatalf("member %s: %v", m, err)
		}
	}
	for id, x := range s.world.Redemptions {
		if n := x.Returned(); n > x.Points {
			r.Fatalf("redemption %s paid %d and gave %d back", id, x.Points, n)
		}
	}
	for id, b := range s.world.Budgets {
		if err := b.Check(); err != nil {
			r.Fatalf("campaign %s: %v", id, err)
		}
	}
	for id, x := range s.world.Identities {
		if err := x.Check(); err != nil {
			r.Fatalf("identity %s: %v", id, err)
		}
	}
	for k, o := range s.world.Orders() {
		if err := o.Check(); err != nil {
			r.Fatalf("order %q: %v", k, err)
		}
	}
}

// conserved checks that what was granted is spent, repaid, expired, reversed, adjusted, frozen or left (I10), and that the books balance (I1).
func conserved(r *rapid.T, s *shop) {
	sums := map[pointspb.Account]int64{}
	for _, e := range s.entries {
		for _, p := range e.Postings {
			sums[p.Account] += p.Points
		}
	}
	var left ledger.Balance
	for _, a := range s.world.Members {
		b := a.Booked()
		left.Available += b.Available
		left.Pending += b.Pending
		left.Frozen += b.Frozen
		left.Debt += b.Debt
	}
	if sums[pointspb.Account_AVAILABLE] != left.Available || sums[pointspb.Account_FROZEN_POINTS] != left.Frozen || sums[pointspb.Account_PENDING] != left.Pending || -sums[pointspb.Account_DEBT] != left.Debt {
		r.Fatalf("postings %v, left %+v", sums, left)
	}
	outstanding := -sums[pointspb.Account_ISSUED] - sums[pointspb.Account_REDEEMED_POINTS] - sums[pointspb.Account_BREAKAGE] - sums[pointspb.Account_REVERSED_POINTS] -
		sums[pointspb.Account_ADJUSTED_POINTS]
	if outstanding != left.Available+left.Pending+left.Frozen-left.Debt {
		r.Fatalf("outstanding %d, left %+v", outstanding, left)
	}
}
