package ledger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// shares is a rule for more than so many shares within an hour.
func shares(moreThan int, freeze topics.AbuseFreeze) topics.AbuseRule {
	return topics.AbuseRule{ID: "many-shares", On: topics.TypeShareCreated, MoreThan: moreThan, Within: time.Hour, Freeze: freeze, Review: 14}
}

// watching gives the book abuse rules.
func (s *shop) watching(rules ...topics.AbuseRule) *shop {
	s.book.Abuse = rules
	return s
}

// kinds are a member's entries of a kind, all that there were.
func (s *shop) kinds(member string, kind pointspb.Kind) (all []*pointspb.Entry) {
	for _, e := range s.entries {
		if e.Kind == kind && e.Account == topics.MemberAccount(member) {
			all = append(all, e)
		}
	}
	return all
}

// frozenNow are the freezes of a member that are in force.
func (s *shop) frozenNow(member string) (ids []string) {
	for i := range s.world.Member(member).Acts {
		if x := &s.world.Member(member).Acts[i]; x.InForce() {
			ids = append(ids, x.ID)
		}
	}
	return ids
}

// TestVelocityFreezesAtOnce: the event that is one too many freezes in its own decision, with evidence, as an act that
// people can release; and what was judged is not judged again.
func TestVelocityFreezesAtOnce(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(shares(3, topics.FreezeAccount))
	for i := range 3 {
		s.share("m", fmt.Sprint("s", i), "")
		s.now = s.now.Add(10 * time.Minute)
	}
	equal(t, "not yet", s.kinds("m", pointspb.Kind_FROZEN), []*pointspb.Entry(nil))
	s.share("m", "s3", "")
	e := s.last.Entries[len(s.last.Entries)-1]
	id := topics.AbuseID("many-shares", "m", "/shops/t", "s3")
	equal(t, "entry", []any{e.Kind, e.Rule, e.Version, e.Cause.Source, e.Cause.Id, e.Cause.Type}, []any{pointspb.Kind_FROZEN, "many-shares", "1", "/shops/t", "s3", "jifen.freeze"})
	f := e.Act
	equal(t, "act", []any{f.Id, f.Actor, f.Reason, f.Scope, f.Outcome, f.ReviewBy},
		[]any{id, "jifen:abuse", "many-shares", "account", "applied", s.time("2026-06-15 10:30:00").UnixMilli()})
	equal(t, "evidence", f.Evidence, "shop.share.created.v1;count=4;20260601T020000Z/20260601T023000Z")
	equal(t, "fit for a request", ledger.IsReference(f.Evidence) && ledger.IsReference(f.Id) && ledger.IsWord(f.Reason), true)
	equal(t, "counted", []int64{e.Abuse.Count, e.Abuse.MoreThan, e.Abuse.Within}, []int64{4, 3, 3600000})
	equal(t, "the event itself is credited", s.balance("m"), ledger.Balance{Available: 40})
	equal(t, "redeem", s.spend("m", "r", 10), ledger.Frozen)
	for i := range 9 {
		equal(t, "earning goes on", s.share("m", fmt.Sprint("more", i), ""), ledger.Applied)
	}
	equal(t, "no second one", s.frozenNow("m"), []string{id})
	equal(t, "released", s.unfreeze("m", "u", id), ledger.Applied)
	for i := range 9 {
		equal(t, "the same again", s.share("m", fmt.Sprint("more", i), ""), ledger.Duplicate)
	}
	for i := range 3 {
		s.share("m", fmt.Sprint("new", i), "")
	}
	equal(t, "free", s.frozenNow("m"), []string(nil))
	equal(t, "redeem", s.spend("m", "r2", 10), ledger.Applied)
	s.share("m", "new3", "")
	equal(t, "new events", s.frozenNow("m"), []string{topics.AbuseID("many-shares", "m", "/shops/t", "new3")})
	equal(t, "an appeal", s.ask(request("m", "ap", "m", ledger.Appeal, &pointspb.ActFacts{Of: s.frozenNow("m")[0], Evidence: "letter-1"})), ledger.Applied)
	s.replayed()
}

// TestVelocityIsOfEventTime: what counts is when things happened, within less than the rule's time, whatever order they are
// delivered in; each order leads to one freeze, or to none.
func TestVelocityIsOfEventTime(t *testing.T) {
	for _, c := range []struct {
		name    string
		minutes []int
		freezes int
	}{
		{"spread", []int{0, 30, 60, 90, 120}, 0},
		{"an hour apart is not within an hour", []int{0, 10, 20, 60, 80}, 0},
		{"a minute less", []int{0, 10, 20, 59, 80}, 1},
		{"in the middle", []int{0, 100, 110, 120, 130}, 1},
		{"at one instant", []int{5, 5, 5, 5, 70}, 1},
	} {
		permute(c.minutes, func(order []int) {
			s := open(t, "2026-06-01 10:00:00").watching(shares(3, topics.FreezeAccount))
			start := s.now
			s.now = start.Add(3 * time.Hour)
			for i, minutes := range order {
				s.ahead = start.Add(time.Duration(minutes) * time.Minute).Sub(s.now)
				s.share("m", fmt.Sprint("s", i), "")
			}
			if n := len(s.kinds("m", pointspb.Kind_FROZEN)); n != c.freezes {
				t.Errorf("%s, as %v: %d freezes", c.name, order, n)
			}
			s.replayed()
		})
	}
}

// permute calls for every order of some numbers.
func permute(all []int, each func([]int)) {
	var place func(n int)
	place = func(n int) {
		if n == len(all) {
			each(all)
			return
		}
		for i := n; i < len(all); i++ {
			all[n], all[i] = all[i], all[n]
			place(n + 1)
			all[n], all[i] = all[i], all[n]
		}
	}
	place(0)
}

// TestHistoryIsNoAbuse: backfilled events are not even counted (semantics §8), and a book without such rules keeps nothing.
func TestHistoryIsNoAbuse(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(shares(1, topics.FreezeAccount), topics.AbuseRule{
		ID: "ring", Shared: topics.SharedDevice, MoreThan: 1, Within: time.Hour, Freeze: topics.FreezeAccount, Review: 1,
	})
	for i := range 5 {
		s.credit(&pointspb.CreditEvent{
			Account: "member:m", Version: "1", Device: "identity:device-1",
			Cause: &pointspb.Cause{Source: "/shops/t", Id: fmt.Sprint(i), Type: topics.TypeShareCreated, OccurredAt: s.now.UnixMilli(), Backfill: "run"},
		})
	}
	equal(t, "counted", len(s.world.Member("m").Watched)+len(s.queue)+len(s.frozenNow("m")), 0)
	s = open(t, "2026-06-01 10:00:00")
	for i := range 5 {
		s.share("m", fmt.Sprint(i), "")
	}
	equal(t, "counted", len(s.world.Member("m").Watched), 0)
}

// TestWhatARuleFreezes: lots that can be spent are set aside, with those of the event; where there is nothing to freeze, or
// the rule only looks, an entry says that it was met, once for so many events.
func TestWhatARuleFreezes(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(shares(2, topics.FreezeLots))
	for i := range 3 {
		s.share("m", fmt.Sprint("s", i), "")
	}
	equal(t, "lots", s.balance("m"), ledger.Balance{Frozen: 30})
	equal(t, "earning goes on", s.share("m", "s3", ""), ledger.Applied)
	equal(t, "and is spent", s.spend("m", "r", 10), ledger.Applied)
	id := s.frozenNow("m")[0]
	equal(t, "confirm", s.ask(request("m", "c", "sue", ledger.Confirm, &pointspb.ActFacts{Of: id, Reason: "farming", Evidence: "case-1"})), ledger.Proposed)
	equal(t, "alone", s.ask(request("m", "a1", "sue", ledger.Approve, &pointspb.ActFacts{Of: "c"})), ledger.SamePerson)
	equal(t, "second person", s.ask(request("m", "a2", "ron", ledger.Approve, &pointspb.ActFacts{Of: "c"})), ledger.Applied)
	equal(t, "taken", s.balance("m"), ledger.Balance{})
	s.replayed()

	flagged := func(freeze topics.AbuseFreeze) {
		s := open(t, "2026-06-01 10:00:00").watching(shares(2, freeze))
		for i := range 7 {
			s.credit(&pointspb.CreditEvent{Account: "member:m", Version: "1", Cause: s.cause(fmt.Sprint("s", i), topics.TypeShareCreated)})
		}
		all := s.kinds("m", pointspb.Kind_FLAGGED)
		equal(t, "flagged", len(all), 2)
		equal(t, "no act", all[0].Act == nil && len(s.world.Member("m").Acts) == 0, true)
		equal(t, "counted", all[0].Abuse.Count, int64(3))
		s.replayed()
	}
	flagged(topics.FreezeLots)
	flagged(topics.FreezeNone)
}

// TestRefundsReviewsAndReferralsAreCounted, each once: a refund that waits for its order too, but not again when that comes.
func TestRefundsReviewsAndReferralsAreCounted(t *testing.T) {
	rule := func(id, on string, moreThan int) topics.AbuseRule {
		return topics.AbuseRule{ID: id, On: on, MoreThan: moreThan, Within: 24 * time.Hour, Freeze: topics.FreezeAccount, Review: 14}
	}
	s := open(t, "2026-06-01 10:00:00").watching(
		rule("refunds", topics.TypeOrderRefunded, 2), rule("reviews", topics.TypeReviewPublished, 2), rule("referrals", topics.AbuseReferral, 2),
		topics.AbuseRule{ID: "own-link", On: topics.AbuseSelfReferral, Freeze: topics.FreezeAccount, Review: 14},
	)
	counted := func(member string) map[string]int {
		all := map[string]int{}
		for _, x := range s.world.Member(member).Watched {
			all[x.Rule] = len(x.Times)
		}
		return all
	}
	s.refund("m", "O", "R1", 1000)
	s.refund("m", "O", "R1", 1000)
	s.order("m", "O", line{net: 5000, per: 1000})
	equal(t, "waiting, again, applied", counted("m"), map[string]int{"refunds": 1})
	s.refund("m", "O", "R2", 1000)
	s.refund("m", "O", "R3", 1000)
	equal(t, "refunds", s.kinds("m", pointspb.Kind_FROZEN)[0].Abuse.On, topics.TypeOrderRefunded)

	for i := range 3 {
		s.reviewed("n", fmt.Sprint("v", i), fmt.Sprint("o", i), false)
	}
	s.removed("n", "v0", "gone")
	equal(t, "reviews", s.kinds("n", pointspb.Kind_FROZEN)[0].Rule, "reviews")

	for i := range 3 {
		equal(t, "referral", s.buys(fmt.Sprint("b", i), fmt.Sprint("B", i), "ana", line{net: 5000, per: 1000}), applied)
	}
	e := s.kinds("ana", pointspb.Kind_FROZEN)[0]
	equal(t, "referrals", []any{e.Rule, e.Cause.Id, e.Abuse.Count}, []any{"referrals", "paid:B2", int64(3)})
	equal(t, "paid", s.balance("ana"), ledger.Balance{Available: 150})
	equal(t, "buyer", len(s.frozenNow("b2")), 0)

	s.buys("ben", "own", "ben", line{net: 5000, per: 1000})
	e = s.kinds("ben", pointspb.Kind_FROZEN)[0]
	equal(t, "self", []any{e.Rule, e.Act.Evidence}, []any{"own-link", "self_referral;count=1;20260601T020000Z/20260601T020000Z"})
	equal(t, "nothing is kept of one", len(s.world.Member("ben").Watched), 0)
	s.replayed()
}

// TestWhatIsCountedIsBounded: old events go, and so do all but the newest.
func TestWhatIsCountedIsBounded(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(shares(3, topics.FreezeAccount))
	for i := range 50 {
		s.now = s.now.Add(40 * time.Minute)
		s.share("m", fmt.Sprint("s", i), "")
	}
	a := s.world.Member("m")
	equal(t, "newest", len(a.Watched[0].Times), 7)
	value, _ := a.AppendBinary(nil)
	again := &ledger.Account{}
	if err := again.UnmarshalBinary(value); err != nil {
		t.Fatal(err)
	}
	equal(t, "as it is stored", again.Watched, a.Watched)
	clone := a.Clone()
	clone.Watched[0].Times[0]++
	equal(t, "a clone shares nothing", again.Watched, a.Watched)
	s.now = s.now.Add(26 * time.Hour)
	s.share("m", "later", "")
	equal(t, "old ones", len(a.Watched[0].Times), 1)
	s.replayed()
}

// TestAMergeCountsForBoth: what is counted of a member who turns out to be another one counts there.
func TestAMergeCountsForBoth(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(shares(3, topics.FreezeAccount))
	s.share("off", "a", "")
	s.share("off", "b", "")
	s.share("on", "c", "")
	s.merge("on", "off")
	s.route()
	equal(t, "three", len(s.world.Member("on").Watched[0].Times), 3)
	s.share("off", "d", "")
	s.route()
	equal(t, "four", s.frozenNow("on"), []string{topics.AbuseID("many-shares", "on", "/shops/t", "d")})
	s.replayed()
}

// signs signs a member in with a device, and lets the device's shard decide.
func (s *shop) signs(member, id, device string) {
	s.t.Helper()
	s.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Cause: s.cause(id, topics.TypeSignedIn), Version: s.book.Version,
		Device: topics.IdentityAccount(topics.SharedDevice, device),
	})
	s.route()
	s.deliver()
}

func ring(moreThan int) topics.AbuseRule {
	return topics.AbuseRule{ID: "one-device", Shared: topics.SharedDevice, MoreThan: moreThan, Within: 30 * 24 * time.Hour, Freeze: topics.FreezeAccount, Review: 14}
}

// TestOneDeviceBehindManyMembers freezes each of them, once; who was released stays free while they are seen there.
func TestOneDeviceBehindManyMembers(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(ring(2))
	frozen := func() (who []string) {
		for _, m := range []string{"a", "b", "c", "d"} {
			if len(s.frozenNow(m)) > 0 {
				who = append(who, m)
			}
		}
		return who
	}
	s.signs("a", "1", "phone")
	s.signs("b", "2", "phone")
	s.signs("a", "3", "phone")
	s.signs("c", "4", "tablet")
	equal(t, "two of a phone", frozen(), []string(nil))
	s.at("2026-06-20 10:00:00").signs("c", "5", "phone")
	equal(t, "three", frozen(), []string{"a", "b", "c"})
	name := strings.TrimPrefix(topics.IdentityAccount(topics.SharedDevice, "phone"), topics.IdentityPrefix)
	e := s.kinds("a", pointspb.Kind_FROZEN)[0]
	equal(t, "evidence", e.Act.Evidence, name+";count=3;20260601T020000Z/20260620T020000Z")
	equal(t, "fit for a request", ledger.IsReference(e.Act.Evidence), true)
	equal(t, "no device in the ledger", strings.Contains(fmt.Sprint(s.entries), "phone"), false)
	s.signs("d", "6", "phone")
	equal(t, "four", frozen(), []string{"a", "b", "c", "d"})
	equal(t, "once each", len(s.kinds("a", pointspb.Kind_FROZEN)), 1)
	s.unfreeze("a", "u", s.frozenNow("a")[0])
	s.signs("a", "7", "phone")
	s.at("2026-07-01 10:00:00").signs("e", "8", "phone")
	equal(t, "looked at", frozen(), []string{"b", "c", "d"})
	s.at("2026-12-01 10:00:00").signs("x", "9", "phone") // all others are long gone
	s.signs("y", "10", "phone")
	s.signs("a", "11", "phone")
	equal(t, "looked at for good", frozen(), []string{"b", "c", "d"})
	equal(t, "flagged", len(s.kinds("a", pointspb.Kind_FLAGGED)), 1)
	s.replayed()
}

// TestADeviceIsBounded: those who were seen last are kept, and sightings that change nothing make no entry.
func TestADeviceIsBounded(t *testing.T) {
	rule := ring(50)
	rule.Freeze = topics.FreezeNone
	s := open(t, "2026-06-01 10:00:00").watching(rule)
	for i := range 80 {
		s.now = s.now.Add(time.Minute)
		s.signs(fmt.Sprint("m", i), fmt.Sprint(i), "kiosk")
	}
	id, _ := topics.IdentityOf(topics.IdentityAccount(topics.SharedDevice, "kiosk"))
	x := s.world.Identities[id]
	equal(t, "kept", len(x.Sightings), 64)
	equal(t, "the last", x.Sightings[63].Member, "m79")
	if err := x.Check(); err != nil {
		t.Error(err)
	}
	for i := range 80 {
		equal(t, "flagged once", len(s.kinds(fmt.Sprint("m", i), pointspb.Kind_FLAGGED)), 1)
	}
	n := len(s.entries)
	s.ahead = -time.Hour
	s.signs("m79", "earlier", "kiosk")
	equal(t, "its own entry only", len(s.entries)-n, 1)
	s.replayed()
}

// TestAMemberOfTwoDevicesIsFrozenOnce: the freeze of a rule holds whatever device it came from.
func TestAMemberOfTwoDevicesIsFrozenOnce(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(ring(1))
	s.signs("a", "1", "phone")
	s.signs("b", "2", "phone")
	s.signs("a", "3", "tablet")
	s.signs("c", "4", "tablet")
	for _, m := range []string{"a", "b", "c"} {
		equal(t, m, len(s.kinds(m, pointspb.Kind_FROZEN)), 1)
	}
	s.replayed()
}

// TestAFreezeOfARuleIsReviewed: its date passes as that of any other.
func TestAFreezeOfARuleIsReviewed(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(shares(1, topics.FreezeAccount))
	s.share("m", "a", "")
	s.share("m", "b", "")
	s.at("2026-06-15 09:59:59").advance("m")
	equal(t, "not yet", s.world.Member("m").OverdueAt(), int64(0))
	s.at("2026-06-15 10:00:00").advance("m")
	equal(t, "overdue", s.world.Member("m").OverdueAt(), int64(ledger.OverdueBase+1))
	s.replayed()
}

// TestAReferralOfTwoRulesIsOne.
func TestAReferralOfTwoRulesIsOne(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(topics.AbuseRule{ID: "referrals", On: topics.AbuseReferral, MoreThan: 1, Within: time.Hour, Freeze: topics.FreezeAccount, Review: 1})
	ev := s.through("ana", s.event("ben", "B", line{net: 5000, per: 1000}))
	ev.Candidates = append(ev.Candidates, &pointspb.Candidate{Rule: "more", Mode: string(topics.ModeFixed), Points: 5, ToReferrer: true})
	s.credit(ev)
	s.carry()
	equal(t, "paid", s.balance("ana"), ledger.Balance{Available: 55})
	equal(t, "counted", len(s.world.Member("ana").Watched[0].Times), 1)
	s.replayed()
}

// TestASuspectWhoTurnedOutToBeAnother is frozen as that one.
func TestASuspectWhoTurnedOutToBeAnother(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(ring(2))
	s.signs("off", "1", "phone")
	s.signs("b", "2", "phone")
	s.merge("on", "off")
	s.route()
	s.signs("c", "3", "phone")
	equal(t, "on", len(s.frozenNow("on")), 1)
	equal(t, "off", len(s.world.Member("off").Acts), 0)
	s.replayed()

	rule := ring(2) // both of one: an entry for each of those as whom they were seen
	rule.Freeze = topics.FreezeNone
	s = open(t, "2026-06-01 10:00:00").watching(rule)
	s.signs("off", "1", "phone")
	s.signs("on", "2", "phone")
	s.merge("on", "off")
	s.route()
	s.signs("c", "3", "phone")
	equal(t, "on", len(s.kinds("on", pointspb.Kind_FLAGGED)), 2)
	s.replayed()
}

// TestMembersAreToldOfFreezes: also of those by hand, with the date of the review; and of nothing where the book tells
// members nothing.
func TestMembersAreToldOfFreezes(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00").watching(shares(1, topics.FreezeLots))
	s.gift("m", "g", 100)
	s.share("m", "a", "")
	s.share("m", "b", "")
	id := s.frozenNow("m")[0]
	told := func() *pointspb.NoticeFacts { return s.last.Entries[len(s.last.Entries)-1].Notice }
	n := told()
	equal(t, "frozen", []any{n.Kind, n.Points, n.Available, n.Freeze, n.ReviewBy, n.Tier},
		[]any{"frozen", int64(120), int64(0), id, s.now.AddDate(0, 0, 14).UnixMilli(), "normal"})
	s.unfreeze("m", "u", id)
	n = told()
	equal(t, "unfrozen", []any{n.Kind, n.Points, n.Available, n.Freeze}, []any{"unfrozen", int64(120), int64(120), id})
	s.freeze("m", "by-hand", 1)
	n = told()
	equal(t, "by hand", []any{n.Kind, n.Points, n.Available, n.Freeze}, []any{"frozen", int64(100), int64(20), "by-hand"})
	s.ask(request("m", "c", "sue", ledger.Confirm, &pointspb.ActFacts{Of: "by-hand", Reason: "farming", Evidence: "case-1"}))
	equal(t, "of a proposal nothing", told() == nil, true)
	s.ask(request("m", "a", "ron", ledger.Approve, &pointspb.ActFacts{Of: "c"}))
	n = told()
	equal(t, "confirmed", []any{n.Kind, n.Points, n.Available, n.Freeze}, []any{"confirmed", int64(100), int64(20), "by-hand"})
	s.adjust("m", "gift", "sue", 5)
	equal(t, "of a gift nothing", told() == nil, true)
	s.replayed()
	s = open(t, "2026-06-01 10:00:00")
	s.gift("m", "g", 100)
	s.freeze("m", "f")
	equal(t, "silent", told() == nil, true)
}
