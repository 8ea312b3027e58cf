package rulediff_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/cmd/jifen/rulediff"
	"jifen/internal/rulefile"
	"jifen/rulebooks"
	"jifen/topics"
)

func retail(t *testing.T) *topics.Rulebook {
	t.Helper()
	text, err := rulebooks.FS.ReadFile("retail.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b, err := rulefile.Parse("retail.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rule(b *topics.Rulebook, id string) *topics.Rule {
	return &b.Rules[slices.IndexFunc(b.Rules, func(r topics.Rule) bool { return r.ID == id })]
}

// lines are changes in short.
func lines(changes []rulediff.Change) []string {
	var all []string
	for _, c := range changes {
		for _, f := range c.Fields {
			all = append(all, fmt.Sprintf("%s %s %s: %s: %s > %s", c.Change, c.Thing, c.ID, f.Name, f.Old, f.New))
		}
	}
	return all
}

// TestDiffSaysWhatChangedInWords: money in the currency's decimals, rates exactly, times in the book's zone.
func TestDiffSaysWhatChangedInWords(t *testing.T) {
	x, y := retail(t), retail(t)
	y.Version, y.From = "2026-06", time.Date(2026, 6, 1, 0, 0, 0, 0, x.Zone)
	y.Validity = topics.Validity{Months: 18, Rounding: topics.RoundQuarter, FromEarning: true}
	y.Clawback, y.MaxMultiplier, y.PointCost = topics.ClawbackBalance, topics.NoMaximum(), topics.Ratio{Num: 4, Den: 5}
	y.Tiers.Downgrade, y.Tiers.CountPending = "one_down", true
	rule(x, "spend-new").Pending, rule(y, "spend-new").Pending = topics.Pending{Days: 7}, topics.Pending{Completed: true}
	y.Tiers.Levels[1].From, y.Tiers.Levels[2].Multiplier = 600050, topics.Ratio{Num: 7, Den: 3}
	basic := rule(y, "spend-basic")
	basic.Per, basic.Match.Category, basic.TierMultiplier, basic.HoldoutPercent = 800, []string{"shoes", "basic"}, false, 5
	basic.Validity = &topics.Validity{Days: 90, Rounding: topics.RoundDay}
	y.Rules = slices.DeleteFunc(y.Rules, func(r topics.Rule) bool { return r.ID == "register" })
	y.Rules = append([]topics.Rule{{ID: "yen", On: topics.TypeOrderPaid, Mode: topics.ModeProportional, Points: 2, Per: 100}}, y.Rules...)
	y.Campaigns[0].To, y.Campaigns[0].Rules = time.Time{}, nil
	y.Milestones = []topics.Milestone{{ID: "m", Available: 5000, Per: topics.PerMonth, Template: "t"}}
	want := []string{
		"changed book : effective_from: 2026-01-01T00:00:00+08:00 > 2026-06-01T00:00:00+08:00",
		"changed book : version: 2026-05 > 2026-06",
		"changed book : validity: 1 year > 18 months, to the end of the quarter, from earning",
		"changed book : clawback: debt > within_balance",
		"changed book : max_multiplier: ×10 > none",
		"changed book : point_cost: 0.7 of the smallest unit of CNY > 0.8 of the smallest unit of CNY",
		"changed book : tiers.downgrade: best > one_down",
		"changed book : tiers.count_pending:  > yes",
		"changed tier silver: from: 5000.00 CNY > 6000.50 CNY",
		"changed tier gold: multiplier: ×2 > ×7/3",
		"added rule yen: on:  > shop.order.paid.v1",
		"added rule yen: earn:  > 2 points per 1.00 CNY, in proportion",
		"changed rule spend-basic: match.category: basic > basic, shoes",
		"changed rule spend-basic: earn: 1 point for every full 10.00 CNY > 1 point for every full 8.00 CNY",
		"changed rule spend-basic: validity:  > 90 days",
		"changed rule spend-basic: holdout:  > 5 %",
		"changed rule spend-basic: tier_multiplier: yes > ",
		"changed rule spend-new: pending: for 7 days > until the order is completed",
		"removed rule register: on: shop.member.registered.v1 > ",
		"removed rule register: earn: 50 points > ",
		"changed campaign double-june: rules: spend-new > all",
		"changed campaign double-june: to: 2026-07-01T00:00:00+08:00 > ",
		"added milestone m: available:  > 5000",
		"added milestone m: per:  > month",
		"added milestone m: template:  > t",
	}
	if d := cmp.Diff(lines(rulediff.Diff(x, y)), want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}

// TestOrderAndListsDoNotCount: two books that mean the same do not differ.
func TestOrderAndListsDoNotCount(t *testing.T) {
	x, y := retail(t), retail(t)
	rule(x, "spend-basic").Match.Category = []string{"a", "b"}
	rule(y, "spend-basic").Match.Category = []string{"b", "a"}
	slices.Reverse(y.Rules)
	slices.Reverse(y.Campaigns)
	y.From = y.From.UTC()
	if got := rulediff.Diff(x, y); len(got) > 0 {
		t.Errorf("got %v", lines(got))
	}
}

// TestEveryFieldOfABookCounts: whatever a rulebook has, now or one day, a change of it is seen.
func TestEveryFieldOfABookCounts(t *testing.T) {
	for path, change := range changes(reflect.TypeFor[topics.Rulebook](), "book") {
		x, y := full(), full()
		change(reflect.ValueOf(y).Elem())
		if len(rulediff.Diff(x, y)) == 0 {
			t.Errorf("a change of %s is not seen", path)
		}
	}
}

// full is a book with one of each.
func full() *topics.Rulebook {
	r := topics.One()
	return &topics.Rulebook{
		Zone: time.UTC, Validity: topics.Validity{Years: 1}, MaxMultiplier: r, PointCost: r, Rules: []topics.Rule{{ID: "r", Validity: &topics.Validity{Years: 1}}},
		Campaigns: []topics.Campaign{{ID: "c", Multiplier: r}}, Redeem: []topics.Redeem{{ID: "d", Price: r}}, Tiers: topics.Tiers{Metric: "spend", Levels: []topics.Level{{ID: "l", Multiplier: r}}},
	}
}

// changes are, for every field of a type at any depth, what changes it.
func changes(typ reflect.Type, path string) map[string]func(reflect.Value) {
	all := map[string]func(reflect.Value){}
	for i := range typ.NumField() {
		f := typ.Field(i)
		name := path + "." + f.Name
		inner := func(t reflect.Type, into func(reflect.Value) reflect.Value) {
			for path, change := range changes(t, name) {
				all[path] = func(v reflect.Value) { change(into(v.Field(i))) }
			}
		}
		set := func(to any) {
			all[name] = func(v reflect.Value) { v.Field(i).Set(reflect.ValueOf(to).Convert(f.Type)) }
		}
		switch {
		case f.Type == reflect.TypeFor[time.Time]():
			set(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
		case f.Type == reflect.TypeFor[*time.Location]():
			set(time.FixedZone("there", 3600))
		case f.Type == reflect.TypeFor[topics.Ratio]():
			set(topics.Ratio{Num: 7, Den: 5})
		case f.Type == reflect.TypeFor[[]string]():
			set([]string{"a"})
		case f.Type == reflect.TypeFor[[]int]():
			set([]int{7})
		case f.Type.Kind() == reflect.Struct:
			inner(f.Type, func(v reflect.Value) reflect.Value { return v })
		case f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct:
			inner(f.Type.Elem(), func(v reflect.Value) reflect.Value {
				if v.IsNil() {
					v.Set(reflect.New(f.Type.Elem()))
				}
				return v.Elem()
			})
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			inner(f.Type.Elem(), func(v reflect.Value) reflect.Value {
				if v.Len() == 0 {
					v.Set(reflect.MakeSlice(f.Type, 1, 1))
				}
				return v.Index(0)
			})
		case f.Type.Kind() == reflect.String:
			set("month") // a rounding, too
		case f.Type.Kind() == reflect.Bool:
			set(true)
		default:
			set(int64(77))
		}
	}
	return all
}
