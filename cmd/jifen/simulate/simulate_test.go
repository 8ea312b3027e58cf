package simulate_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/cmd/jifen/simulate"
	"jifen/internal/rulefile"
	"jifen/internal/testkit"
	"jifen/ledger"
	"jifen/rulebooks"
	"jifen/topics"
	"jifen/topics/pointspb"
)

var now = time.Date(2026, 6, 10, 4, 0, 0, 0, time.UTC)

func config(t *testing.T) simulate.Config {
	t.Helper()
	text, err := rulebooks.FS.ReadFile("retail.yaml")
	if err != nil {
		t.Fatal(err)
	}
	book, err := rulefile.Parse("retail.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return simulate.Config{Books: topics.NewBooks(book), Now: now, Limits: topics.DefaultLimits(), Shards: 8, Language: simulate.English}
}

func run(t *testing.T, c simulate.Config, events ...topics.Event) *simulate.Report {
	t.Helper()
	inputs := make([]simulate.Input, len(events))
	for i := range events {
		inputs[i] = simulate.Input{Record: topics.EncodeStructured(&events[i]), Line: i + 1}
	}
	r, err := simulate.Run(t.Context(), c, inputs)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Steps {
		sums(t, s)
	}
	return r
}

// sums checks that each step's entries are exactly what its balance changed by, and that each award is its arithmetic.
func sums(t *testing.T, s *simulate.Step) {
	t.Helper()
	if s.Before == nil {
		return
	}
	var points int64
	for _, e := range s.Entries {
		points += e.Points
		var sum int64
		for _, p := range e.Postings {
			sum += p.Points
		}
		if sum != 0 {
			t.Errorf("the postings of %+v do not sum to 0", e)
		}
		if x := e.Arithmetic; x != nil && e.Kind == "granted" {
			n, err := ledger.Explain(&pointspb.Arithmetic{
				Mode: x.Mode, Points: x.Points, Per: x.Per, Eligible: x.Eligible, Quantity: x.Quantity,
				TierMultiplier: ratio(t, x.TierMultiplier), Campaign: ratio(t, x.Campaign),
			})
			if err != nil || n != e.Points || !strings.Contains(e.Why, fmt.Sprint(n)) {
				t.Errorf("%+v explains %d points, %v", e, n, err)
			}
		}
	}
	have := func(b *simulate.Balance) int64 { return b.Available + b.Pending + b.Frozen - b.Debt }
	if have(s.After)-have(s.Before) != points {
		t.Errorf("entries of %d points take %+v to %+v", points, s.Before, s.After)
	}
}

func ratio(t *testing.T, s string) *pointspb.Ratio {
	t.Helper()
	if s == "" {
		return nil
	}
	r, err := topics.ParseRatio(s)
	if err != nil {
		t.Fatal(err)
	}
	return &pointspb.Ratio{Num: r.Num, Den: r.Den}
}

func paid(order, member string, at time.Time, category string, net int64) topics.Event {
	return topics.Event{Source: "/s", ID: "paid-" + order, Type: topics.TypeOrderPaid, Time: at, Data: topics.Data{
		Order: order, Member: member, Currency: "CNY", Lines: []topics.Line{{Line: "1", SKU: "S", Category: category, Quantity: 1, Net: net}},
	}}
}

func refunded(order, refund, member string, at time.Time, net int64) topics.Event {
	return topics.Event{Source: "/s", ID: "refund-" + refund, Type: topics.TypeOrderRefunded, Time: at, Data: topics.Data{
		Order: order, Member: member, Refund: refund, Lines: []topics.Line{{Line: "1", Net: net}},
	}}
}

// outcomes are the steps in short: outcome or reason, kinds with their points, and what is available after.
func outcomes(r *simulate.Report) []string {
	var all []string
	for _, s := range r.Steps {
		text := s.Outcome
		if s.DeadLetter != nil {
			text = s.DeadLetter.Topic + " " + s.DeadLetter.Reason
		}
		for _, e := range s.Entries {
			text += fmt.Sprintf(" %s%+d", e.Kind, e.Points)
		}
		if s.After != nil {
			text += fmt.Sprintf(" =%d/%d/%d", s.After.Available, s.After.Pending, s.After.Debt)
		}
		all = append(all, text)
	}
	return all
}

// TestPendingPointsAreExplained: until when they wait, and what makes them available.
func TestPendingPointsAreExplained(t *testing.T) {
	c := config(t)
	c.Books[0].Rules[0].Pending, c.Books[0].Rules[1].Pending = topics.Pending{Days: 1}, topics.Pending{Completed: true}
	at := now.Add(-25 * time.Hour)
	r := run(t, c, paid("O1", "ana", at, "basic", 29900), paid("O2", "ana", at, "new", 10000),
		topics.Event{Source: "/s", ID: "done", Type: topics.TypeOrderCompleted, Time: now.Add(-time.Hour), Data: topics.Data{Order: "O2", Member: "ana"}})
	want := []string{
		"applied granted+29 activated+0 =29/0/0", "applied granted+40 =29/40/0", "applied completed+0 activated+0 =69/0/0",
	}
	if d := cmp.Diff(outcomes(r), want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	days, completion, completed := r.Steps[0].Entries, r.Steps[1].Entries[0], r.Steps[2].Entries
	for _, c := range []struct{ got, want string }{
		{days[0].Why, "; pending until 2026-06-10 11:00:00"},
		{days[1].Why, "29 pending points became available"},
		{completion.Why, "; pending until the order is completed"},
		{completed[0].Why, "order O2: completion recorded"},
		{completed[1].Why, "40 pending points became available"},
	} {
		if !strings.HasSuffix(c.got, c.want) {
			t.Errorf("got %q, want it to end with %q", c.got, c.want)
		}
	}
	if completion.Lot.ActiveAt != nil || completion.Lot.ExpiresAt != nil || !completed[1].Lot.ActiveAt.Equal(now.Add(-time.Hour)) {
		t.Errorf("lots: got %+v, then %+v", completion.Lot, completed[1].Lot)
	}
}

// TestOutcomesAreThoseOfTheStages: duplicates, refunds before their order, dead letters of both stages, the clawback.
func TestOutcomesAreThoseOfTheStages(t *testing.T) {
	at := now.Add(-time.Hour)
	first := paid("O1", "ana", at, "basic", 29900)
	again := first
	again.ID = "the same order under another id"
	yen := paid("O2", "ana", at, "basic", 29900)
	yen.Data.Currency = "JPY"
	huge := topics.Event{Source: "/s", ID: "huge", Type: topics.TypeActivity, Time: at, Data: topics.Data{Member: "ana", Activity: "hotel_night", Quantity: 4}}
	c := config(t)
	c.Books[0].Rules[slices.IndexFunc(c.Books[0].Rules, func(r topics.Rule) bool { return r.ID == "nights" })].Points = 1 << 62
	got := outcomes(run(t, c,
		refunded("O1", "R1", "ana", at, 10000), first, first, again, refunded("O1", "R2", "ana", at, 19900),
		yen, paid("O3", "ana", now.AddDate(0, 0, -8), "basic", 1000), paid("O4", "ana", now.Add(time.Hour), "basic", 1000), huge,
	))
	want := []string{
		"waiting refunded+0 =0/0/0",
		"applied granted+29 refunded+0 reversed-10 =19/0/0",
		"duplicate =19/0/0", "duplicate =19/0/0",
		"applied refunded+0 reversed-19 =0/0/0",
		"dlq.shop.orders.v1 RANGE", "dlq.shop.orders.v1 TOO_OLD", "dlq.shop.orders.v1 FUTURE",
		"dlq.points.credits.v1 RULE_ERROR =0/0/0",
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}

// TestFollowedClockDecidesEachEventAtItsTime: a story of two years, told in one file; at the end what the clock makes due.
func TestFollowedClockDecidesEachEventAtItsTime(t *testing.T) {
	c := config(t)
	c.Follow, c.Now = true, time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC)
	story := []topics.Event{
		paid("O1", "ana", time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC), "basic", 100000),
		paid("O2", "ana", time.Date(2027, 3, 2, 4, 0, 0, 0, time.UTC), "basic", 50000), // O1's points expired that day
	}
	got := outcomes(run(t, c, story...))
	want := []string{
		"applied granted+100 =100/0/0", "applied expired-100 granted+50 =50/0/0",
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("followed (-got +want):\n%s", d)
	}
	c.Now = time.Date(2028, 3, 4, 0, 0, 0, 0, time.UTC)
	got = outcomes(run(t, c, story...))
	if want = append(want, "applied expired-50 forgotten+0 =0/0/0"); !slices.Equal(got, want) {
		t.Errorf("a year later: %q, want %q", got, want)
	}
	c.Follow = false
	if got = outcomes(run(t, c, story...)); !slices.Equal(got, []string{"dlq.shop.orders.v1 TOO_OLD", "dlq.shop.orders.v1 TOO_OLD"}) {
		t.Errorf("at one instant: %q", got)
	}
}

// TestMembersDoNotTouchEachOther: each member alone has the entries that they have among thousands, more than the owner
// keeps in its cache. Random orders, refunds in part, duplicates and sign-ups.
func TestMembersDoNotTouchEachOther(t *testing.T) {
	r := testkit.Rand(t)
	const members, events = 2600, 9000
	c := config(t)
	c.Limits.LateAfter = 1 << 62
	all := make([]topics.Event, 0, events)
	byMember := map[string][]topics.Event{}
	for n := range events {
		e := randomEvent(r, n, members, byMember)
		all = append(all, e)
		byMember[e.Data.Member] = append(byMember[e.Data.Member], e)
	}
	together := map[string][]string{}
	for _, s := range run(t, c, all...).Steps {
		together[s.Member] = append(together[s.Member], short(s))
	}
	for member := range byMember {
		var alone []string
		for _, s := range run(t, c, byMember[member]...).Steps {
			alone = append(alone, short(s))
		}
		if d := cmp.Diff(together[member], alone); d != "" {
			t.Errorf("%s (-among others +alone):\n%s", member, d)
		}
	}
}

func randomEvent(r *rand.Rand, n, members int, byMember map[string][]topics.Event) topics.Event {
	member := fmt.Sprint("m", r.IntN(members))
	at := now.Add(-time.Duration(r.IntN(700*24)) * time.Hour)
	before := byMember[member]
	switch {
	case len(before) > 0 && r.IntN(4) == 0:
		return before[r.IntN(len(before))] // once more
	case len(before) > 0 && r.IntN(2) == 0:
		if e := before[r.IntN(len(before))]; e.Type == topics.TypeOrderPaid {
			return refunded(e.Data.Order, fmt.Sprint("R", n), member, e.Time.Add(time.Hour), 1+r.Int64N(e.Data.Lines[0].Net))
		}
	case r.IntN(3) == 0:
		return topics.Event{Source: "/s", ID: fmt.Sprint("reg", n), Type: topics.TypeRegistered, Time: at, Data: topics.Data{Member: member}}
	}
	return paid(fmt.Sprint("O", n), member, at, []string{"basic", "new", "other"}[r.IntN(3)], 100+r.Int64N(700000))
}

func short(s *simulate.Step) string {
	text := s.Outcome
	for _, e := range s.Entries {
		text += fmt.Sprint(" ", e.ID, e.Kind, e.Points, e.Postings)
	}
	return fmt.Sprint(text, s.After)
}

// TestEventsOfAnotherMemberAreRefused: only one member's states are read, so the others' would be wrong.
func TestEventsOfAnotherMemberAreRefused(t *testing.T) {
	c := config(t)
	c.Member = "ben"
	e := paid("O1", "ana", now, "basic", 100)
	_, err := simulate.Run(t.Context(), c, []simulate.Input{{Record: topics.EncodeStructured(&e), Line: 7}})
	if !errors.Is(err, simulate.ErrMember) || !strings.Contains(err.Error(), "line 7") {
		t.Errorf("got %v", err)
	}
}

// TestFilesOfEvents: one, several, an array, lines; what is no event is a dead letter where it can be told apart.
func TestFilesOfEvents(t *testing.T) {
	const a, b = `{"type":"shop.order.paid.v1","id":"a"}`, `{"type":"shop.share.created.v1","id":"b"}`
	const pretty = "{\n  \"type\": \"shop.order.paid.v1\"\n}"
	for _, c := range []struct{ name, file, want string }{
		{"one", a, "1 shop.orders.v1"},
		{"one over lines", "\n" + pretty, "2 shop.orders.v1"},
		{"lines", a + "\n\n" + b + "\n", "1 shop.orders.v1, 3 shop.shares.v1"},
		{"an array", "[" + a + ",\n " + b + "]", "1 shop.orders.v1, 2 shop.shares.v1"},
		{"an array of others", "[1,\n" + a + "]", "1 , 2 shop.orders.v1"},
		{"objects one after the other", pretty + "\n" + pretty, "1 shop.orders.v1, 4 shop.orders.v1"},
		{"a broken line", a + "\n{\"type\":\n" + b, "1 shop.orders.v1, 2 , 3 shop.shares.v1"},
		{"an unknown type of a family", `{"type":"shop.order.lost.v1"}`, "1 shop.orders.v1"},
		{"names twice, for the decoder to refuse", `{"type":"shop.order.paid.v1","id":"a","id":"b"}`, "1 shop.orders.v1"},
		{"nothing", " \n", "f: no event"},
		{"an empty array", "[]", "f: no event"},
		{"broken", "{\n \"type\": }", "f:2:"},
		{"an array that does not end", "[" + a, "f:1:"},
	} {
		inputs, err := simulate.ReadEvents("f", []byte(c.file))
		var got []string
		for _, in := range inputs {
			got = append(got, fmt.Sprint(in.Line, " ", in.Record.Topic))
		}
		text := strings.Join(got, ", ")
		if err != nil {
			text = err.Error()
		}
		if text != c.want && (err == nil || !strings.HasPrefix(text, c.want)) {
			t.Errorf("%s: got %s, want %s", c.name, text, c.want)
		}
	}
}

// TestTableTellsTheArithmetic in both languages.
func TestTableTellsTheArithmetic(t *testing.T) {
	c := config(t)
	at := now.Add(-time.Hour)
	events := []topics.Event{
		paid("O0", "ana", at, "other", 600000), paid("O1", "ana", at, "new", 45500), refunded("O1", "R", "ana", at, 45500),
	}
	for language, want := range map[string][]string{
		simulate.English: {
			"line 2: shop.order.paid.v1 paid-O1 of ana, 2026-06-10T11:00:00+08:00: applied", "+273", "2027-06-11",
			"455.00 CNY spent, 1 point for every full 5.00 CNY, 91 steps; tier silver ×1.5; campaign double-june ×2; 273 points",
			"available 0 → ", "tier normal → silver", "what is kept earns 0", "from lot 1", "Nothing was written.",
		},
		simulate.Chinese: {"消费 455.00 CNY，每满 5.00 CNY 得 1 分，共 91 份；等级 silver ×1.5", "保留部分应得 0 分", "没有适用的规则"},
	} {
		c.Language = language
		var out bytes.Buffer
		run(t, c, events...).Table(&out, c.Books)
		for _, words := range want {
			if !strings.Contains(out.String(), words) {
				t.Errorf("%s: no %q in\n%s", language, words, out.String())
			}
		}
	}
}
