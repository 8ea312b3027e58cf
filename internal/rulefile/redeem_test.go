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

// withRedeem is the base with a rebate in line 23 and campaigns from line 25 on.
func withRedeem(rebate, campaigns string) string {
	before, _, _ := strings.Cut(base, "  campaigns:\n")
	return before + rebate + "\n  campaigns:\n" + campaigns
}

const fivePercent = `  rebate: {rate: "0.05"}`

func TestRedeemCampaignsAreRead(t *testing.T) {
	b, err := rulefile.Parse("book.yaml", []byte(withRedeem(fivePercent, `
    - {id: anniversary, on: redeem, price: "0.8", items: all, from: 2026-06-18T00:00:00+08:00, to: 2026-06-21T00:00:00+08:00,
       name: {zh: 周年庆, en: Anniversary}, entrance: true, picture: /pictures/sale.svg}
    - {id: double-return, on: redeem, rebate_multiplier: 2, zone: double}
    - {id: cups, on: redeem, price: 0.9, items: [cup, mug], categories: [home], tier: [gold]}
    - {id: june, on: earn, multiplier: "2", entrance: true}
`)))
	if err != nil {
		t.Fatal(err)
	}
	at := func(day int) time.Time { return time.Date(2026, 6, day, 0, 0, 0, 0, b.Zone) }
	want := []topics.Redeem{
		{ID: "anniversary", Price: topics.Ratio{Num: 4, Den: 5}, From: at(18), To: at(21), Shown: topics.Showing{NameZH: "周年庆", NameEN: "Anniversary", Entrance: true, Picture: "/pictures/sale.svg"}},
		{ID: "double-return", RebateMultiplier: topics.Ratio{Num: 2, Den: 1}, Zone: "double"},
		{ID: "cups", Price: topics.Ratio{Num: 9, Den: 10}, Items: []string{"cup", "mug"}, Categories: []string{"home"}, Tier: []string{"gold"}},
	}
	if d := cmp.Diff(b.Redeem, want, cmp.Comparer(func(x, y time.Time) bool { return x.Equal(y) })); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	if want := (topics.Ratio{Num: 1, Den: 20}); b.Rebate != want {
		t.Errorf("rebate %v", b.Rebate)
	}
	if len(b.Campaigns) != 1 || !b.Campaigns[0].Shown.Entrance {
		t.Errorf("earn campaigns %+v", b.Campaigns)
	}
}

// TestVector/X8: a configuration that gives all points back, or more, is refused where it says so.
func TestVector(t *testing.T) {
	t.Run("X8", func(t *testing.T) {
		const double = "    - {id: d, on: redeem, rebate_multiplier: 2, zone: double}\n"
		got := faults(t, withRedeem(`  rebate: {rate: "0.5"}`, double))
		want := []string{"25:46 spec.campaigns[0].rebate_multiplier: a rebate of 0.5 times 2 gives all points back, or more"}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("(-got +want):\n%s", d)
		}
		if got := faults(t, withRedeem(`  rebate: {rate: "0.499"}`, double)); got != nil {
			t.Errorf("99.8 %%: %v", got)
		}
	})
}

func TestFaultsOfRedeemCampaignsHaveTheirPlace(t *testing.T) {
	const good = "    - {id: a, on: redeem, price: \"0.8\"}\n"
	change := func(from, to string) string { return withRedeem(fivePercent, strings.Replace(good, from, to, 1)) }
	for _, c := range []struct{ name, text, want string }{
		{"nothing", change(`, price: "0.8"`, ""), `25:7 spec.campaigns[0]: "price" or "rebate_multiplier" is missing`},
		{"full price", change("0.8", "1"), "25:34 spec.campaigns[0].price: 1 of the price is no lower price"},
		{"no rate", change("0.8", "-0.8"), `25:34 spec.campaigns[0].price: "-0.8" is no rate`},
		{"a rule", change("price", "rules: [spend], price"), "25:34 spec.campaigns[0].rules has no meaning here"},
		{"some items", change(`"0.8"`, `"0.8", items: some`), `25:48 spec.campaigns[0].items: "some" is no list of items`},
		{"no items", change(`"0.8"`, `"0.8", items: []`), "25:48 spec.campaigns[0].items is an empty list"},
		{"unknown tier", change(`"0.8"`, `"0.8", tier: [wood]`), `25:48 spec.campaigns[0].tier: there is no tier "wood"`},
		{"less back", change(`price: "0.8"`, `rebate_multiplier: "0.5"`), "25:46 spec.campaigns[0].rebate_multiplier: 0.5 would give less back"},
		{"picture", change(`"0.8"`, `"0.8", picture: "javascript:x"`), `25:50 spec.campaigns[0].picture: "javascript:x" is no picture's address`},
		{"another host", change(`"0.8"`, `"0.8", picture: //x/y.png`), `25:50 spec.campaigns[0].picture: "//x/y.png" is no picture's address`},
		{"name", change(`"0.8"`, `"0.8", name: sale`), "25:47 spec.campaigns[0].name: is text"},
		{"twice", withRedeem(fivePercent, good+good), `26:12 spec.campaigns[1].id: campaign "a" stands here twice`},
		{"as an earn campaign", withRedeem(fivePercent, good+"    - {id: a, on: earn, multiplier: \"2\"}\n"), `26:12 spec.campaigns[1].id: campaign "a" stands here twice`},
		{"all points back", withRedeem(`  rebate: {rate: "1"}`, good), "23:18 spec.rebate.rate: a rebate of 1"},
		{"no rebate rate", withRedeem(`  rebate: {}`, good), `23:11 spec.rebate: "rate" is missing`},
		{"rebate of 0", withRedeem(`  rebate: {rate: 0}`, good), "23:18 spec.rebate.rate: a rebate of 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := faults(t, c.text); !slices.Contains(got, c.want) {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}
