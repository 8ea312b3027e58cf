package rulefile

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"jifen/rules"
	"jifen/topics"
)

// met are the abuse rules that a case's event meets as the last of so many like it within their time: of the member, of the
// sharer whose points it brings, or of so many members with its device or address.
func met(b *topics.Rulebook, compiled *rules.Book, c golden, points map[string]int64) ([]string, error) {
	e, err := compiled.EvaluateAt(new(rules.Desk), &c.event)
	if err != nil {
		return nil, err
	}
	referral := slices.ContainsFunc(b.Rules, func(r topics.Rule) bool { return r.Referrer && points[r.ID] > 0 })
	var ids []string
	for i := range b.Abuse {
		r := &b.Abuse[i]
		var counts bool
		switch {
		case r.Shared == topics.SharedDevice:
			counts = e.Device != ""
		case r.Shared == topics.SharedAddress:
			counts = e.Address != ""
		case r.On == topics.AbuseSelfReferral:
			counts = e.GetReferral().GetOutcome() == topics.ReferralSelf
		case r.On == topics.AbuseReferral:
			counts = referral
		default:
			counts = r.On == c.event.Type
		}
		if counts && c.times > r.MoreThan {
			ids = append(ids, r.ID)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// abuse reads how many events like it there were, and which abuse rules should be met.
func (s *section) abuse(c *golden, b *topics.Rulebook) {
	c.times = 1
	if s.fields["times"] != nil {
		c.times = int(s.integer("times", 1, topics.AbuseEventsMost+1))
	}
	known := map[string]bool{}
	for i := range b.Abuse {
		known[b.Abuse[i].ID] = true
	}
	if n := s.fields["abuse"]; n != nil && len(known) == 0 {
		s.fault(n, s.of("abuse")+": the book has no abuse rules", "the case without it")
	} else if list, ok := n.(*ast.SequenceNode); !ok || len(list.Values) > 0 {
		c.abuse = s.references("abuse", "abuse rule", known)
		slices.Sort(c.abuse)
	}
}
