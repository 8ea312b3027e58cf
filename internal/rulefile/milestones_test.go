package rulefile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/rulefile"
	"jifen/topics"
)

// withMilestones is the base with milestones from line 26 on.
func withMilestones(text string) string { return base + "  milestones:\n" + text }

func TestMilestonesAreRead(t *testing.T) {
	b, err := rulefile.Parse("book.yaml", []byte(withMilestones(`
    - {id: coupon-5000, when: {available: 5000}, per: calendar_year, coupon: {template: 20-percent-off}}
    - {id: once, when: {available: 1}, per: ever, coupon: {template: welcome}}
    - {id: default, when: {available: 7}, coupon: {template: t}}
`)))
	if err != nil {
		t.Fatal(err)
	}
	want := []topics.Milestone{
		{ID: "coupon-5000", Available: 5000, Per: topics.PerYear, Template: "20-percent-off"},
		{ID: "once", Available: 1, Per: topics.PerEver, Template: "welcome"},
		{ID: "default", Available: 7, Per: topics.PerYear, Template: "t"},
	}
	if d := cmp.Diff(b.Milestones, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}

func TestFaultsOfAMilestoneHaveTheirPlace(t *testing.T) {
	const good = "    - {id: a, when: {available: 5000}, per: month, coupon: {template: x}}\n"
	for _, c := range []struct{ name, text, want string }{
		{"no threshold", strings.Replace(good, "{available: 5000}", "{}", 1), `27:21 spec.milestones[0].when: "available" is missing`},
		{"threshold of nothing", strings.Replace(good, "5000", "0", 1), "27:33 spec.milestones[0].when.available: 0 is out of range"},
		{"text", strings.Replace(good, "5000", `"5000"`, 1), "27:33 spec.milestones[0].when.available is text"},
		{"below 0", strings.Replace(good, "5000", "-5000", 1), "27:33 spec.milestones[0].when.available: -5000 is out of range"},
		{"another threshold", strings.Replace(good, "available: 5000", "spent: 5000", 1), `27:22 spec.milestones[0].when: unknown key "spent"`},
		{"no coupon", strings.Replace(good, ", coupon: {template: x}", "", 1), `27:7 spec.milestones[0]: "coupon" is missing`},
		{"no template", strings.Replace(good, "{template: x}", "{}", 1), `27:60 spec.milestones[0].coupon: "template" is missing`},
		{"no id", strings.Replace(good, "id: a, ", "", 1), `27:7 spec.milestones[0]: "id" is missing`},
		{"twice", good + good, `28:12 spec.milestones[1].id: milestone "a" stands here twice`},
		{"unknown period", strings.Replace(good, "month", "week", 1), `27:45 spec.milestones[0].per: unknown value "week"`},
		{"no list", "    a: b\n", "27:5 spec.milestones is a mapping"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := faults(t, withMilestones(c.text)); !slices.Contains(got, c.want) {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}
