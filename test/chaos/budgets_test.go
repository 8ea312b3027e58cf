package chaos_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// tightBudget is that of the campaign which runs out (testdata/budgets.yaml).
const tightBudget = 400_000

// TestKillsWhileBudgetsAreAwarded kills both owners at each failpoint while orders of many members draw on two budgets, some are
// returned in part, and members redeem. One budget, of a campaign on a shard of each, runs out in the midst of it. No entry of
// a campaign leads above its budget, each award is given once and booked once, and in the end the one is used up, however
// orders came, and the other gave each member just what the shop knows them to have earned.
func TestKillsWhileBudgetsAreAwarded(t *testing.T) {
	s := ownStack(t, "testdata/budgets.yaml")
	for _, p := range s.slots {
		p.ensure(t)
	}
	l, ample := s.load(t, "tight"), newShop(s, s.fresh("ample"))
	l.shop.store, ample.store = "tight", "ample"
	l.start(t, ample)
	r := rand.New(rand.NewPCG(l.seed, 6))
	plans := [2][]string{failpoints(r, "owner", 2), failpoints(r, "owner", 2)}
	half := len(plans[0]) / 2
	s.killOwners(t, plans[0][:half], plans[1][:half])
	l.shop.wave(t, 2_000_000, 200_000) // for all of the budget, however slowly the others come
	s.killOwners(t, plans[0][half:], plans[1][half:])
	kills := len(plans[0]) + len(plans[1])
	l.stop()
	l.all.Wait()
	s.drain(t)
	l.shop.wave(t, 3_000_000, 30_000) // for more than late returns can have given back to it
	l.finish(t, map[string]int{"owner": kills}, "kill -9 of owners at failpoints while budgets are awarded")

	b := s.read(t)
	b.against(t, ample, &journal{})
	for m, want := range ample.doubled {
		if got := b.extras(m, "ample"); got != want {
			t.Errorf("%s: the ample budget gave %d and got back %d; earned %d, gave back %d", m, got.granted, got.reversed, want.granted, want.reversed)
		}
	}
	for campaign := range b.budgets {
		b.drawn(t, campaign)
	}
	b.ranOut(t, slices.Concat(s.owners[0].deaths, s.owners[1].deaths))
}

// killOwners kills each owner as its plan says.
func (s *stack) killOwners(t *testing.T, plans ...[]string) {
	t.Helper()
	var all sync.WaitGroup
	for i, plan := range plans {
		all.Go(func() { s.owners[i].suffer(t, plan) })
	}
	all.Wait()
}

// wave sends one order of each member, all of so much, numbered from a number on.
func (s *shop) wave(t *testing.T, from int, net int64) {
	t.Helper()
	b := batch{granted: map[string]int64{}, doubled: map[string]extra{}}
	for i := range members {
		e := s.order(s.member(i), from+i, net)
		b.events = append(b.events, e)
		b.paid(e)
	}
	if err := s.send(t.Context(), b.events); err != nil {
		t.Fatal(err)
	}
	s.note(&b)
}

// extras are what a member got of a campaign's budget.
func (b *book) extras(member, campaign string) (x extra) {
	for _, e := range b.members[member] {
		switch {
		case e.Budget.GetCampaign() != campaign:
		case e.Kind == pointspb.Kind_GRANTED:
			x.granted += e.Budget.Awarded
		default:
			x.reversed -= e.Budget.Awarded
		}
	}
	return x
}

// award names a member's award by one event and rule.
func award(member string, e *pointspb.Entry) string {
	return strings.Join([]string{member, e.Cause.Source, e.Cause.Id, e.Rule}, " ")
}

// drawn holds a campaign's side against its members': at each of its entries no more is given than its budget, and each award is
// all that is left or all that was asked; each question of a member has one answer, with the very points that left the budget.
func (b *book) drawn(t *testing.T, campaign string) {
	t.Helper()
	var given int64
	taken, left := map[string]int{}, map[string]int64{}
	for _, e := range b.budgets[campaign] {
		f := e.Budget
		if e.Kind == pointspb.Kind_TAKEN {
			if want := min(f.Desired, f.Limit-given); f.Awarded != want {
				t.Errorf("%s awarded %d of the %d asked, with %d left", campaign, f.Awarded, f.Desired, f.Limit-given)
			}
			if taken[award(f.Member, e)]++; taken[award(f.Member, e)] > 1 {
				t.Errorf("%s: %s was awarded again", campaign, award(f.Member, e))
			}
		}
		given += f.Awarded
		left[award(f.Member, e)] += f.Awarded
		if given < 0 || e.Kind == pointspb.Kind_TAKEN && given > f.Limit {
			t.Errorf("%s has given %d of %d at seq %d", campaign, given, f.Limit, e.Seq)
		}
	}
	asked, answered, booked := map[string]int{}, map[string]int{}, map[string]int64{}
	for member, entries := range b.members {
		for _, e := range entries {
			if e.Budget.GetCampaign() != campaign {
				continue
			}
			key := award(member, e)
			switch {
			case e.Budget.Desired > 0:
				asked[key]++
			case e.Kind == pointspb.Kind_GRANTED || e.Kind == pointspb.Kind_RECORDED:
				answered[key]++
			}
			if e.Budget.Awarded != 0 {
				booked[key] += e.Budget.Awarded
			}
		}
	}
	differ(t, campaign+": questions and answers", asked, answered)
	differ(t, campaign+": what left the budget and what members have", left, booked)
	t.Logf("%s: %d questions, %d awards, %d points given in the end", campaign, len(asked), len(taken), given)
}

func differ[N comparable](t *testing.T, what string, x, y map[string]N) {
	t.Helper()
	if maps.Equal(x, y) {
		return
	}
	told := 0
	for _, key := range slices.Sorted(maps.Keys(x)) {
		if x[key] != y[key] && told < 10 {
			told++
			t.Errorf("%s: %s: %v, %v", what, key, x[key], y[key])
		}
	}
	t.Errorf("%s differ: %d of %d keys and %d", what, told, len(x), len(y))
}

// ranOut checks that the tight budget was used up among the kills, and is in the end.
func (b *book) ranOut(t *testing.T, deaths []time.Time) {
	t.Helper()
	var given, back int64
	var empty time.Time // for the first time
	for _, e := range b.budgets["tight"] {
		if given += e.Budget.Awarded; given == tightBudget && empty.IsZero() {
			empty = time.UnixMilli(e.RecordedAt)
		}
		back -= min(0, e.Budget.Awarded)
	}
	after := 0
	for _, at := range deaths {
		if at.After(empty) {
			after++
		}
	}
	t.Logf("the tight budget ran out after %d of %d kills; %d points came back to it", len(deaths)-after, len(deaths), back)
	switch {
	case given != tightBudget:
		t.Errorf("the tight budget gave %d in the end, want all of %d", given, tightBudget)
	case back == 0:
		t.Error("nothing came back to the tight budget")
	case after == 0 || after == len(deaths):
		t.Errorf("%d of %d kills came after the tight budget had run out: want some before it, and some after", after, len(deaths))
	}
	for campaign, low := range map[string]bool{"tight": true, "ample": false} { // the owners have half of the shards each
		if shard := topics.Shard(topics.CampaignAccount(campaign), shards); shard < shards/2 != low {
			t.Errorf("campaign %s is on shard %d, of the wrong owner", campaign, shard)
		}
	}
}
