package rulefile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/rulefile"
	"jifen/topics"
)

const spendEarn = "      earn: {points: 1, per: 1000, mode: step}"

// TestRuleForSharers: what it says, and what holds where it does not say (D6).
func TestRuleForSharers(t *testing.T) {
	for text, within := range map[string]time.Duration{
		"":                    30 * 24 * time.Hour,
		"\n      within: 14d": 14 * 24 * time.Hour,
		"\n      limit: {times: 1, per: ever, by: buyer}\n      within: 3650d": 3650 * 24 * time.Hour,
	} {
		b, err := rulefile.Parse("book.yaml", []byte(strings.Replace(base, spendEarn, "      earn: {fixed: 50, to: referrer}"+text, 1)))
		if err != nil {
			t.Fatal(err)
		}
		r := b.Rules[0]
		if d := cmp.Diff([]any{r.Referrer, r.Mode, r.Points, r.Within}, []any{true, topics.ModeFixed, int64(50), within}); d != "" {
			t.Errorf("%q (-got +want):\n%s", text, d)
		}
	}
}

// TestFaultsOfARuleForSharersHaveTheirPlace.
func TestFaultsOfARuleForSharersHaveTheirPlace(t *testing.T) {
	const to = "      earn: {fixed: 50, to: referrer}"
	for _, c := range []struct{ name, from, to, want string }{
		{"within of another rule", spendEarn, spendEarn + "\n      within: 30d", "23:15 spec.rules[0].within has no meaning here"},
		{"for somebody else", spendEarn, "      earn: {fixed: 50, to: buyer}", `22:29 spec.rules[0].earn.to: unknown value "buyer"`},
		{"by the amount", spendEarn, "      earn: {points: 1, per: 1000, to: referrer}", "22:13 spec.rules[0].earn.to: a sharer earns the same for every order"},
		{"no days", spendEarn, to + "\n      within: 1y", `23:15 spec.rules[0].within: "1y" is no number of days`},
		{"too many days", spendEarn, to + "\n      within: 3651d", "23:15 spec.rules[0].within: 3651d is out of range"},
		{"twice", spendEarn, to + "\n      limit: {times: 2, per: ever, by: buyer}", "23:22 spec.rules[0].limit.times: a referral is once per buyer"},
		{"a day", spendEarn, to + "\n      limit: {times: 1, per: day, by: buyer}", "23:30 spec.rules[0].limit.per: a referral is once per buyer"},
		{"by whom", spendEarn, to + "\n      limit: {times: 1, per: ever}", `23:14 spec.rules[0].limit: "by" is missing`},
		{"the sharer's tier", spendEarn, to + "\n      tier_multiplier: true", "23:24 spec.rules[0].tier_multiplier has no meaning for a sharer's points"},
		{"a group", spendEarn, to + "\n      exclusive: g", "23:18 spec.rules[0].exclusive has no meaning for a sharer's points"},
		{"a hold-out", spendEarn, to + "\n      holdout: {percent: 5}", "23:16 spec.rules[0].holdout has no meaning for a sharer's points"},
		{"completion", spendEarn, to + "\n      pending: {until: completed}", "23:16 spec.rules[0].pending: a sharer's points cannot wait for another member's order"},
		{"a click", "shop.order.paid.v1", "shop.share.clicked.v1", `20:11 spec.rules[0].on: no rule can earn on "shop.share.clicked.v1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(base, c.from, c.to, 1)
			if got := faults(t, text); !slices.Contains(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
	text := strings.Replace(strings.Replace(base, spendEarn, to, 1), "shop.order.paid.v1", "shop.review.published.v1", 1)
	if want := "22:13 spec.rules[0].earn.to: events shop.review.published.v1 come through nobody's share"; !slices.Contains(faults(t, text), want) {
		t.Errorf("got %v", faults(t, text))
	}
}
