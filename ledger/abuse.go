package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Watched are the events that an abuse rule counts of a member: their times, Unix ms, ascending. Once the rule was met it
// begins anew, so that what was judged once is not judged again.
type Watched struct {
	Rule  string
	Times []int64
}

// watchSlack is how late an event may be delivered and still be counted with those of its own time.
const watchSlack = 24 * time.Hour

// watch notes on the entry that brings an event which abuse rules count it. While a freeze of a rule stands it counts
// nothing: whoever reviews it looks at that.
func (c *credit) watch(e *pointspb.Entry) {
	if c.book == nil || len(c.book.Abuse) == 0 || c.event.Cause.Backfill != "" {
		return
	}
	for i := range c.book.Abuse {
		r := &c.book.Abuse[i]
		if !c.counts(r) || c.m.frozenByRule(r.ID) {
			continue
		}
		at := c.event.Cause.OccurredAt
		newest := at
		if times := c.m.watched(r.ID); len(times) > 0 {
			newest = max(newest, times[len(times)-1])
		}
		e.Watch = append(e.Watch, &pointspb.Watch{
			Rule: r.ID, At: at, KeepFrom: newest - (r.Within + watchSlack).Milliseconds(), Most: uint32(2*r.MoreThan + 1),
		})
	}
}

// counts says that a rule is for what happens: of a referral that is at its sharer's, for its first grant only.
func (c *credit) counts(r *topics.AbuseRule) bool {
	switch {
	case r.On == "":
		return false
	case c.referred != nil:
		return r.On == topics.AbuseReferral && c.m.Order(c.key) == nil
	}
	return r.On == c.event.Cause.Type || r.On == topics.AbuseSelfReferral && c.judged == topics.ReferralSelf
}

// accuse ends a decision: it books what the rules that counted its event make of it, and tells the shards of the member's
// device and address.
func (c *credit) accuse() {
	if c.book == nil || len(c.book.Abuse) == 0 {
		return
	}
	for _, e := range c.Entries {
		for _, w := range e.Watch {
			r := c.book.AbuseNamed(w.Rule)
			if f := c.m.meets(r, w.At); f != nil {
				c.suspect(c.m, suspicion{r, f, c.event.Cause, c.event.Version})
			}
		}
	}
	if c.event.Device != "" {
		c.sighted(topics.SharedDevice, c.event.Device)
	}
	if c.event.Address != "" {
		c.sighted(topics.SharedAddress, c.event.Address)
	}
}

func (a *Account) watched(rule string) []int64 {
	for i := range a.Watched {
		if a.Watched[i].Rule == rule {
			return a.Watched[i].Times
		}
	}
	return nil
}

// meets is what a rule counts around an instant, where that is more than it allows.
func (a *Account) meets(r *topics.AbuseRule, at int64) *pointspb.AbuseFacts {
	times := a.watched(r.ID)
	first, last := busiest(times, at, r.Within)
	if last-first <= r.MoreThan {
		return nil
	}
	return &pointspb.AbuseFacts{
		On: r.On, Count: int64(last - first), MoreThan: int64(r.MoreThan), Within: r.Within.Milliseconds(), From: times[first], To: times[last-1],
	}
}

// busiest are the most of some ascending times that lie within a time of each other, one of them at: [first, last).
func busiest(times []int64, at int64, within time.Duration) (first, last int) {
	for i, end := 0, 0; i < len(times) && times[i] <= at; i++ {
		for end < len(times) && (within == 0 || times[end]-times[i] < within.Milliseconds()) {
			end++
		}
		if end > i && times[end-1] >= at && end-i > last-first {
			first, last = i, end
		}
	}
	return first, last
}

// suspicion is a rule that was met: by what, and under which version.
type suspicion struct {
	rule    *topics.AbuseRule
	facts   *pointspb.AbuseFacts
	cause   *pointspb.Cause
	version string
}

// suspect freezes at once what the rule says, as an act that people then review (R30); or books that there was nothing to
// freeze. The same event does it once.
func (d *Decision) suspect(a *Member, s suspicion) Outcome {
	id := topics.AbuseID(s.rule.ID, a.ID, s.cause.Source, s.cause.Id)
	if a.actNamed(id) != nil {
		return Duplicate
	}
	now := d.moment.Now
	e := &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_FLAGGED, EffectiveAt: now, Rule: s.rule.ID, Version: s.version, Abuse: s.facts,
		Cause: &pointspb.Cause{
			Source: s.cause.Source, Id: s.cause.Id, Type: "jifen." + string(Freeze), OccurredAt: s.cause.OccurredAt, Traceparent: s.cause.Traceparent,
		},
	}
	if len(a.watched(s.rule.ID)) > 0 {
		e.Watch = []*pointspb.Watch{{Rule: s.rule.ID, Met: true}}
	}
	outcome := Flagged
	if s.rule.Freeze != topics.FreezeNone && !a.lookedAt(s) {
		review := now + int64(s.rule.Review)*(24*time.Hour).Milliseconds()
		e.Act = &pointspb.ActFacts{
			Id: id, Actor: topics.AbuseActor, Reason: s.rule.ID, Evidence: evidence(s.facts), Scope: string(s.rule.Freeze), ReviewBy: review,
			Outcome: string(Applied),
		}
		if d.freeze(a, e) == Applied {
			outcome = Applied
		} else {
			e.Kind, e.Act, e.Postings = pointspb.Kind_FLAGGED, nil, nil
		}
	}
	d.tell(a, e)
	d.emitOf(a, e)
	return outcome
}

// frozenByRule says that a freeze that a rule led to is in force.
func (a *Account) frozenByRule(rule string) bool {
	return slices.ContainsFunc(a.Acts, func(x Act) bool { return x.InForce() && x.Actor == topics.AbuseActor && x.Reason == rule })
}

// lookedAt says that people have looked at the member for that rule and that device or address: it freezes once.
func (a *Account) lookedAt(s suspicion) bool {
	return s.facts.Identity != "" && slices.ContainsFunc(a.Acts, func(x Act) bool {
		return x.What == Freeze && x.Actor == topics.AbuseActor && x.Reason == s.rule.ID && strings.HasPrefix(x.Evidence, identityName(s.facts)+";")
	})
}

func identityName(f *pointspb.AbuseFacts) string {
	name, _ := topics.IdentityOf(f.Identity)
	return name
}

// evidence is what a rule counted, for who reviews the freeze; the event that led to it is the entry's cause.
func evidence(f *pointspb.AbuseFacts) string {
	at := func(t int64) string { return time.UnixMilli(t).UTC().Format("20060102T150405Z") }
	of := f.On
	if f.Identity != "" {
		of = identityName(f)
	}
	return fmt.Sprintf("%s;count=%d;%s/%s", of, f.Count, at(f.From), at(f.To))
}

// foldWatch keeps the events that abuse rules count.
func (a *Account) foldWatch(all []*pointspb.Watch) {
	for _, w := range all {
		i := slices.IndexFunc(a.Watched, func(x Watched) bool { return x.Rule == w.Rule })
		if w.Met {
			if i >= 0 {
				a.Watched = slices.Delete(a.Watched, i, i+1)
			}
			continue
		}
		if i < 0 {
			i = len(a.Watched)
			a.Watched = append(a.Watched, Watched{Rule: strings.Clone(w.Rule)})
		}
		x := &a.Watched[i]
		n, _ := slices.BinarySearch(x.Times, w.At)
		x.Times = slices.Insert(x.Times, n, w.At)
		from, _ := slices.BinarySearch(x.Times, w.KeepFrom)
		x.Times = slices.Delete(x.Times, 0, max(from, len(x.Times)-int(w.Most)))
	}
}

// mergeWatched adds what is counted of another account: both are one member from now on.
func (a *Account) mergeWatched(from []Watched) {
	for _, x := range from {
		i := slices.IndexFunc(a.Watched, func(y Watched) bool { return y.Rule == x.Rule })
		if i < 0 {
			a.Watched = append(a.Watched, Watched{x.Rule, slices.Clone(x.Times)})
			continue
		}
		times := append(a.Watched[i].Times, x.Times...)
		slices.Sort(times)
		a.Watched[i].Times = times[max(0, len(times)-watchedMost):]
	}
}

// watchedMost are the most times that a rule keeps of a member.
const watchedMost = 2*topics.AbuseEventsMost + 1

func (s *state) watched(all []Watched) {
	s.count(len(all))
	for _, x := range all {
		s.text(x.Rule)
		s.count(len(x.Times))
		before := int64(0)
		for _, t := range x.Times {
			s.int(t - before)
			before = t
		}
	}
}

func (r *reading) watched() (x Watched) {
	x.Rule = r.text()
	before := int64(0)
	x.Times = many(r, func() int64 {
		before += r.int()
		return before
	})
	return x
}

// checkWatched says what is wrong with what is kept for abuse rules: it is bounded.
func (a *Account) checkWatched() error {
	for i, x := range a.Watched {
		again := slices.ContainsFunc(a.Watched[:i], func(y Watched) bool { return y.Rule == x.Rule })
		if again || len(x.Times) == 0 || len(x.Times) > watchedMost || !slices.IsSorted(x.Times) {
			return fmt.Errorf("I18: %d times for rule %s, or not in order, or twice", len(x.Times), x.Rule)
		}
	}
	return nil
}

// abuseRule is a rule of a published version.
func (d *Decision) abuseRule(version, id string) (*topics.AbuseRule, error) {
	book := d.moment.Books.Version(version)
	if book == nil {
		return nil, fmt.Errorf("abuse rule %q under version %q: %w", id, version, errUnread)
	}
	if r := book.AbuseNamed(id); r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("version %s has no abuse rule %q", version, id)
}

// suspected decides what the shard of a device or an address asks: one of the members behind it.
func (d *Decision) suspected(r *pointspb.Request, q *pointspb.SuspectRequest) (*Decision, error) {
	member, ok := topics.MemberOf(r.Account)
	if !ok || q.Cause == nil || q.Abuse == nil {
		return nil, errIdentity
	}
	rule, err := d.abuseRule(q.Version, q.Rule)
	if err != nil {
		return nil, err
	}
	a := d.world.Member(member)
	if d.elsewhere(r, a) {
		return d, nil
	}
	d.cause = q.Cause
	d.advance(a)
	if a.frozenByRule(rule.ID) {
		return d.refuse(Unchanged), nil
	}
	d.Outcome = d.suspect(a, suspicion{rule, q.Abuse, q.Cause, q.Version})
	return d, nil
}
