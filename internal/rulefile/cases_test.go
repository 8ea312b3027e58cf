package rulefile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/rulefile"
)

const caseHead = "apiVersion: jifen/v1\nkind: RulebookCases\ncases:\n"

func TestCasesSeeTierFirstOrderExclusiveGroupsAndTheMaximum(t *testing.T) {
	book := parse(t, strings.NewReplacer("match: {category: [basic]}", "match: {tier: [gold]}\n      tier_multiplier: true",
		`max_multiplier: "10"`, `max_multiplier: "3"`,
		"  campaigns:", `    - {id: first, on: shop.order.paid.v1, match: {first_order: true}, earn: {fixed: 7}, exclusive: g}
    - {id: any, on: shop.order.paid.v1, earn: {fixed: 5}, exclusive: g}
    - {id: same, on: shop.order.paid.v1, earn: {fixed: 5}, exclusive: g, priority: 1}
  campaigns:`).Replace(base))
	_, err := rulefile.RunCases(book, "cases.yaml", []byte(caseHead+`  - name: gold in June
    tier: gold
    event: &e {type: shop.order.paid.v1, time: 2026-06-02T00:00:00+08:00, data: {member: m1, order: O1, currency: CNY, lines: [{line: "1", net: 10000}]}}
    points: {spend: 30, same: 5}
`))
	if err == nil || !strings.Contains(err.Error(), "anchor") {
		t.Errorf("an anchor: got %v", err)
	}
	event := `event: {type: shop.order.paid.v1, time: 2026-06-02T00:00:00+08:00, data: {member: m1, order: O1, currency: CNY, lines: [{line: "1", net: 10000}]}}`
	results, err := rulefile.RunCases(book, "cases.yaml", []byte(caseHead+
		"  - {name: gold in June, tier: gold, "+event+", points: {spend: 30, same: 5}}\n"+
		"  - {name: a first order, first_order: true, "+event+", points: {first: 7}}\n"+
		"  - {name: wrong, "+event+", points: {same: 4, any: 1}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []rulefile.Result{
		{Name: "gold in June", Line: 4, Tier: "gold", Want: map[string]int64{"spend": 30, "same": 5}, Got: map[string]int64{"spend": 30, "same": 5}, Passed: true},
		{Name: "a first order", Line: 5, Tier: "normal", Want: map[string]int64{"first": 7}, Got: map[string]int64{"first": 7}, Passed: true},
		{Name: "wrong", Line: 6, Tier: "normal", Want: map[string]int64{"same": 4, "any": 1}, Got: map[string]int64{"same": 5}},
	}
	if diff := cmp.Diff(results, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

// TestCasesSeeWindows: P1's instant, an order's completion, and that no window is none (P3).
func TestCasesSeeWindows(t *testing.T) {
	book := parse(t, strings.NewReplacer("mode: step}", "mode: step}\n      pending: {days: 7}", "  campaigns:", `    - {id: later, on: shop.order.paid.v1, earn: {fixed: 7}, pending: {until: completed}}
    - {id: now, on: shop.order.paid.v1, earn: {fixed: 5}, pending: {days: 0}}
    - {id: never, on: shop.order.paid.v1, match: {category: [x]}, earn: {fixed: 5}, pending: {days: 1}}
  campaigns:`).Replace(base))
	event := `event: {type: shop.order.paid.v1, time: 2026-06-01T10:00:00+08:00, data: {member: m1, order: O1, currency: CNY, lines: [{line: "1", category: basic, net: 10000}]}}`
	text := func(pending string) string {
		return caseHead + "  - {name: a, " + event + ", points: {spend: 20, later: 7, now: 5}" + pending + "}\n"
	}
	got := map[string]string{"spend": "2026-06-08T10:00:00+08:00", "later": "completed"}
	for pending, want := range map[string]rulefile.Result{
		", pending: {spend: 2026-06-08T02:00:00Z, later: completed}": {WantPending: got, Passed: true},
		"": {WantPending: nil},
		", pending: {spend: 2026-06-08T10:00:00+08:00}":                                       {WantPending: map[string]string{"spend": got["spend"]}},
		", pending: {spend: 2026-06-08T10:00:00+08:00, later: completed, now: completed}":     {WantPending: map[string]string{"spend": got["spend"], "later": "completed", "now": "completed"}},
		", pending: {spend: 2026-06-08T10:00:00.001+08:00, later: 2026-06-08T10:00:00+08:00}": {WantPending: map[string]string{"spend": "2026-06-08T10:00:00.001+08:00", "later": got["spend"]}},
	} {
		points := map[string]int64{"spend": 20, "later": 7, "now": 5}
		want.Name, want.Line, want.Tier, want.Want, want.Got, want.GotPending = "a", 4, "normal", points, points, got
		results, err := rulefile.RunCases(book, "cases.yaml", []byte(text(pending)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(results, []rulefile.Result{want}); diff != "" {
			t.Errorf("%s (-got +want):\n%s", pending, diff)
		}
	}
	_, err := rulefile.RunCases(book, "c.yaml", []byte(text(", pending: {spend: tomorrow, spent: completed}")))
	want := `c.yaml:4:236: cases[0].pending.spend: "tomorrow" is no time with an offset (expected a time with its offset, such as 2026-01-01T00:00:00+08:00)
c.yaml:4:246: cases[0].pending: unknown key "spent" (expected one of spend, later, now, never)`
	if err == nil || cmp.Diff(err.Error(), want) != "" {
		t.Errorf("(-got +want):\n%s", cmp.Diff(err.Error(), want))
	}
}

func TestFaultsOfACasesFileHaveTheirPlace(t *testing.T) {
	book := parse(t, base)
	_, err := rulefile.RunCases(book, "c.yaml", []byte(caseHead+`  - name: a
    tier: silver
    event: {type: shop.order.paid.v1, time: 2026-06-02, data: {ordre: O1}}
    points: {spent: 1}
  - event: 5
  - name: b
    event: {type: shop.order.paid.v1, time: 2026-06-02T00:00:00Z, data: {member: m1, order: O1, currency: EUR, lines: [{line: "1", net: 100}]}}
    points: {}
  - name: c
    event: {type: shop.order.paid.v1, time: 2026-06-02T00:00:00Z, data: {member: m1, order: O1, currency: CNY, lines: [{line: "1", net: -100}]}}
    points: {}
`))
	want := `c.yaml:5:11: cases[0].tier: unknown value "silver" (expected one of normal, gold)
c.yaml:6:45: cases[0].event.time: "2026-06-02" is no time with an offset (expected a time with its offset, such as 2026-01-01T00:00:00+08:00)
c.yaml:6:64: cases[0].event.data: unknown field "ordre" (expected the data of a shop.order.paid.v1)
c.yaml:7:14: cases[0].points: unknown key "spent" (expected one of spend)
c.yaml:8:5: cases[1]: "name" is missing (expected what the case shows)
c.yaml:8:5: cases[1]: "points" is missing (expected a mapping with spend)
c.yaml:8:12: cases[1].event: is a number (expected a mapping with type, time, data)
c.yaml:10:12: cases[2].event: its currency is EUR (expected CNY, the book's)
c.yaml:13:73: cases[3].event.data: RANGE: lines.net must be from 0 to 10^12 (expected the data of a shop.order.paid.v1)`
	if err == nil {
		t.Fatal("accepted")
	}
	if diff := cmp.Diff(err.Error(), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	var faults rulefile.Faults
	if _, err := rulefile.RunCases(book, "c.yaml", nil); !errors.As(err, &faults) {
		t.Errorf("an empty file: got %v, want faults", err)
	}
}

// TestCasesSeeCaps: a case is the first event of its period.
func TestCasesSeeCaps(t *testing.T) {
	book := parse(t, strings.Replace(base, "mode: step}", "mode: step}\n      cap: {points: 15, per: day}\n      limit: {times: 1, per: ever}", 1))
	event := `event: {type: shop.order.paid.v1, time: 2026-07-02T00:00:00+08:00, data: {member: m1, order: O1, currency: CNY, lines: [{line: "1", category: basic, net: %s}]}}`
	results, err := rulefile.RunCases(book, "cases.yaml", []byte(caseHead+
		"  - {name: below, "+strings.Replace(event, "%s", "14000", 1)+", points: {spend: 14}}\n"+
		"  - {name: above, "+strings.Replace(event, "%s", "20000", 1)+", points: {spend: 15}}\n"))
	if err != nil || len(results) != 2 || !results[0].Passed || !results[1].Passed {
		t.Errorf("got %+v, %v", results, err)
	}
}

// TestCasesSeeBudgets: of the first event of a campaign.
func TestCasesSeeBudgets(t *testing.T) {
	book := parse(t, strings.Replace(base, `multiplier: "2", from`, `multiplier: "2", budget: {points: 15}, from`, 1))
	event := `event: {type: shop.order.paid.v1, time: 2026-06-02T00:00:00+08:00, data: {member: m1, order: O1, currency: CNY, lines: [{line: "1", category: basic, net: %s}]}}`
	results, err := rulefile.RunCases(book, "cases.yaml", []byte(caseHead+
		"  - {name: below, "+strings.Replace(event, "%s", "14000", 1)+", points: {spend: 28}}\n"+
		"  - {name: above, "+strings.Replace(event, "%s", "20000", 1)+", points: {spend: 35}}\n"))
	if err != nil || len(results) != 2 || !results[0].Passed || !results[1].Passed {
		t.Errorf("got %+v, %v", results, err)
	}
}
