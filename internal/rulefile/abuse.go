package rulefile

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml/ast"

	"jifen/ledger"
	"jifen/topics"
)

// watchable is what abuse rules can count: event types, and what has no event of its own.
func watchable() []string {
	return []string{
		topics.TypeShareCreated, topics.TypeReviewPublished, topics.TypeOrderRefunded, topics.AbuseReferral, topics.AbuseSelfReferral,
	}
}

// abuse reads a rule that freezes members (R30).
func (b *book) abuse(n ast.Node, path string) {
	s := b.section(n, path, "id", "on", "shared", "more_than", "within", "freeze", "review")
	if s.broken {
		return
	}
	r := topics.AbuseRule{ID: s.id("id")}
	switch {
	case r.ID != "" && !ledger.IsWord(r.ID):
		s.fault(s.fields["id"], fmt.Sprintf("%s: %q is no word", s.of("id"), r.ID), "at most 64 of a-z, 0-9, '.', '_' and '-': it is the reason of freezes")
	case r.ID != "" && b.out.AbuseNamed(r.ID) != nil:
		s.fault(s.fields["id"], fmt.Sprintf("%s: abuse rule %q stands here twice", s.of("id"), r.ID), "each abuse rule id once")
	}
	s.counted(&r)
	s.threshold(&r)
	r.Freeze = topics.AbuseFreeze(s.choice("freeze", string(topics.FreezeAccount), string(topics.FreezeLots), string(topics.FreezeNone)))
	s.has("freeze", "account, lots or none")
	switch n := s.fields["review"]; {
	case r.Freeze == topics.FreezeNone && n != nil:
		s.fault(n, s.of("review")+" has no meaning where nothing is frozen", "the rule without it")
	case r.Freeze != topics.FreezeNone && s.has("review", "days such as 14d"):
		r.Review = int(s.duration("review", "days such as 14d", aDays, topics.AbuseReviewMost*24*time.Hour) / (24 * time.Hour))
	}
	b.out.Abuse = append(b.out.Abuse, r)
}

// counted reads what a rule counts: events of a member, or members with something in common.
func (s *section) counted(r *topics.AbuseRule) {
	const expected = "on: an event type, or shared: device or address"
	on, shared := s.fields["on"], s.fields["shared"]
	switch {
	case on == nil && shared == nil:
		s.fault(s.at, s.path+" does not say what it counts", expected)
	case on != nil && shared != nil:
		s.fault(shared, s.path+" counts two things", expected)
	case on != nil:
		r.On = s.choice("on", watchable()...)
	default:
		r.Shared = topics.Shared(s.choice("shared", string(topics.SharedDevice), string(topics.SharedAddress)))
	}
}

// threshold reads how many are too many, and within what time. One self-referral is, where the rule does not say.
func (s *section) threshold(r *topics.AbuseRule) {
	lowest, most := int64(1), int64(topics.AbuseEventsMost)
	if r.Shared != "" {
		most = topics.AbuseMembersMost
	}
	if r.On == topics.AbuseSelfReferral {
		lowest = 0
	} else {
		s.has("more_than", "how many are not yet too many")
	}
	r.MoreThan = int(s.integer("more_than", lowest, most))
	n := s.fields["within"]
	switch {
	case r.MoreThan == 0 && n != nil:
		s.fault(n, s.of("within")+" has no meaning where one is too many", "more_than beside it")
	case r.MoreThan > 0 && s.has("within", aTime):
		r.Within = s.duration("within", aTime, times, topics.AbuseWithinMost)
	}
}

const aTime = "minutes, hours or days such as 30m, 1h or 7d"

var (
	times = regexp.MustCompile(`^([1-9][0-9]{0,5})([mhd])$`)
	aDays = regexp.MustCompile(`^([1-9][0-9]{0,5})(d)$`)
)

// duration reads a number with its unit, up to most.
func (s *section) duration(key, expected string, format *regexp.Regexp, most time.Duration) time.Duration {
	text := s.value(key, expected)
	if text == "" {
		return 0
	}
	m := format.FindStringSubmatch(text)
	if m == nil {
		s.fault(s.fields[key], fmt.Sprintf("%s: %q is no duration", s.of(key), text), expected)
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // one to six digits
	unit := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
	if n > int(most/unit) {
		s.fault(s.fields[key], fmt.Sprintf("%s: %s is out of range", s.of(key), text), fmt.Sprintf("at most %dd", most/(24*time.Hour)))
		return 0
	}
	return time.Duration(n) * unit
}

// abuses reads the list of abuse rules.
func (b *book) abuses(s *section) {
	all := s.list("abuse")
	if len(all) > topics.AbuseRulesMost {
		s.fault(s.fields["abuse"], fmt.Sprintf("%s has %d rules", s.of("abuse"), len(all)), fmt.Sprintf("at most %d", topics.AbuseRulesMost))
	}
	for i, n := range all {
		b.abuse(n, fmt.Sprintf("%s[%d]", s.of("abuse"), i))
	}
	if b.out.Watches(topics.AbuseReferral) && !slices.ContainsFunc(b.out.Rules, func(r topics.Rule) bool { return r.Referrer }) {
		s.fault(s.fields["abuse"], s.of("abuse")+": no rule of the book gives a referral", "a rule with earn.to: referrer")
	}
}
