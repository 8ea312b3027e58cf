package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// soundBook is a good book; the lines and columns below count in it.
const soundBook = `apiVersion: jifen/v1
kind: Rulebook
metadata: {name: shop, version: 2026-05}
spec:
  effective_from: 2026-01-01T00:00:00+08:00
  timezone: Asia/Shanghai
  currency: CNY
  validity: {period: 1y, rounding: day}
  tiers:
    levels:
      - {id: normal, from: 0, multiplier: "1"}
      - {id: gold, from: 2000000, multiplier: "2"}
  rules:
    - id: spend
      on: shop.order.paid.v1
      earn: {points: 1, per: 1000, mode: step}
      tier_multiplier: true
    - id: share
      on: shop.share.created.v1
      earn: {fixed: 10}
      limit: {times: 1, per: day, by: product}
      cap: {points: 30, per: day}
  campaigns:
    - {id: june, on: earn, rules: [spend], multiplier: "2", from: 2026-06-01T00:00:00+08:00, to: 2026-07-01T00:00:00+08:00}
  max_multiplier: "10"
`

const soundCases = `apiVersion: jifen/v1
kind: RulebookCases
cases:
  - name: an order
    event:
      type: shop.order.paid.v1
      time: 2026-09-26T11:00:55+08:00
      data: {order: o, member: m, currency: CNY, lines: [{line: "1", net: 5000}]}
    points: {spend: 5}
`

// pumping are changes of soundBook that would give points for nothing, or that say less than they seem to: each is
// refused, by lint and by publish, at a line and column (issue: "Bad input gets").
func pumping() []struct{ name, from, to, want string } {
	return []struct{ name, from, to, want string }{
		{"a rebate of everything", "  max_m", "  rebate: {rate: \"1.0\"}\n  max_m", "25:18 spec.rebate.rate: a rebate of 1"},
		{"a rebate of more than everything", "  max_m", "  rebate: {rate: 150}\n  max_m", "25:18 spec.rebate.rate: a rebate of 150"},
		{"goods for nothing", "on: earn, rules: [spend], multiplier: \"2\"", "on: redeem, price: \"0\", items: all", "24:37 spec.campaigns[0].price: 0 of the price is no lower price"},
		{"a rebate of nothing times 100", "on: earn, rules: [spend], multiplier: \"2\"", "on: redeem, rebate_multiplier: 100, zone: double", "24:49 spec.campaigns[0].rebate_multiplier: the book gives nothing back that could be multiplied"},
		{"a price on an earn campaign", "rules: [spend]", "price: \"0\"", "24:35 spec.campaigns[0].price has no meaning here"},
		{"a cap below 0", "{points: 30", "{points: -1", "22:21 spec.rules[1].cap.points: -1 is out of range"},
		{"a cap of 0", "{points: 30", "{points: 0", "22:21 spec.rules[1].cap.points: 0 is out of range"},
		{"a cap without an end", "{points: 30", "{points: 9223372036854775808", "22:21 spec.rules[1].cap.points: 9223372036854775808 is out of range"},
		{"a cap of no period", "{points: 30, per: day}", "{points: 30}", `22:12 spec.rules[1].cap: "per" is missing`},
		{"a limit of 0", "{times: 1,", "{times: 0,", "21:22 spec.rules[1].limit.times: 0 is out of range"},
		{"a limit below 0", "{times: 1,", "{times: -3,", "21:22 spec.rules[1].limit.times: -3 is out of range"},
		{"a limit by what no share has", "by: product", "by: order", "21:39 spec.rules[1].limit.by: events shop.share.created.v1 have no order to count by"},
		{"negative points", "points: 1,", "points: -1,", "16:22 spec.rules[0].earn.points: -1 is out of range"},
		{"no points", "points: 1,", "points: 0,", "16:22 spec.rules[0].earn.points: 0 is out of range"},
		{"negative fixed points", "fixed: 10", "fixed: -10", "20:21 spec.rules[1].earn.fixed: -10 is out of range"},
		{"points for every nothing", "per: 1000", "per: 0", "16:30 spec.rules[0].earn.per: 0 is out of range"},
		{"points for less than nothing", "per: 1000", "per: -1000", "16:30 spec.rules[0].earn.per: -1000 is out of range"},
		{"points for no nights", "per: 1000, mode: step", "per_quantity: 0", "16:39 spec.rules[0].earn.per_quantity: 0 is out of range"},
		{"more points than can be counted", "points: 1,", "points: 9223372036854775807,", "14:7 rule spend: the largest event at multiplier 4 earns more points than can be counted"},
		{"a hold-out below 0", "tier_multiplier: true", "holdout: {percent: -1}", "17:26 spec.rules[0].holdout.percent: -1 is out of range"},
		{"a hold-out above 100", "tier_multiplier: true", "holdout: {percent: 101}", "17:26 spec.rules[0].holdout.percent: 101 is out of range"},
		{"a tier above the maximum", `"2"}`, `"10.01"}`, "12:47 spec.tiers.levels[1].multiplier: 10.01 is above max_multiplier"},
		{"a negative tier", `"2"}`, `"-2"}`, `12:47 spec.tiers.levels[1].multiplier: "-2" is no rate`},
		{"a tier that takes every point", `"2"}`, `"0"}`, "12:47 spec.tiers.levels[1].multiplier: a multiplier of 0 would take every point"},
		{"a campaign above the maximum", `"2", from`, `"11", from`, "24:56 spec.campaigns[0].multiplier: 11 is above max_multiplier"},
		{"a negative campaign", `"2", from`, `"-2", from`, `24:56 spec.campaigns[0].multiplier: "-2" is no rate`},
		{"a campaign of an unknown rule", "[spend]", "[spent]", `24:36 spec.campaigns[0].rules: there is no rule "spent"`},
		{"a campaign of an unknown tier", "rules: [spend]", "tier: [platinum]", `24:35 spec.campaigns[0].tier: there is no tier "platinum"`},
		{"a campaign that ends before it begins", "to: 2026-07-01", "to: 2026-05-01", "24:98 spec.campaigns[0].to is not after its from"},
		{"a budget of nothing", `"2", from`, `"2", budget: {points: 0}, from`, "24:78 spec.campaigns[0].budget.points: 0 is out of range"},
		{"a budget below 0", `"2", from`, `"2", budget: {points: -5}, from`, "24:78 spec.campaigns[0].budget.points: -5 is out of range"},
		{"a rule of an unknown tier", "earn: {points", "match: {tier: [silver]}\n      earn: {points", `16:22 spec.rules[0].match.tier: there is no tier "silver"`},
		{"a rule twice", "id: share", "id: spend", `18:11 spec.rules[1].id: rule "spend" stands here twice`},
		{"a tier twice", "id: gold", "id: normal", `12:14 spec.tiers.levels[1].id: tier "normal" stands here twice`},
		{"tiers that descend", "from: 2000000", "from: -1", "12:26 spec.tiers.levels[1].from: -1 is out of range"},
		{"points for refunds", "on: shop.order.paid.v1", "on: shop.order.refunded.v1", `15:11 spec.rules[0].on: no rule can earn on "shop.order.refunded.v1"`},
		{"points for clicks", "on: shop.share.created.v1", "on: shop.share.clicked.v1", `19:11 spec.rules[1].on: no rule can earn on "shop.share.clicked.v1"`},
		{"no maximum at all", `max_multiplier: "10"`, `max_multiplier: "0"`, "25:19 spec.max_multiplier: 0 is below 1"},
		{"a milestone of no points", "  max_m", "  milestones:\n    - {id: m, when: {available: 0}, coupon: {template: t}}\n  max_m", "26:33 spec.milestones[0].when.available: 0 is out of range"},
		{"a window into the past", "      tier_multiplier: true", "      pending: {days: -7}", "17:23 spec.rules[0].pending.days: -7 is out of range"},
	}
}

// TestWhatCouldPumpPointsIsRefusedByLintAndPublish: a line and column for each, and nothing is published.
func TestWhatCouldPumpPointsIsRefusedByLintAndPublish(t *testing.T) {
	t.Chdir(t.TempDir())
	writeBook(t, "sound.yaml", soundBook)
	writeBook(t, "cases.yaml", soundCases)
	if out, err := runRules(t, nil, "lint", "sound.yaml"); err != nil {
		t.Fatalf("the sound book: %v\n%s", err, out)
	}
	for _, c := range pumping() {
		t.Run(c.name, func(t *testing.T) {
			writeBook(t, "book.yaml", soundBook)
			spoilBook(t, "book.yaml", c.from, c.to)
			if got := lintedFaults(t, "book.yaml"); !slices.Contains(got, "book.yaml:"+c.want) {
				t.Errorf("lint: got\n%s\nwant %s", strings.Join(got, "\n"), c.want)
			}
			topic := memoryTopic{documents: map[string][]byte{}}
			place, message, _ := strings.Cut(c.want, " ")
			_, err := runRules(t, topic, "publish", "book.yaml", "--cases", "cases.yaml")
			if err == nil || !strings.Contains(err.Error(), "book.yaml:"+place+": "+message) {
				t.Errorf("publish: got %v, want %s", err, c.want)
			}
			if len(topic.documents) != 0 {
				t.Error("it was published")
			}
		})
	}
}

// lintedFaults are the faults of the files as file:line:column message.
func lintedFaults(t *testing.T, files ...string) []string {
	t.Helper()
	out, err := runRules(t, nil, append([]string{"lint", "-o", "json"}, files...)...)
	if err == nil {
		t.Errorf("lint passes:\n%s", out)
	}
	var reports []linted
	if err := json.Unmarshal([]byte(out), &reports); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var all []string
	for _, r := range reports {
		for _, f := range r.Faults {
			all = append(all, fmt.Sprintf("%s:%d:%d %s", f.File, f.Line, f.Column, f.Message))
		}
	}
	return all
}

// TestVersionsThatOverlapAreRefused: at lint beside the files given with them, at publish beside what is published.
func TestVersionsThatOverlapAreRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	writeBook(t, "cases.yaml", soundCases)
	version := func(file, name, from string) {
		writeBook(t, file, strings.NewReplacer("2026-05}", name+"}", "2026-01-01T00:00:00+08:00", from).Replace(soundBook))
	}
	version("july.yaml", "2026-07", "2026-07-01T00:00:00+08:00")
	version("same.yaml", "2026-08", "2026-06-30T16:00:00Z")
	version("again.yaml", "2026-07", "2026-09-01T00:00:00+08:00")
	version("later.yaml", "2026-09", "2026-09-01T00:00:00+08:00")
	for file, want := range map[string]string{
		"same.yaml":  "5:19 spec.effective_from: version 2026-07 of july.yaml: another version starts at the same instant, and only one can be in force",
		"again.yaml": "3:33 metadata.version: 2026-07 of july.yaml: the version is published with other content, and a published version never changes",
	} {
		if got := lintedFaults(t, "july.yaml", file); !slices.Equal(got, []string{file + ":" + want}) {
			t.Errorf("lint: got %q, want %s", got, want)
		}
	}
	if out, err := runRules(t, nil, "lint", "july.yaml", "later.yaml"); err != nil {
		t.Errorf("one after the other: %v\n%s", err, out)
	}
	topic := memoryTopic{documents: map[string][]byte{}}
	publish := func(file string) error {
		_, err := runRules(t, topic, "publish", file, "--cases", "cases.yaml")
		return err
	}
	if err := publish("july.yaml"); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"same.yaml":  "same.yaml:5:19: spec.effective_from: version 2026-07: another version starts at the same instant",
		"again.yaml": "again.yaml:3:33: metadata.version: 2026-07: the version is published with other content",
	} {
		if err := publish(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("publish: got %v, want %s", err, want)
		}
	}
	if err := publish("later.yaml"); err != nil || len(topic.documents) != 2 {
		t.Errorf("%v, %d versions", err, len(topic.documents))
	}
}
