package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Identity is the state of a device or an address, on a shard of its own: the members who were seen with it, by when they
// were seen last. All that is known of it is a hash.
type Identity struct {
	_         struct{} `cbor:",toarray"`
	Sightings []Sighting
}

// Sighting is a member who was seen with a device or an address.
type Sighting struct {
	_      struct{} `cbor:",toarray"`
	Member string
	At     int64    // the last time, Unix ms
	Asked  []string // rules for which the member's shard was asked, as long as the member is seen here
}

// Clone returns a copy that shares nothing that changes.
func (x *Identity) Clone() *Identity { return &Identity{Sightings: slices.Clone(x.Sightings)} }

// sightingsMost is the most members who are kept of a device or an address: those who were seen last.
const sightingsMost = topics.AbuseMembersMost + 14

// errIdentity is a request about a device, an address or an abuse rule that does not say enough; the program's own do.
var errIdentity = errors.New("request about abuse without its member, its cause or what was counted")

// sighted tells the shard of the member's device or address, in the transaction of this decision.
func (c *credit) sighted(kind topics.Shared, account string) {
	cause := c.event.Cause
	if cause.Backfill != "" {
		return
	}
	mark := topics.MarkOf("sight", c.event.Account, cause.Source, cause.Id, account)
	c.Requests = append(c.Requests, &pointspb.Request{
		Account: strings.Clone(account), Id: fmt.Sprintf("%x", mark[:]), Traceparent: cause.Traceparent,
		What: &pointspb.Request_Sight{Sight: &pointspb.SightRequest{Member: c.m.ID, Kind: string(kind), Cause: cause, Version: c.event.Version}},
	})
}

// sight books that a member was seen, and asks the shards of those whom a rule thereby meets, each once while they are
// seen here.
func (d *Decision) sight(r *pointspb.Request, q *pointspb.SightRequest) (*Decision, error) {
	id, ok := topics.IdentityOf(r.Account)
	if ok && len(q.Forget) > 0 {
		return d.forgetSightings(r, id, q.Forget), nil
	}
	if !ok || q.Member == "" || q.Cause == nil {
		return nil, errIdentity
	}
	book := d.moment.Books.Version(q.Version)
	if book == nil {
		return nil, fmt.Errorf("version %q: %w", q.Version, errUnread)
	}
	d.cause = q.Cause
	x, at := d.world.identity(id), q.Cause.OccurredAt
	f := &pointspb.SightingFacts{Kind: q.Kind, Member: q.Member, At: at, Most: sightingsMost, KeepFrom: x.keepFrom(book, q.Kind, at)}
	then := x.Clone()
	then.see(f)
	for i := range book.Abuse {
		if rule := &book.Abuse[i]; string(rule.Shared) == q.Kind {
			d.ask(r, q, then.suspects(rule, at), f)
		}
	}
	if known := x.sighting(q.Member); known != nil && known.At >= at && len(f.Suspects) == 0 {
		return d.refuse(Unchanged), nil
	}
	d.emit(&pointspb.Entry{Account: r.Account, Kind: pointspb.Kind_SIGHTED, Version: q.Version, Sighting: f})
	return d, nil
}

// ring is what a rule counts at a device or an address, and whose shards are to be asked.
type ring struct {
	rule     *topics.AbuseRule
	count    int64
	from, to int64 // when the first and the last of them were seen, Unix ms
	members  []string
}

// ask asks the shards of the members of a ring, and notes it on the sighting.
func (d *Decision) ask(r *pointspb.Request, q *pointspb.SightRequest, x ring, f *pointspb.SightingFacts) {
	if len(x.members) == 0 {
		return
	}
	f.Suspects = append(f.Suspects, &pointspb.Suspects{Rule: x.rule.ID, Members: x.members})
	for _, member := range x.members {
		facts := &pointspb.AbuseFacts{
			On: q.Kind, Count: x.count, MoreThan: int64(x.rule.MoreThan), Within: x.rule.Within.Milliseconds(),
			From: x.from, To: x.to, Identity: r.Account, Member: member,
		}
		d.request(r, topics.MemberAccount(member), &pointspb.Request{What: &pointspb.Request_Suspect{Suspect: &pointspb.SuspectRequest{
			Rule: x.rule.ID, Version: q.Version, Cause: q.Cause, Abuse: facts,
		}}})
	}
}

// keepFrom is when the oldest sighting was that a rule may still count.
func (x *Identity) keepFrom(book *topics.Rulebook, kind string, at int64) int64 {
	longest := watchSlack
	for i := range book.Abuse {
		if r := &book.Abuse[i]; string(r.Shared) == kind {
			longest = max(longest, r.Within+watchSlack)
		}
	}
	if n := len(x.Sightings); n > 0 {
		at = max(at, x.Sightings[n-1].At)
	}
	return at - longest.Milliseconds()
}

// suspects are the members who were seen within the rule's time of an instant, where they are more than it allows, but for
// those who were asked for.
func (x *Identity) suspects(r *topics.AbuseRule, at int64) ring {
	times := make([]int64, len(x.Sightings))
	for i := range times {
		times[i] = x.Sightings[i].At
	}
	first, last := busiest(times, at, r.Within)
	if last-first <= r.MoreThan {
		return ring{}
	}
	out := ring{rule: r, count: int64(last - first), from: times[first], to: times[last-1]}
	for _, s := range x.Sightings[first:last] {
		if !slices.Contains(s.Asked, r.ID) {
			out.members = append(out.members, s.Member)
		}
	}
	return out
}

func (x *Identity) sighting(member string) *Sighting {
	for i := range x.Sightings {
		if x.Sightings[i].Member == member {
			return &x.Sightings[i]
		}
	}
	return nil
}

// see keeps a sighting, or forgets those of members, in the order of when members were seen last.
func (x *Identity) see(f *pointspb.SightingFacts) {
	if len(f.Forget) > 0 {
		x.Sightings = slices.DeleteFunc(x.Sightings, func(s Sighting) bool { return slices.Contains(f.Forget, s.Member) })
		return
	}
	if known := x.sighting(f.Member); known != nil {
		known.At = max(known.At, f.At)
	} else {
		x.Sightings = append(x.Sightings, Sighting{Member: strings.Clone(f.Member), At: f.At})
	}
	slices.SortFunc(x.Sightings, byTime)
	x.Sightings = slices.DeleteFunc(x.Sightings, func(s Sighting) bool { return s.At < f.KeepFrom })
	x.Sightings = slices.Delete(x.Sightings, 0, max(0, len(x.Sightings)-int(f.Most)))
	for _, r := range f.Suspects {
		for _, member := range r.Members {
			if s := x.sighting(member); s != nil {
				s.Asked = append(slices.Clip(s.Asked), strings.Clone(r.Rule))
			}
		}
	}
}

// Check says what is wrong with a device or an address (I18): its members are bounded, and each is there once.
func (x *Identity) Check() error {
	if len(x.Sightings) > sightingsMost || !slices.IsSortedFunc(x.Sightings, byTime) {
		return fmt.Errorf("I18: %d sightings, or not in order", len(x.Sightings))
	}
	for i, s := range x.Sightings {
		if slices.ContainsFunc(x.Sightings[:i], func(o Sighting) bool { return o.Member == s.Member }) || len(s.Asked) > topics.AbuseRulesMost {
			return fmt.Errorf("I18: member %s twice, or asked for by %d rules", s.Member, len(s.Asked))
		}
	}
	return nil
}

func (w *World) foldIdentity(id string, e *pointspb.Entry) {
	if e.Sighting != nil {
		w.ChangeIdentity(id).see(e.Sighting)
	}
}

// ChangeIdentity is a device or an address to be changed, made where there is none.
func (w *World) ChangeIdentity(id string) *Identity {
	note(&w.identities, id)
	return w.identity(id)
}

// ChangedIdentities are the devices and addresses that entries changed.
func (w *World) ChangedIdentities() map[string]struct{} { return w.identities }

func (w *World) identity(id string) *Identity {
	x := w.Identities[id]
	if x == nil {
		x = &Identity{}
		w.Identities[id] = x
	}
	return x
}

// byTime is the order of sightings.
func byTime(x, y Sighting) int {
	return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(x.Member, y.Member))
}
