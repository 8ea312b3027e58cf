package rulefile

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

// leaderboard reads in which periods points earned are ranked; a book without it ranks nobody.
func (b *book) leaderboard(s *section) {
	const expected = "month, year or both"
	if s == nil || !s.has("periods", expected) {
		return
	}
	s.each("periods", func(n ast.Node, v string) {
		var to *bool
		switch v {
		case "month":
			to = &b.out.Leaderboard.Month
		case "year":
			to = &b.out.Leaderboard.Year
		default:
			s.fault(n, fmt.Sprintf("%s: there is no period %q", s.of("periods"), v), expected)
			return
		}
		if *to {
			s.fault(n, fmt.Sprintf("%s: %q stands here twice", s.of("periods"), v), "each value once")
		}
		*to = true
	})
}
