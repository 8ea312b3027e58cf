package rulefile

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"jifen/topics"
)

// campaign reads an earn campaign. Redeem campaigns are refused at `on`, whatever else they say.
func (b *book) campaign(n ast.Node, path string) {
	s := b.section(n, path, "id", "on", "rules", "multiplier", "group", "from", "to", "store", "channel", "tier", "budget",
		"price", "items", "rebate_multiplier", "zone")
	c := topics.Campaign{ID: s.id("id")}
	for _, other := range b.out.Campaigns {
		if c.ID != "" && other.ID == c.ID {
			s.fault(s.fields["id"], fmt.Sprintf("%s: campaign %q stands here twice", s.of("id"), c.ID), "each campaign id once")
		}
	}
	if s.has("on", "earn") && s.choice("on", "earn", "redeem") == "redeem" {
		s.unsupported(s.fields["on"], path+": a campaign on redeem")
		b.out.Campaigns = append(b.out.Campaigns, c)
		return
	}
	s.none("price", "items", "rebate_multiplier", "zone")
	if s.has("multiplier", `a rate above 0, such as "2"`) {
		c.Multiplier = s.multiplier("multiplier", b.out.MaxMultiplier)
	}
	c.Group = s.word("group")
	c.Store, c.Channel, c.Tier = s.texts("store"), s.texts("channel"), s.references("tier", "tier", b.tiers)
	c.From, c.To = s.instant("from"), s.instant("to")
	if !c.From.IsZero() && !c.To.IsZero() && !c.To.After(c.From) {
		s.fault(s.fields["to"], s.of("to")+" is not after its from", "a time after "+s.value("from", ""))
	}
	c.Rules = s.references("rules", "rule", b.rules)
	c.Budget = b.budget(s, &c)
	b.out.Campaigns = append(b.out.Campaigns, c)
}

// appliesTo says whether a campaign multiplies a rule.
func appliesTo(c topics.Campaign, rule string) bool {
	return len(c.Rules) == 0 || slices.Contains(c.Rules, rule)
}
