package rulefile

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"jifen/topics"
)

const (
	// referralWithin is how old a share may be where a rule does not say (D6).
	referralWithin = 30 * 24 * time.Hour
	// referralDaysMost bounds `within`, as windows are bounded.
	referralDaysMost = 3650
)

var daysOnly = regexp.MustCompile(`^([1-9][0-9]{0,3})d$`)

// referrer reads what only rules for sharers have, and refuses what they cannot have: the sharer's points are decided by the
// buyer's order, so that neither the sharer's tier nor another rule's points count for them.
func (s *section) referrer(r *topics.Rule, sh shape, known bool) {
	if !r.Referrer {
		r.Limit = s.limit(r.On, sh, known)
		if n := s.fields["within"]; n != nil {
			s.fault(n, s.of("within")+" has no meaning here", "a rule with earn.to: referrer")
		}
		return
	}
	earn := s.fields["earn"]
	if r.On != "" && r.On != topics.TypeOrderPaid {
		s.fault(earn, fmt.Sprintf("%s.to: events %s come through nobody's share", s.of("earn"), r.On), "a rule on "+topics.TypeOrderPaid)
	}
	if r.Mode != "" && r.Mode != topics.ModeFixed {
		s.fault(earn, s.of("earn")+".to: a sharer earns the same for every order", "{fixed: 50, to: referrer}")
	}
	for _, key := range []string{"tier_multiplier", "exclusive", "priority", "holdout", "cap"} {
		if n := s.fields[key]; n != nil {
			s.fault(n, s.of(key)+" has no meaning for a sharer's points", "the rule without it")
		}
	}
	if r.Pending.Completed {
		s.fault(s.fields["pending"], s.of("pending")+": a sharer's points cannot wait for another member's order", "{days: 7}")
	}
	r.Within = s.shareAge()
	s.oncePerBuyer()
}

func (s *section) shareAge() time.Duration {
	const expected = "days such as 30d"
	text := s.value("within", expected)
	if text == "" {
		return referralWithin
	}
	m := daysOnly.FindStringSubmatch(text)
	if m == nil {
		s.fault(s.fields["within"], fmt.Sprintf("%s: %q is no number of days", s.of("within"), text), expected)
		return referralWithin
	}
	days, _ := strconv.Atoi(m[1]) // one to four digits
	if days > referralDaysMost {
		s.fault(s.fields["within"], fmt.Sprintf("%s: %s is out of range", s.of("within"), text), fmt.Sprintf("at most %dd", referralDaysMost))
	}
	return time.Duration(days) * 24 * time.Hour
}

// oncePerBuyer reads `limit: {times: 1, per: ever, by: buyer}`, which every referral is: only a buyer's first paid order is
// one.
func (s *section) oncePerBuyer() {
	const expected = "{times: 1, per: ever, by: buyer}, which holds without being said"
	l := s.child("limit", "times", "per", "by")
	if l == nil || l.broken {
		return
	}
	for _, f := range [][2]string{{"times", "1"}, {"per", "ever"}, {"by", "buyer"}} {
		if !l.has(f[0], expected) {
			continue
		}
		if v, ok := scalar(l.fields[f[0]]); !ok || v != f[1] {
			s.fault(l.fields[f[0]], fmt.Sprintf("%s: a referral is once per buyer", l.of(f[0])), expected)
		}
	}
}
