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
