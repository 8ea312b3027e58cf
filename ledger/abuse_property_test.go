package ledger_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// watchful gives a history abuse rules of every kind, or none.
func (s *shop) watchful(r *rapid.T) *shop {
	if !rapid.Bool().Draw(r, "abuse rules") {
		return s
	}
	freeze := func(id string) topics.AbuseFreeze {
		return rapid.SampledFrom([]topics.AbuseFreeze{topics.FreezeAccount, topics.FreezeLots, topics.FreezeNone}).Draw(r, id)
	}
	within := time.Duration(rapid.IntRange(1, 90).Draw(r, "days")) * 24 * time.Hour
	s.book.Abuse = []topics.AbuseRule{
		{ID: "shares", On: topics.TypeShareCreated, MoreThan: 2, Within: within, Freeze: freeze("shares"), Review: 3},
		{ID: "refunds", On: topics.TypeOrderRefunded, MoreThan: 3, Within: within, Freeze: freeze("refunds"), Review: 3},
		{ID: "referrals", On: topics.AbuseReferral, MoreThan: 1, Within: within, Freeze: freeze("referrals"), Review: 3},
		{ID: "own", On: topics.AbuseSelfReferral, Freeze: freeze("own"), Review: 3},
		{ID: "device", Shared: topics.SharedDevice, MoreThan: 2, Within: within, Freeze: freeze("device"), Review: 3},
	}
	return s
}

// drawSuspicious shares, signs in, or buys through a share.
func (s *shop) drawSuspicious(r *rapid.T, m, id string) {
	switch rapid.IntRange(0, 3).Draw(r, "suspicious") {
	case 0, 1:
		s.share(m, fmt.Sprint(m, "share", id), "")
	case 2:
		s.credit(&pointspb.CreditEvent{
			Account: topics.MemberAccount(m), Cause: s.cause(fmt.Sprint(m, "in", id), topics.TypeSignedIn), Version: s.book.Version,
			Device: topics.IdentityAccount(topics.SharedDevice, fmt.Sprint(rapid.IntRange(0, 1).Draw(r, "device"))),
		})
	case 3:
		sharer := fmt.Sprintf("m%d", rapid.IntRange(0, 2).Draw(r, "sharer"))
		s.credit(s.through(sharer, s.event(m, id, line{net: 5000, per: 1000})))
	}
}

// abuseHolds checks by the entries that whatever an abuse rule found of a member's events was there: more of them than it
// allows, within its time; and that no member has two freezes of a rule.
func abuseHolds(r *rapid.T, s *shop) {
	is := map[string]string{} // who a member turned out to be
	for _, e := range s.entries {
		if e.Kind == pointspb.Kind_MERGED_IN {
			is[e.Merged.From], _ = topics.MemberOf(e.Account)
		}
	}
	who := func(account string) string {
		m, _ := topics.MemberOf(account)
		for is[m] != "" {
			m = is[m]
		}
		return m
	}
	for i, e := range s.entries {
		f := e.Abuse
		if f == nil || f.Identity != "" {
			continue
		}
		var n int64
		for _, x := range s.entries[:i] {
			of := x.First && x.Cause.Type == f.On || f.On == topics.AbuseReferral && x.Kind == pointspb.Kind_GRANTED && x.Referral != nil ||
				f.On == topics.AbuseSelfReferral && x.First && x.Order != nil
			if of && who(x.Account) == who(e.Account) && x.Cause.OccurredAt >= f.From && x.Cause.OccurredAt <= f.To {
				n++
			}
		}
		if n < f.Count || f.Count <= f.MoreThan || f.Within != 0 && f.To-f.From >= f.Within {
			r.Fatalf("%s of %s counts %d, there are %d: %v", e.Kind, e.Account, f.Count, n, f)
		}
	}
	for m, a := range s.world.Members {
		standing := map[string]int{}
		for j := range a.Acts {
			if x := &a.Acts[j]; x.InForce() && x.Actor == topics.AbuseActor {
				if standing[x.Reason]++; standing[x.Reason] > 1 && !s.merging {
					r.Fatalf("member %s is frozen twice by rule %s", m, x.Reason)
				}
			}
		}
	}
}
