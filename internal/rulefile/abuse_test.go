package rulefile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/rulefile"
	"jifen/topics"
)

// withAbuse is the base with abuse rules from line 26 on.
func withAbuse(text string) string { return base + "  abuse:\n" + text }

func TestAbuseRulesAreRead(t *testing.T) {
	b, err := rulefile.Parse("book.yaml", []byte(withAbuse(`
    - {id: many-shares, on: shop.share.created.v1, more_than: 20, within: 1h, freeze: account, review: 14d}
    - {id: many-refunds, on: shop.order.refunded.v1, more_than: 5, within: 30m, freeze: none}
    - {id: own-link, on: self_referral, freeze: lots, review: 7d}
    - {id: own-link-often, on: self_referral, more_than: 2, within: 7d, freeze: account, review: 7d}
    - {id: one-device, shared: device, more_than: 5, within: 30d, freeze: account, review: 14d}
    - {id: one-address, shared: address, more_than: 8, within: 90d, freeze: none}
`)))
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	want := []topics.AbuseRule{
		{ID: "many-shares", On: topics.TypeShareCreated, MoreThan: 20, Within: time.Hour, Freeze: topics.FreezeAccount, Review: 14},
		{ID: "many-refunds", On: topics.TypeOrderRefunded, MoreThan: 5, Within: 30 * time.Minute, Freeze: topics.FreezeNone},
		{ID: "own-link", On: topics.AbuseSelfReferral, Freeze: topics.FreezeLots, Review: 7},
		{ID: "own-link-often", On: topics.AbuseSelfReferral, MoreThan: 2, Within: 7 * day, Freeze: topics.FreezeAccount, Review: 7},
		{ID: "one-device", Shared: topics.SharedDevice, MoreThan: 5, Within: 30 * day, Freeze: topics.FreezeAccount, Review: 14},
		{ID: "one-address", Shared: topics.SharedAddress, MoreThan: 8, Within: 90 * day, Freeze: topics.FreezeNone},
	}
	if d := cmp.Diff(b.Abuse, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}

// TestCasesSeeAbuse: which rules the last of so many events meets; what is not said must not be.
func TestCasesSeeAbuse(t *testing.T) {
	book := parse(t, strings.Replace(withAbuse(`
    - {id: shares, on: shop.share.created.v1, more_than: 3, within: 1h, freeze: account, review: 14d}
    - {id: referrals, on: referral, more_than: 1, within: 1d, freeze: none}
    - {id: own, on: self_referral, freeze: none}
    - {id: device, shared: device, more_than: 2, within: 1d, freeze: none}
    - {id: address, shared: address, more_than: 1, within: 1d, freeze: none}
`), "  campaigns:", "    - {id: friend, on: shop.order.paid.v1, earn: {fixed: 50, to: referrer}}\n  campaigns:", 1))
	const (
		share  = "event: {type: shop.share.created.v1, time: 2026-06-02T00:00:00+08:00, data: {member: m1, product: A, platform: x, token: t}}, points: {}"
		signed = "event: {type: shop.member.signed_in.v1, time: 2026-06-02T00:00:00+08:00, data: {member: m1, device: d, address_hash: h}}, points: {}"
		order  = "event: {type: shop.order.paid.v1, time: 2026-06-02T00:00:00+08:00, data: {member: m1, order: O1, currency: CNY, lines: [{line: \"1\", net: 1}]}}"
	)
	for _, c := range []struct {
		text, got string
		passed    bool
	}{
		{share + ", times: 3", "[]", true},
		{share + ", times: 3, abuse: []", "[]", true},
		{share + ", times: 4, abuse: [shares]", "[shares]", true},
		{share + ", times: 4", "[shares]", false},
		{share + ", abuse: [shares]", "[]", false},
		{signed + ", times: 2, abuse: [address]", "[address]", true},
		{signed + ", times: 3, abuse: [device, address]", "[address device]", true},
		{order + ", first_order: true, shared: {by: m1, at: 2026-06-01T00:00:00+08:00}, points: {}, abuse: [own]", "[own]", true},
		{order + ", first_order: true, shared: {by: m2, at: 2026-06-01T00:00:00+08:00}, points: {friend: 50}, times: 2, abuse: [referrals]", "[referrals]", true},
		{order + ", shared: {by: m2, at: 2026-06-01T00:00:00+08:00}, points: {}, times: 2", "[]", true},
	} {
		results, err := rulefile.RunCases(book, "cases.yaml", []byte(caseHead+"  - {name: a, "+c.text+"}\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(results[0].GotAbuse); got != c.got || results[0].Passed != c.passed {
			t.Errorf("%s: %s, passed: %v", c.text, got, results[0].Passed)
		}
	}
	_, err := rulefile.RunCases(book, "cases.yaml", []byte(caseHead+"  - {name: a, "+share+", abuse: [other]}\n"))
	if err == nil || !strings.Contains(err.Error(), `there is no abuse rule "other"`) {
		t.Errorf("got %v", err)
	}
}

func TestFaultsOfAnAbuseRuleHaveTheirPlace(t *testing.T) {
	const good = "    - {id: a, on: shop.share.created.v1, more_than: 20, within: 1h, freeze: account, review: 14d}\n"
	with := func(old, other string) string { return strings.Replace(good, old, other, 1) }
	var many strings.Builder
	for i := range topics.AbuseRulesMost + 1 {
		many.WriteString(with("id: a", fmt.Sprintf("id: a%d", i)))
	}
	for _, c := range []struct{ name, text, want string }{
		{"no id", with("id: a, ", ""), `27:7 spec.abuse[0]: "id" is missing`},
		{"a name that is no reason", with("id: a", "id: Viele"), `27:12 spec.abuse[0].id: "Viele" is no word`},
		{"twice", good + good, `28:12 spec.abuse[1].id: abuse rule "a" stands here twice`},
		{"nothing counted", with("on: shop.share.created.v1, ", ""), "27:7 spec.abuse[0] does not say what it counts"},
		{"two things", with("more_than", "shared: device, more_than"), "27:50 spec.abuse[0] counts two things"},
		{"a type that is not counted", with("share.created", "share.clicked"), `27:19 spec.abuse[0].on: unknown value "shop.share.clicked.v1"`},
		{"something else in common", with("on: shop.share.created.v1", "shared: name"), `27:23 spec.abuse[0].shared: unknown value "name"`},
		{"no number", with("more_than: 20, ", ""), `27:7 spec.abuse[0]: "more_than" is missing`},
		{"one is too many", with("more_than: 20", "more_than: 0"), "27:53 spec.abuse[0].more_than: 0 is out of range"},
		{"more than is kept", with("more_than: 20", "more_than: 101"), "27:53 spec.abuse[0].more_than: 101 is out of range"},
		{"more members than are kept", with("on: shop.share.created.v1, more_than: 20", "shared: device, more_than: 51"), "27:42 spec.abuse[0].more_than: 51 is out of range"},
		{"no time", with("within: 1h, ", ""), `27:7 spec.abuse[0]: "within" is missing`},
		{"no unit", with("1h", "1"), `27:65 spec.abuse[0].within: "1" is no duration`},
		{"too long", with("1h", "91d"), "27:65 spec.abuse[0].within: 91d is out of range"},
		{"a time for one", with("shop.share.created.v1, more_than: 20", "self_referral"), "27:42 spec.abuse[0].within has no meaning where one is too many"},
		{"no freeze", with("freeze: account, ", ""), `27:7 spec.abuse[0]: "freeze" is missing`},
		{"another freeze", with("account", "member"), `27:77 spec.abuse[0].freeze: unknown value "member"`},
		{"no review", with(", review: 14d", ""), `27:7 spec.abuse[0]: "review" is missing`},
		{"review in hours", with("14d", "14h"), `27:94 spec.abuse[0].review: "14h" is no duration`},
		{"review too late", with("14d", "366d"), "27:94 spec.abuse[0].review: 366d is out of range"},
		{"review of nothing", with("account", "none"), "27:91 spec.abuse[0].review has no meaning where nothing is frozen"},
		{"referrals that nobody gets", with("shop.share.created.v1", "referral"), "27:5 spec.abuse: no rule of the book gives a referral"},
		{"too many", many.String(), "27:5 spec.abuse has 21 rules"},
		{"no list", "    a: b\n", "27:5 spec.abuse is a mapping"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := faults(t, withAbuse(c.text)); !slices.Contains(got, c.want) {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}
