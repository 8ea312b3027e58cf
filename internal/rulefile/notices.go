package rulefile

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml/ast"
)

// noticeDaysMost bounds how long before an expiry a member is told.
const noticeDaysMost = 365

// notices reads which notices members get, and whether points expire without one.
func (b *book) notices(s *section) {
	n := s.child("notices", "expiry", "digest", "tier_fall")
	if n != nil && !n.broken {
		if len(n.fields) == 0 {
			n.fault(n.at, n.path+" names no notice", "{expiry: [30, 7, 1], digest: year_end, tier_fall: 30}")
		}
		out := &b.out.Notices
		out.Expiry = n.days("expiry")
		if n.fields["digest"] != nil {
			out.Digest = n.choice("digest", "year_end") == "year_end"
		}
		if n.fields["tier_fall"] != nil {
			out.TierFall = int(n.integer("tier_fall", 1, noticeDaysMost))
		}
	}
	b.out.NoExpiryWithoutNotice = s.flag("no_expiry_without_notice")
	if b.out.NoExpiryWithoutNotice && len(b.out.Notices.Expiry) == 0 {
		s.fault(s.fields["no_expiry_without_notice"], s.of("no_expiry_without_notice")+": no point would ever expire", "notices.expiry beside it")
	}
}

// days reads a list of numbers of days, the longest first, whatever their order.
func (s *section) days(key string) (all []int) {
	const expected = "whole numbers from 1 to 365, each once"
	for _, node := range s.list(key) {
		v, ok := node.(*ast.IntegerNode)
		if !ok {
			s.fault(node, s.of(key)+": an element is "+kind(node), expected)
			continue
		}
		text := v.GetToken().Value
		switch n, err := strconv.Atoi(text); {
		case err != nil || !integers.MatchString(text) || n < 1 || n > noticeDaysMost:
			s.fault(node, fmt.Sprintf("%s: %s is out of range", s.of(key), text), expected)
		case slices.Contains(all, n):
			s.fault(node, fmt.Sprintf("%s: %d stands here twice", s.of(key), n), expected)
		default:
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(x, y int) int { return y - x })
	return all
}
