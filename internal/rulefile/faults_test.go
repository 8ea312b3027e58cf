package rulefile_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/rulefile"
	"jifen/topics"
)

// base is a good book; line numbers in the tests below count from its first line.
const base = `apiVersion: jifen/v1
kind: Rulebook
metadata: {name: shop, version: 2026-05}
spec:
  effective_from: 2026-01-01T00:00:00+08:00
  timezone: Asia/Shanghai
  currency: CNY
  validity: {period: 1y, rounding: day}
  clawback: debt
  tiers:
    metric: spend
    window: calendar_year
    keep: end_of_next_year
    downgrade: best
    levels:
      - {id: normal, from: 0, multiplier: "1"}
      - {id: gold, from: 2000000, multiplier: "2"}
  rules:
    - id: spend
      on: shop.order.paid.v1
      match: {category: [basic]}
      earn: {points: 1, per: 1000, mode: step}
  campaigns:
    - {id: june, on: earn, rules: [spend], multiplier: "2", from: 2026-06-01T00:00:00+08:00, to: 2026-07-01T00:00:00+08:00}
  max_multiplier: "10"
`

// faults parses and returns the faults' lines, columns and messages.
func faults(t testing.TB, text string) []string {
	t.Helper()
	b, err := rulefile.Parse("book.yaml", []byte(text))
	if err == nil {
		return nil
	}
	var all rulefile.Faults
	if !errors.As(err, &all) || len(all) == 0 || b != nil {
		t.Fatalf("got %v and %T, want no book and Faults", b, err)
	}
	got := make([]string, len(all))
	for i, f := range all {
		if f.Expected == "" || f.Source == "" && f.Line > 1 {
			t.Errorf("%s: does not say what was expected, or where", f)
		}
		got[i] = fmt.Sprintf("%d:%d %s", f.Line, f.Column, f.Message)
	}
	return got
}

func TestEveryFaultHasItsPlace(t *testing.T) {
	if got := faults(t, base); got != nil {
		t.Fatalf("the base has faults: %v", got)
	}
	const earn, level, camp, rule = "      earn: {points: 1, per: 1000, mode: step}", "      - {id: gold, from: 2000000, multiplier: \"2\"}", "multiplier: \"2\", from", "    - id: spend\n"
	for _, c := range []struct{ name, from, to, want string }{
		{"leaderboard", "  max_multiplier", "  leaderboard: {periods: [month, day]}\n  max_multiplier", "25:34 spec.leaderboard.periods: there is no period \"day\""},
		{"leaderboard twice", "  max_multiplier", "  leaderboard: {periods: [year, year]}\n  max_multiplier", "25:33 spec.leaderboard.periods: \"year\" stands here twice"},
		{"unknown key", "currency: CNY", "curency: CNY", `7:3 spec: unknown key "curency"`},
		{"key twice", "  clawback: debt\n", "  clawback: debt\n  clawback: debt\n", `10:3 spec: key "clawback" stands here twice`},
		{"other api", "jifen/v1", "jifen/v2", `1:13 apiVersion is "jifen/v2"`},
		{"other kind", "Rulebook", "Book", `2:7 kind is "Book"`},
		{"no version", ", version: 2026-05", "", `3:11 metadata: "version" is missing`},
		{"no offset", "2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00", `5:19 spec.effective_from: "2026-01-01T00:00:00" is no time with an offset`},
		{"no start", "  effective_from: 2026-01-01T00:00:00+08:00\n", "", `5:3 spec: "effective_from" is missing`},
		{"zone", "Asia/Shanghai", "Asia/Shanghia", `6:13 spec.timezone: there is no zone "Asia/Shanghia"`},
		{"local zone", "Asia/Shanghai", "Local", `6:13 spec.timezone: there is no zone "Local"`},
		{"currency", "CNY", "RMB", `7:13 spec.currency: there is no currency "RMB"`},
		{"small currency", "CNY", "cny", `7:13 spec.currency: there is no currency "cny"`},
		{"period", "1y", "1 year", `8:22 spec.validity.period: "1 year" is no period`},
		{"rounding", "rounding: day", "rounding: week", `8:36 spec.validity.rounding: unknown value "week"`},
		{"clawback", "clawback: debt", "clawback: never", `9:13 spec.clawback: unknown value "never"`},
		{"first level", "from: 0", "from: 1", `16:28 spec.tiers.levels[0].from is 1`},
		{"levels descend", "from: 2000000", "from: 0", `17:26 spec.tiers.levels[1].from: 0 is not above the level before it`},
		{"level twice", "id: gold", "id: normal", `17:14 spec.tiers.levels[1].id: tier "normal" stands here twice`},
		{"tier multiplier", `multiplier: "2"}`, `multiplier: "11"}`, `17:47 spec.tiers.levels[1].multiplier: 11 is above max_multiplier`},
		{"no multiplier at all", `multiplier: "2"}`, `multiplier: "0"}`, `17:47 spec.tiers.levels[1].multiplier: a multiplier of 0 would take every point`},
		{"negative multiplier", `multiplier: "2"}`, `multiplier: -2}`, `17:47 spec.tiers.levels[1].multiplier: "-2" is no rate`},
		{"window", "calendar_year", "rolling_6_months", `12:13 spec.tiers.window: unknown value "rolling_6_months"`},
		{"keep", "end_of_next_year", "for_ever", `13:11 spec.tiers.keep: unknown value "for_ever"`},
		{"downgrade", "best", "two_down", `14:16 spec.tiers.downgrade: unknown value "two_down"`},
		{"who rules", "downgrade: best", "ruled_by: shop", `14:15 spec.tiers.ruled_by: unknown value "shop"`},
		{"no notice", "  clawback: debt", "  notices: {}", `9:12 spec.notices names no notice`},
		{"notice after", "  clawback: debt", "  notices: {expiry: [30, 0]}", `9:26 spec.notices.expiry: 0 is out of range`},
		{"notice before all", "  clawback: debt", "  notices: {expiry: [366]}", `9:22 spec.notices.expiry: 366 is out of range`},
		{"notice twice", "  clawback: debt", "  notices: {expiry: [7, 7]}", `9:25 spec.notices.expiry: 7 stands here twice`},
		{"notice in words", "  clawback: debt", "  notices: {expiry: [7d]}", `9:22 spec.notices.expiry: an element is text`},
		{"digest", "  clawback: debt", "  notices: {digest: monthly}", `9:21 spec.notices.digest: unknown value "monthly"`},
		{"fall", "  clawback: debt", "  notices: {tier_fall: 0}", `9:24 spec.notices.tier_fall: 0 is out of range`},
		{"unknown notice", "  clawback: debt", "  notices: {birthday: 1}", `9:13 spec.notices: unknown key "birthday"`},
		{"never told", "  clawback: debt", "  no_expiry_without_notice: true", `9:29 spec.no_expiry_without_notice: no point would ever expire`},
		{"told or not", "  clawback: debt", "  no_expiry_without_notice: often", `9:29 spec.no_expiry_without_notice is text`},
		{"rule twice", "  campaigns:", rule + "      on: shop.order.paid.v1\n      earn: {fixed: 1}\n  campaigns:", `23:11 spec.rules[1].id: rule "spend" stands here twice`},
		{"no event", "shop.order.paid.v1", "shop.order.refunded.v1", `20:11 spec.rules[0].on: no rule can earn on "shop.order.refunded.v1"`},
		{"match of another event", "{category: [basic]}", "{min_length: 3}", `21:27 spec.rules[0].match.min_length: events shop.order.paid.v1 have none`},
		{"unknown tier", "{category: [basic]}", "{tier: [gold, silver]}", `21:28 spec.rules[0].match.tier: there is no tier "silver"`},
		{"scalar for a list", "[basic]", "basic", `21:25 spec.rules[0].match.category is text`},
		{"empty list", "[basic]", "[]", `21:25 spec.rules[0].match.category is an empty list`},
		{"value twice", "[basic]", "[basic, basic]", `21:33 spec.rules[0].match.category: "basic" stands here twice`},
		{"zero step", "per: 1000", "per: 0", `22:30 spec.rules[0].earn.per: 0 is out of range`},
		{"negative points", "points: 1,", "points: -1,", `22:22 spec.rules[0].earn.points: -1 is out of range`},
		{"fraction of a point", "points: 1,", "points: 0.5,", `22:22 spec.rules[0].earn.points is a number`},
		{"quoted points", "points: 1,", `points: "1",`, `22:22 spec.rules[0].earn.points is text`},
		{"hexadecimal points", "points: 1,", "points: 0x10,", `22:22 spec.rules[0].earn.points: 0x10 is out of range`},
		{"too many points", "points: 1,", "points: 9223372036854775807,", `19:7 rule spend: the largest event at multiplier 2 earns more points than can be counted`},
		{"two ways to earn", "per: 1000, mode: step", "per: 1000, fixed: 5", `22:13 spec.rules[0].earn does not say one way to earn`},
		{"no way to earn", "per: 1000, mode: step", "mode: step", `22:13 spec.rules[0].earn does not say one way to earn`},
		{"amount of no amount", "shop.order.paid.v1\n      match: {category: [basic]}", "shop.share.created.v1", `21:13 spec.rules[0].earn: events shop.share.created.v1 have no amount or quantity to earn by`},
		{"mode of a fixed rule", "points: 1, per: 1000, mode: step", "fixed: 5, mode: step", `22:30 spec.rules[0].earn.mode has no meaning here`},
		{"holdout", earn, earn + "\n      holdout: {percent: 101}", `23:26 spec.rules[0].holdout.percent: 101 is out of range`},
		{"priority", earn, earn + "\n      priority: high", `23:17 spec.rules[0].priority is text`},
		{"flag", earn, earn + "\n      tier_multiplier: yes", `23:24 spec.rules[0].tier_multiplier is text`},
		{"unknown rule", "rules: [spend]", "rules: [spent]", `24:36 spec.campaigns[0].rules: there is no rule "spent"`},
		{"campaign multiplier", camp, `multiplier: "10.5", from`, `24:56 spec.campaigns[0].multiplier: 10.5 is above max_multiplier`},
		{"campaign without multiplier", camp, "from", `24:7 spec.campaigns[0]: "multiplier" is missing`},
		{"campaign of an unknown tier", "rules: [spend]", "tier: [gold, platinum]", `24:41 spec.campaigns[0].tier: there is no tier "platinum"`},
		{"campaign ends before it begins", "to: 2026-07-01", "to: 2026-06-01", `24:98 spec.campaigns[0].to is not after its from`},
		{"empty max", `"10"`, `""`, `25:19 spec.max_multiplier is empty`},
		{"max below 1", `"10"`, `"0.5"`, `25:19 spec.max_multiplier: 0.5 is below 1`},
		{"empty section", level, level + "\n  validity:", `18:3 spec: key "validity" stands here twice`},
		{"anchor", "[basic]", "&x [basic]", `21:25 spec.rules[0].match.category is an anchor or alias, which rule files do not have`},
		{"merge key", "  clawback: debt", "  <<: {clawback: debt}", `9:3 spec: key << is not supported`},
		{"tag", "CNY", "!!str CNY", `7:13 spec.currency is a tagged value, which rule files do not have`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(base, c.from, c.to, 1)
			got := faults(t, text)
			if len(got) == 0 || c.want != "" && !slices.Contains(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
}

func TestFaultsOfAWindowHaveTheirPlace(t *testing.T) {
	const (
		earn   = "      earn: {points: 1, per: 1000, mode: step}\n"
		signed = "    - {id: s, on: shop.member.signed_in.v1, earn: {fixed: 1}, pending: {until: completed}}\n"
	)
	window := func(text string) [2]string { return [2]string{earn, earn + "      pending: " + text + "\n"} }
	for _, c := range []struct {
		name   string
		change [2]string
		want   string
	}{
		{"of nothing", window("{}"), "23:16 spec.rules[0].pending does not say how long"},
		{"of both", window("{days: 7, until: completed}"), "23:33 spec.rules[0].pending says two windows"},
		{"text", window("7d"), "23:16 spec.rules[0].pending: is text"},
		{"negative", window("{days: -1}"), "23:23 spec.rules[0].pending.days: -1 is out of range"},
		{"a fraction", window("{days: 0.5}"), "23:23 spec.rules[0].pending.days is a number"},
		{"longer than ten years", window("{days: 3651}"), "23:23 spec.rules[0].pending.days: 3651 is out of range"},
		{"unknown end", window("{until: delivered}"), `23:24 spec.rules[0].pending.until: unknown value "delivered"`},
		{"unknown key", window("{hours: 3}"), `23:17 spec.rules[0].pending: unknown key "hours"`},
		{"of what is not completed", [2]string{"  campaigns:\n", signed + "  campaigns:\n"}, "23:80 spec.rules[1].pending.until: events shop.member.signed_in.v1 are not completed"},
		{"unknown start of validity", [2]string{"rounding: day}", "rounding: day, from: payment}"}, `8:47 spec.validity.from: unknown value "payment"`},
		{"metric", [2]string{"    metric: spend\n", "    metric: spend\n    count_pending: 1\n"}, "12:20 spec.tiers.count_pending is a number"},
		{"longer than the points live", [2]string{earn, earn + "      pending: {days: 8}\n      validity: {period: 7d, from: earning}\n"}, "23:16 spec.rules[0].pending: the points would expire before they can be spent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := faults(t, strings.Replace(base, c.change[0], c.change[1], 1))
			if !slices.Contains(got, c.want) {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
	for _, good := range []string{"{days: 0}", "{days: 3650}", "{until: completed}", "{days: 7}\n      validity: {period: 7d, from: earning}"} {
		change := window(good)
		if got := faults(t, strings.Replace(base, change[0], change[1], 1)); got != nil {
			t.Errorf("%s: got %v, want none", good, got)
		}
	}
}

func TestFaultsOfCapsAndLimitsHaveTheirPlace(t *testing.T) {
	const earn = "      earn: {points: 1, per: 1000, mode: step}\n"
	share := func(text string) string {
		return earn + "    - {id: s, on: shop.share.created.v1, earn: {fixed: 10}, " + text + "}\n"
	}
	for _, c := range []struct{ name, to, want string }{
		{"cap below 1", earn + "      cap: {points: 0, per: day}\n", "23:21 spec.rules[0].cap.points: 0 is out of range"},
		{"a fraction", earn + "      cap: {points: 1.5, per: day}\n", "23:21 spec.rules[0].cap.points is a number"},
		{"no points", earn + "      cap: {per: day}\n", `23:12 spec.rules[0].cap: "points" is missing`},
		{"no period", earn + "      cap: {points: 30}\n", `23:12 spec.rules[0].cap: "per" is missing`},
		{"unknown period", earn + "      cap: {points: 30, per: hour}\n", `23:30 spec.rules[0].cap.per: unknown value "hour"`},
		{"cap by", earn + "      cap: {points: 30, per: day, by: product}\n", `23:35 spec.rules[0].cap: unknown key "by"`},
		{"text", earn + "      cap: 30\n", "23:12 spec.rules[0].cap: is a number"},
		{"limit below 1", earn + "      limit: {times: -1, per: ever}\n", "23:22 spec.rules[0].limit.times: -1 is out of range"},
		{"no times", earn + "      limit: {per: ever}\n", `23:14 spec.rules[0].limit: "times" is missing`},
		{"unknown period of a limit", earn + "      limit: {times: 1, per: calendar_year}\n", `23:30 spec.rules[0].limit.per: unknown value "calendar_year"`},
		{"by what orders have not", earn + "      limit: {times: 1, per: day, by: product}\n", "23:39 spec.rules[0].limit.by: events shop.order.paid.v1 have no product to count by"},
		{"by what shares have not", share("limit: {times: 1, per: day, by: sku}"), "23:93 spec.rules[1].limit.by: events shop.share.created.v1 have no sku to count by"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := faults(t, strings.Replace(base, earn, c.to, 1)); !slices.Contains(got, c.want) {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
	good := parse(t, strings.Replace(base, earn, share("limit: {times: 1, per: week, by: product}, cap: {points: 30, per: ever}"), 1))
	if diff := cmp.Diff([]any{good.Rules[1].Limit, good.Rules[1].Cap}, []any{
		topics.Limit{Times: 1, Per: topics.PerWeek, By: "product"}, topics.Cap{Points: 30, Per: topics.PerEver},
	}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestFaultsOfBudgetsHaveTheirPlace(t *testing.T) {
	const camp = "    - {id: june, on: earn, rules: [spend],"
	second := func(text string) string { return "    - {id: second, on: earn, multiplier: \"2\", " + text + "}\n" }
	for _, c := range []struct{ name, from, to, want string }{
		{"of nothing", "rules: [spend]", "budget: {points: 0}", "24:45 spec.campaigns[0].budget.points: 0 is out of range"},
		{"without points", "rules: [spend]", "budget: {}", `24:36 spec.campaigns[0].budget: "points" is missing`},
		{"money", "rules: [spend]", "budget: {money: 5}", `24:37 spec.campaigns[0].budget: unknown key "money"`},
		{"of what adds nothing", `multiplier: "2", from`, `multiplier: "1", budget: {points: 5}, from`, "24:69 spec.campaigns[0].budget: a campaign at multiplier 1 adds no points"},
		{"of two groups", camp, second("group: a, budget: {points: 5}") + camp + " budget: {points: 7},", `25:52 spec.campaigns[1].budget: campaign "second" of another group has a budget on the same rules`},
		{"of one group", camp, second("budget: {points: 5}") + camp + " budget: {points: 7},", ""},
		{"and none", camp, second("group: a") + camp + " budget: {points: 7},", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := faults(t, strings.Replace(base, c.from, c.to, 1))
			if c.want == "" && got != nil || c.want != "" && !slices.Contains(got, c.want) {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestAllFaultsAreReportedAtOnceWithTheirLine(t *testing.T) {
	text := strings.NewReplacer("CNY", "XYZ1", "per: 1000", "per: 0", "[spend]", "[nothing]").Replace(base)
	_, err := rulefile.Parse("book.yaml", []byte(text))
	want := `book.yaml:7:13: spec.currency: there is no currency "XYZ1" (expected an ISO 4217 code such as CNY)
book.yaml:22:30: spec.rules[0].earn.per: 0 is out of range (expected a whole number of at least 1)
book.yaml:24:36: spec.campaigns[0].rules: there is no rule "nothing" (expected one of spend)`
	if diff := cmp.Diff(err.Error(), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	var all rulefile.Faults
	errors.As(err, &all)
	snippet := "    7 |   currency: XYZ1\n                    ^"
	if diff := cmp.Diff(all[0].Snippet(), snippet); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestFilesThatAreNoYAML(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", "1:1 the file is empty"},
		"a comment":    {"# nothing\n", "1:1 the file is empty"},
		"unclosed":     {"a: [1\n", ""},
		"indentation":  {"a: 1\n  b: 2\n", "1:4 mapping value is not allowed in this context"},
		"no mapping":   {"- a\n", "1:1 is a list"},
		"text":         {"积分", "1:1 is text"},
		"not UTF-8":    {"a: 1\nb: \xff\n", "2:1 the line is not UTF-8"},
		"deep":         {deep, "1:33 values are nested too deeply"},
		"deep list":    {strings.Repeat("- ", 100_000), "1:129 values are nested too deeply"},
		"deep block":   {strings.Repeat(" ", 200) + "a: 1", "1:201 values are nested too deeply"},
		"large":        {strings.Repeat("a", 600<<10), "1:1 the file has 614400 bytes"},
		"two books":    {base + "---\n" + base, "27:1 a second document begins here"},
		"number key":   {"5: a\n", "1:1 key 5 is not supported"},
		"spec missing": {"apiVersion: jifen/v1\nkind: Rulebook\nmetadata: {name: a, version: b}\n", `1:1 "spec" is missing`},
		"spec is text": {"apiVersion: jifen/v1\nkind: Rulebook\nmetadata: {name: a, version: b}\nspec: x\n", `4:7 spec: is text`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := faults(t, c.text); len(got) == 0 || c.want != "" && got[0] != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}
