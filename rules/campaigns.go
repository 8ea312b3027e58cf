package rules

import (
	"errors"
	"fmt"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

var errProduct = errors.New("the product of its multipliers does not fit into 64 bits")

func compileCampaigns(book *topics.Rulebook) ([]*campaign, error) {
	campaigns := make([]*campaign, 0, len(book.Campaigns))
	for _, c := range book.Campaigns {
		if !c.Multiplier.Valid() {
			return nil, fmt.Errorf("campaign %s: multiplier %s", c.ID, c.Multiplier)
		}
		campaigns = append(campaigns, &campaign{
			Campaign: c,
			event:    all(placeTests(c.Store, c.Channel)),
			ratio:    &pointspb.Ratio{Num: c.Multiplier.Num, Den: c.Multiplier.Den},
			names:    []string{c.ID},
		})
	}
	return campaigns, nil
}

// groupsOf sorts the campaigns that multiply a rule into their groups, groups in the order of the book. Campaigns that
// name no group form one together: only declared groups multiply (semantics §8).
func groupsOf(rule string, campaigns []*campaign) [][]*campaign {
	var groups [][]*campaign
	for _, c := range campaigns {
		if len(c.Rules) > 0 && !slices.Contains(c.Rules, rule) {
			continue
		}
		i := slices.IndexFunc(groups, func(g []*campaign) bool { return g[0].Group == c.Group })
		if i < 0 {
			groups = append(groups, []*campaign{c})
			continue
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// checkProduct makes sure that no event's multipliers can leave the 64 bits in which they are exact: whichever campaign of
// each group and whichever tier it is, its numerator and denominator are at most the ones multiplied here.
func checkProduct(book *topics.Rulebook, r *rule) error {
	num, den := topics.One(), topics.One()
	for _, g := range r.groups {
		var n, d int64 = 1, 1
		for _, c := range g {
			n, d = max(n, c.Multiplier.Num), max(d, c.Multiplier.Den)
		}
		num, den = num.Mul(topics.Ratio{Num: n, Den: 1}), den.Mul(topics.Ratio{Num: d, Den: 1})
	}
	if r.TierMultiplier {
		var n, d int64 = 1, 1
		for _, l := range book.Tiers.Levels {
			if !l.Multiplier.Valid() {
				return fmt.Errorf("tier %s: multiplier %s", l.ID, l.Multiplier)
			}
			n, d = max(n, l.Multiplier.Num), max(d, l.Multiplier.Den)
		}
		num, den = num.Mul(topics.Ratio{Num: n, Den: 1}), den.Mul(topics.Ratio{Num: d, Den: 1})
	}
	if !num.Valid() || !den.Valid() {
		return errProduct
	}
	return nil
}

// tiersOf are the tiers for which campaigns of a rule are: for each of them other campaigns may count.
func tiersOf(groups [][]*campaign) []string {
	var tiers []string
	for _, g := range groups {
		for _, c := range g {
			tiers = append(tiers, c.Tier...)
		}
	}
	slices.Sort(tiers)
	return slices.Compact(tiers)
}

// runs says whether a campaign counts for an event of a member of a tier: its time lies in [from, to), its store, channel
// and tier match (V1, V2). No tier stands for all that no campaign of the rule names.
func (c *campaign) runs(e *topics.Event, tier string) bool {
	if e.Time.Before(c.From) || !c.To.IsZero() && !e.Time.Before(c.To) || len(c.Tier) > 0 && !slices.Contains(c.Tier, tier) {
		return false
	}
	return c.event == nil || c.event(e)
}

// best is the campaign of a group with the highest multiplier, the first of the book among equals; nil if none runs.
func best(group []*campaign, e *topics.Event, tier string) *campaign {
	var top *campaign
	for _, c := range group {
		if c.runs(e, tier) && (top == nil || c.Multiplier.Cmp(top.Multiplier) > 0) {
			top = c
		}
	}
	return top
}

// campaigns multiplies the best of each group (B3), for members of a tier; nil and no names if none runs.
func (r *rule) campaigns(e *topics.Event, tier string) (*pointspb.Ratio, []string) {
	var first *campaign
	var product topics.Ratio
	var names []string
	for _, group := range r.groups {
		c := best(group, e, tier)
		switch {
		case c == nil:
		case first == nil:
			first, product = c, c.Multiplier
		default:
			product = product.Mul(c.Multiplier)
			names = append(names, c.ID)
		}
	}
	switch {
	case first == nil:
		return nil, nil
	case names == nil:
		return first.ratio, first.names
	}
	return &pointspb.Ratio{Num: product.Num, Den: product.Den}, append([]string{first.ID}, names...)
}

// byTier are the campaigns of members of each tier for which they are others than the candidate's, those of all members beside.
func (r *rule) byTier(e *topics.Event, fallback *pointspb.Candidate) []*pointspb.TierCampaigns {
	var all []*pointspb.TierCampaigns
	for _, tier := range r.tiers {
		ratio, names := r.campaigns(e, tier)
		var budget *pointspb.CandidateBudget
		if r.budgeted {
			budget = r.budget(e, tier)
		}
		if !slices.Equal(names, fallback.Campaigns) || !slices.Equal(budget.GetCampaigns(), fallback.Budget.GetCampaigns()) {
			all = append(all, &pointspb.TierCampaigns{Tier: tier, Campaign: ratio, Campaigns: names, Budget: budget})
		}
	}
	return all
}
