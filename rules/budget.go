package rules

import (
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

func hasBudget(groups [][]*campaign) bool {
	return slices.ContainsFunc(groups, func(g []*campaign) bool {
		return slices.ContainsFunc(g, func(c *campaign) bool { return c.Budget > 0 })
	})
}

// budget says for members of a tier which campaign among those that multiply has a budget, and what the candidate is without it: the best of its
// group that has none takes its place. Nil if none has one. Rulebooks in which two would are refused by internal/rulefile.
func (r *rule) budget(e *topics.Event, tier string) *pointspb.CandidateBudget {
	var found *campaign
	less := topics.One()
	var names []string
	for _, group := range r.groups {
		top := best(group, e, tier)
		if top != nil && top.Budget > 0 {
			if found == nil {
				found = top
			}
			top = best(free(group), e, tier)
		}
		if top != nil {
			less, names = less.Mul(top.Multiplier), append(names, top.ID)
		}
	}
	if found == nil {
		return nil
	}
	return &pointspb.CandidateBudget{
		Campaign: found.ID, Less: &pointspb.Ratio{Num: less.Num, Den: less.Den}, Campaigns: names,
	}
}

// free are the campaigns of a group that have no budget.
func free(group []*campaign) []*campaign {
	return slices.DeleteFunc(slices.Clone(group), func(c *campaign) bool { return c.Budget > 0 })
}
