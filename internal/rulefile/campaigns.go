package rulefile

import (
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"

	"jifen/topics"
)

// campaign reads a campaign, on earn or on redeem.
func (b *book) campaign(n ast.Node, path string) {
	s := b.section(n, path, "id", "on", "rules", "multiplier", "group", "from", "to", "store", "channel", "tier", "budget",
		"price", "items", "categories", "rebate_multiplier", "zone", "name", "entrance", "picture")
	c := topics.Campaign{ID: s.id("id")}
	if c.ID != "" && b.campaigns[c.ID] {
		s.fault(s.fields["id"], fmt.Sprintf("%s: campaign %q stands here twice", s.of("id"), c.ID), "each campaign id once")
	}
	b.campaigns[c.ID] = true
	if s.has("on", "earn or redeem") && s.choice("on", "earn", "redeem") == "redeem" {
		b.redeem(s)
		return
	}
	s.none("price", "items", "categories", "rebate_multiplier", "zone")
	c.Shown = s.showing()
	if s.has("multiplier", `a rate above 0, such as "2"`) {
		c.Multiplier = s.multiplier("multiplier", b.out.MaxMultiplier)
	}
	c.Group = s.word("group")
	c.Store, c.Channel, c.Tier = s.texts("store"), s.texts("channel"), s.references("tier", "tier", b.tiers)
	c.From, c.To = s.between()
	c.Rules = s.references("rules", "rule", b.rules)
	c.Budget = b.budget(s, &c)
	b.out.Campaigns = append(b.out.Campaigns, c)
}

// between reads from and to, of which either may be open.
func (s *section) between() (from, to time.Time) {
	from, to = s.instant("from"), s.instant("to")
	if !from.IsZero() && !to.IsZero() && !to.After(from) {
		s.fault(s.fields["to"], s.of("to")+" is not after its from", "a time after "+s.value("from", ""))
	}
	return from, to
}

// appliesTo says whether a campaign multiplies a rule.
func appliesTo(c topics.Campaign, rule string) bool {
	return len(c.Rules) == 0 || slices.Contains(c.Rules, rule)
}
