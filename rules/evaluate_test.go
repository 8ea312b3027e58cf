package rules_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"jifen/rulebooks"
	"jifen/rules"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func TestCandidateCarriesWhatTheOwnerDecides(t *testing.T) {
	book := compile(t, head+`  rules:
    - id: first
      on: shop.order.paid.v1
      match: {sku: [A, B], store: [SH01], channel: [pos], tier: [silver, gold], first_order: true}
      earn: {points: 3, per_quantity: 2}
      tier_multiplier: true
      exclusive: welcome
      priority: 7
      holdout: {percent: 10}
`)
	e := order(at(t, "2026-05-26T11:00:55.123+08:00"), topics.Line{Line: "1", SKU: "C", Quantity: 9, Net: 5}, topics.Line{Line: "2", SKU: "B", Quantity: 4, Net: 700},
		topics.Line{Line: "3", SKU: "A", Quantity: 1, Net: 300})
	e.Data.Store, e.Data.Channel, e.Backfill, e.Traceparent = "SH01", "pos", "run-1", "00-x"
	want := &pointspb.CreditEvent{
		Account: "member:m1",
		Version: "2026-05",
		Cause: &pointspb.Cause{
			Source: "/shops/sh01", Id: "e-1", Type: topics.TypeOrderPaid, OccurredAt: e.Time.UnixMilli(),
			Backfill: "run-1", Store: "SH01", Channel: "pos", Traceparent: "00-x",
		},
		Order: &pointspb.OrderFacts{Order: "O1", Currency: "CNY", Lines: []*pointspb.OrderLine{
			{Id: "1", Net: 5, Eligible: 5}, {Id: "2", Net: 700, Eligible: 700}, {Id: "3", Net: 300, Eligible: 300},
		}},
		Candidates: []*pointspb.Candidate{{
			Rule: "first", Mode: "quantity", Points: 3, Per: 2, Eligible: 1000, Quantity: 5, Lines: []uint32{1, 2},
			TierMultiplier: true, Tiers: []string{"silver", "gold"}, FirstOrder: true, Exclusive: "welcome", Priority: 7, HoldoutPercent: 10,
		}},
	}
	if diff := cmp.Diff(book.Evaluate(e), want, protocmp.Transform()); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	e.Data.Store = "SH02"
	if got := book.Evaluate(e); len(got.Candidates) != 0 || got.Order == nil {
		t.Errorf("another store's order: got %v, want its facts and no candidate", got)
	}
}

func TestPaidWithPointsIsTakenOffTheLinesProRata(t *testing.T) {
	book := compile(t, article)
	for name, c := range map[string]struct{ net, want []int64 }{
		"largest remainder":         {[]int64{100, 100, 100}, []int64{66, 67, 67}},
		"by net":                    {[]int64{900, 100}, []int64{810, 90}},
		"more than the order's net": {[]int64{40, 20}, []int64{0, 0}},
		"five lines":                {[]int64{100, 100, 100, 100, 100}, []int64{80, 80, 80, 80, 80}},
		"no net":                    {[]int64{0, 0}, []int64{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			lines := make([]topics.Line, len(c.net))
			for i, n := range c.net {
				lines[i] = topics.Line{Category: "basic", Net: n}
			}
			e := order(at(t, "2026-05-26T11:00:55+08:00"), lines...)
			e.Data.PaidWithPoints = 100
			var got []int64
			credit := book.Evaluate(e)
			for _, l := range credit.Order.Lines {
				got = append(got, l.Eligible)
			}
			if diff := cmp.Diff(got, c.want); diff != "" {
				t.Errorf("eligible (-got +want):\n%s", diff)
			}
			var sum int64
			for _, n := range c.want {
				sum += n
			}
			if credit.Candidates[0].Eligible != sum {
				t.Errorf("candidate: got %d eligible, want %d", credit.Candidates[0].Eligible, sum)
			}
		})
	}
}

func TestGroupsMultiplyAndTheHighestOfAGroupCounts(t *testing.T) {
	book := compile(t, head+`  rules:
    - {id: spend, on: shop.order.paid.v1, earn: {points: 1, per: 100}}
    - {id: other, on: shop.order.paid.v1, earn: {fixed: 1}}
  campaigns:
    - {id: a, on: earn, multiplier: "2", rules: [spend]}
    - {id: b, on: earn, multiplier: "1.5"}
    - {id: c, on: earn, multiplier: "1.5", group: store, store: [SH01]}
    - {id: d, on: earn, multiplier: "1.5", group: store, store: [SH01, SH02], from: 2026-05-01T00:00:00+08:00}
    - {id: e, on: earn, multiplier: "3", group: app, channel: [app], to: 2026-05-27T00:00:00+08:00}
`)
	may := order(at(t, "2026-05-26T11:00:55+08:00"), topics.Line{Net: 100})
	may.Data.Store, may.Data.Channel = "SH01", "app"
	type multiplied struct {
		Num, Den int64
		Names    []string
	}
	check := func(e *topics.Event, want map[string]multiplied) {
		t.Helper()
		got := map[string]multiplied{}
		for _, c := range book.Evaluate(e).Candidates {
			got[c.Rule] = multiplied{c.Campaign.GetNum(), c.Campaign.GetDen(), c.Campaigns}
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
	}
	check(may, map[string]multiplied{"spend": {9, 1, []string{"a", "c", "e"}}, "other": {27, 4, []string{"b", "c", "e"}}})
	may.Data.Store, may.Data.Channel = "SH02", ""
	check(may, map[string]multiplied{"spend": {3, 1, []string{"a", "d"}}, "other": {9, 4, []string{"b", "d"}}})
	may.Data.Store, may.Data.Channel = "", "app"
	may.Time = at(t, "2026-05-27T00:00:00+08:00")
	check(may, map[string]multiplied{"spend": {2, 1, []string{"a"}}, "other": {3, 2, []string{"b"}}})
}

// TestCampaignsOfTiersTravelBesideThoseOfAll: which tier the member has, only the owner knows.
func TestCampaignsOfTiersTravelBesideThoseOfAll(t *testing.T) {
	book := compile(t, head+`  rules:
    - {id: spend, on: shop.order.paid.v1, earn: {points: 1, per: 100}}
    - {id: other, on: shop.order.paid.v1, earn: {fixed: 1}}
  campaigns:
    - {id: all, on: earn, multiplier: "2", rules: [spend]}
    - {id: less, on: earn, multiplier: "1.5", rules: [spend], tier: [silver]}
    - {id: more, on: earn, multiplier: "3", rules: [spend], tier: [silver, gold], channel: [app]}
    - {id: grouped, on: earn, multiplier: "1.5", rules: [spend], group: g, tier: [gold]}
`)
	got := func(channel string) map[string]string {
		e := order(at(t, "2026-05-26T11:00:55+08:00"), topics.Line{Net: 100})
		e.Data.Channel = channel
		all := map[string]string{}
		for _, c := range book.Evaluate(e).Candidates {
			text := fmt.Sprintf("%d/%d%v", c.Campaign.GetNum(), c.Campaign.GetDen(), c.Campaigns)
			for _, x := range c.ByTier {
				text += fmt.Sprintf(" %s:%d/%d%v", x.Tier, x.Campaign.GetNum(), x.Campaign.GetDen(), x.Campaigns)
			}
			all[c.Rule] = text
		}
		return all
	}
	for channel, want := range map[string]string{
		"":    "2/1[all] gold:3/1[all grouped]",
		"app": "2/1[all] gold:9/2[more grouped] silver:3/1[more]",
	} {
		if diff := cmp.Diff(got(channel), map[string]string{"spend": want, "other": "0/0[]"}); diff != "" {
			t.Errorf("channel %q (-got +want):\n%s", channel, diff)
		}
	}
}

func TestEventsTravelWithoutABook(t *testing.T) {
	e := order(at(t, "2026-05-26T11:00:55+08:00"), topics.Line{Line: "1", Net: 100})
	var none rules.Books
	got := none.Evaluate(e)
	if got.Version != "" || len(got.Candidates) != 0 || got.Order.GetLines()[0].GetEligible() != 100 || got.Account != "member:m1" {
		t.Errorf("got %v", got)
	}
	refund := &topics.Event{Type: topics.TypeOrderRefunded, Time: e.Time, Data: topics.Data{Member: "m1", Order: "O1", Refund: "R1", Lines: []topics.Line{{Line: "1", Net: 50}}}}
	want := &pointspb.RefundFacts{Order: "O1", Refund: "R1", Lines: []*pointspb.RefundLine{{Id: "1", Net: 50}}}
	if diff := cmp.Diff(none.Evaluate(refund).Refund, want, protocmp.Transform()); diff != "" {
		t.Errorf("refund (-got +want):\n%s", diff)
	}
	if none.At(e.Time).Source() != nil {
		t.Error("no version is in force")
	}
	tier := &topics.Event{Type: topics.TypeTierChanged, Time: e.Time, Data: topics.Data{Member: "m1", Tier: "gold"}}
	if got := none.Evaluate(tier).Tier; got != "gold" {
		t.Errorf("tier set by the membership system: got %q", got)
	}
}

func TestTheEventsOwnTimePicksTheVersion(t *testing.T) {
	first, second := compile(t, article).Source(), *compile(t, article).Source()
	second.Version, second.From = "2026-06", at(t, "2026-06-01T00:00:00+08:00")
	books, err := rules.CompileAll(topics.NewBooks(&second, first))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2025-12-31T23:59:59.999+08:00": "", "2026-01-01T00:00:00+08:00": "2026-05",
		"2026-05-31T23:59:59.999+08:00": "2026-05", "2026-06-01T00:00:00+08:00": "2026-06",
	} {
		if got := books.Evaluate(order(at(t, text))).Version; got != want {
			t.Errorf("%s: got version %q, want %q", text, got, want)
		}
	}
}

func TestBusinessKeys(t *testing.T) {
	book := compile(t, article)
	late := at(t, "2026-05-26T23:59:59.9+08:00")
	data := topics.Data{Member: "m1", Product: "P", Review: "r1", Order: "O1", Line: "2", Survey: "s1"}
	without := data
	without.Order = ""
	for _, c := range []struct {
		kind, want string
		data       topics.Data
		when       time.Time
	}{
		{topics.TypeOrderPaid, "", data, late},
		{topics.TypeOrderRefunded, "", data, late},
		{topics.TypeReviewPublished, "review\x1f/shops/a\x1fO1\x1f2", data, late},
		{topics.TypeReviewPublished, "review\x1f/shops/a\x1f\x1fr1", without, late},
		{topics.TypeShareCreated, "share\x1fm1\x1fP\x1f2026-05-26", data, late},
		{topics.TypeShareCreated, "share\x1fm1\x1fP\x1f2026-05-27", data, late.Add(time.Second).UTC()},
		{topics.TypeRegistered, "registered", data, late},
		{topics.TypeProfileCompleted, "profile_completed", data, late},
		{topics.TypeSurveyCompleted, "survey_completed\x1fs1", data, late},
		{topics.TypeSignedIn, "", data, late},
	} {
		if got := book.Evaluate(&topics.Event{Source: "/shops/a", Type: c.kind, Time: c.when, Data: c.data}).BusinessKey; got != c.want {
			t.Errorf("%s: got %q, want %q", c.kind, got, c.want)
		}
	}
}

func TestCompileRefusesWhatIsNotExact(t *testing.T) {
	good := func() *topics.Rulebook { b := *compile(t, article).Source(); return &b }
	big := topics.Ratio{Num: math.MaxInt64 / 2, Den: 1}
	for name, spoil := range map[string]func(b *topics.Rulebook){
		"per":                 func(b *topics.Rulebook) { b.Rules = []topics.Rule{{ID: "r", Mode: topics.ModeStep, Points: 1}} },
		"mode":                func(b *topics.Rulebook) { b.Rules = []topics.Rule{{ID: "r", Mode: "odd", Points: 1}} },
		"campaign multiplier": func(b *topics.Rulebook) { b.Campaigns = []topics.Campaign{{ID: "c"}} },
		"product of groups": func(b *topics.Rulebook) {
			b.Campaigns = []topics.Campaign{{ID: "c", Multiplier: big}, {ID: "d", Multiplier: big, Group: "g"}}
		},
		"product with tiers": func(b *topics.Rulebook) {
			b.Campaigns = []topics.Campaign{{ID: "c", Multiplier: big, Rules: []string{"new"}}, {ID: "d", Multiplier: topics.Ratio{Num: 3, Den: 1}, Group: "g"}}
		},
		"tier multiplier": func(b *topics.Rulebook) { b.Tiers.Levels = []topics.Level{{ID: "x"}} },
	} {
		b := good()
		spoil(b)
		if _, err := rules.Compile(b); err == nil {
			t.Errorf("%s: compiled", name)
		}
		if _, err := rules.CompileAll(topics.Books{b}); err == nil {
			t.Errorf("%s: compiled among all", name)
		}
	}
}

func retail(t testing.TB) *rules.Book {
	t.Helper()
	text, err := rulebooks.FS.ReadFile(rulebooks.Retail)
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, string(text))
}

// Evaluation is on the path of every event: one allocation for the event, one for its account.
func TestEvaluateAllocatesLittle(t *testing.T) {
	book, e := retail(t), usualOrder(t)
	if got := testing.AllocsPerRun(100, func() { book.Evaluate(e) }); got > 2 {
		t.Errorf("a two-line order costs %v allocations, want at most 2", got)
	}
}

func usualOrder(t testing.TB) *topics.Event {
	t.Helper()
	return order(at(t, "2026-06-26T11:00:55+08:00"),
		topics.Line{Line: "1", SKU: "A-1", Category: "basic", Tags: []string{"spring"}, Quantity: 2, Net: 29900},
		topics.Line{Line: "2", SKU: "N-9", Category: "new", Quantity: 1, Net: 45500})
}

func BenchmarkEvaluateTwoLineOrder(b *testing.B) {
	book, e := retail(b), usualOrder(b)
	b.ReportAllocs()
	for b.Loop() {
		if len(book.Evaluate(e).Candidates) != 2 {
			b.Fatal("both lines earn")
		}
	}
}

func BenchmarkEvaluateThousandLineOrder(b *testing.B) {
	book, e := retail(b), usualOrder(b)
	for len(e.Data.Lines) < 1000 {
		e.Data.Lines = append(e.Data.Lines, e.Data.Lines[:2]...)
	}
	b.ReportAllocs()
	for b.Loop() {
		book.Evaluate(e)
	}
}

func BenchmarkCompileRetail(b *testing.B) {
	source := retail(b).Source()
	for b.Loop() {
		if _, err := rules.Compile(source); err != nil {
			b.Fatal(err)
		}
	}
}

// TestCandidatesCarryWhatTheirLimitCountsBy: of each event type that has something to count by.
func TestCandidatesCarryWhatTheirLimitCountsBy(t *testing.T) {
	book := compile(t, head+`  rules:
    - {id: share, on: shop.share.created.v1, earn: {fixed: 10}, limit: {times: 1, per: day, by: product}}
    - {id: any, on: shop.share.created.v1, earn: {fixed: 10}, limit: {times: 1, per: day}}
    - {id: review, on: shop.review.published.v1, earn: {fixed: 10}, limit: {times: 1, per: day, by: sku}}
    - {id: survey, on: shop.member.survey_completed.v1, earn: {fixed: 10}, limit: {times: 1, per: day, by: survey}}
    - {id: nights, on: shop.activity.v1, earn: {fixed: 10}, limit: {times: 1, per: day, by: activity}}
`)
	data := topics.Data{Member: "m", Product: "P", SKU: "S", Survey: "Q", Activity: "A"}
	got := map[string]string{}
	for _, typ := range []string{topics.TypeShareCreated, topics.TypeReviewPublished, topics.TypeSurveyCompleted, topics.TypeActivity} {
		for _, c := range book.Evaluate(&topics.Event{Type: typ, Time: at(t, "2026-06-01T10:00:00+08:00"), Data: data}).Candidates {
			got[c.Rule] = c.By
		}
	}
	if diff := cmp.Diff(got, map[string]string{"share": "P", "any": "", "review": "S", "survey": "Q", "nights": "A"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

// TestCandidatesSayWhatTheyAreWithoutABudgetedCampaign: the best of its group that has no budget takes its place.
func TestCandidatesSayWhatTheyAreWithoutABudgetedCampaign(t *testing.T) {
	book := compile(t, head+`  rules:
    - {id: nights, on: shop.activity.v1, earn: {points: 100, per_quantity: 1}}
    - {id: free, on: shop.activity.v1, earn: {points: 1, per_quantity: 1}}
  campaigns:
    - {id: two, on: earn, rules: [nights], multiplier: "2", group: g}
    - {id: three, on: earn, rules: [nights], multiplier: "3", group: g, budget: {points: 5}, to: 2026-06-15T00:00:00+08:00}
    - {id: half, on: earn, multiplier: "1.5", group: h}
`)
	got := map[string]string{}
	for _, day := range []string{"10", "20"} {
		for _, c := range book.Evaluate(nights(at(t, "2026-06-"+day+"T12:00:00+08:00"), 1)).Candidates {
			got[c.Rule+" "+day] = fmt.Sprint(c.Campaign, c.Campaigns, c.Budget.GetCampaign(), c.Budget.GetLess(), c.Budget.GetCampaigns())
		}
	}
	nine, three, half := &pointspb.Ratio{Num: 9, Den: 2}, &pointspb.Ratio{Num: 3, Den: 1}, &pointspb.Ratio{Num: 3, Den: 2}
	none := fmt.Sprint("", (*pointspb.Ratio)(nil), []string{})
	if diff := cmp.Diff(got, map[string]string{
		"nights 10": fmt.Sprint(nine, []string{"three", "half"}, "three", three, []string{"two", "half"}),
		"nights 20": fmt.Sprint(three, []string{"two", "half"}) + none,
		"free 10":   fmt.Sprint(half, []string{"half"}) + none, "free 20": fmt.Sprint(half, []string{"half"}) + none,
	}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}
