package analytics_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/analytics"
	"jifen/internal/testkit"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func (f *fixture) past(t *testing.T, asOf, knownAt time.Time, member string) []analytics.MemberPast {
	t.Helper()
	all, err := f.Past(t.Context(), analytics.Past{AsOf: asOf, KnownAt: knownAt, Member: member})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// vectorF3 is an order of 06-01 that was recorded late, on 06-03.
func vectorF3(t *testing.T) {
	f := start(t)
	june := func(day int) time.Time { return time.Date(2026, 6, day, 10, 0, 0, 0, time.UTC) }
	e := granted(1, "m1", 100)
	e.EffectiveAt, e.RecordedAt = june(1).UnixMilli(), june(3).UnixMilli()
	insert(t, f.Store, records(topics.Shard(e.Account, shards), []*pointspb.Entry{e}))
	if got := f.past(t, june(2), june(2), "m1"); len(got) != 0 {
		t.Errorf("known on 06-02: %v", got)
	}
	want := []analytics.MemberPast{{Member: "m1", MemberSum: analytics.MemberSum{Available: 100}}}
	if diff := cmp.Diff(want, f.past(t, june(2), june(4), "m1")); diff != "" {
		t.Errorf("known on 06-04 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, f.past(t, june(1), june(3), "")); diff != "" {
		t.Errorf("both instants count themselves (-want +got):\n%s", diff)
	}
}

// TestPastIsTheSumOfWhatWasEffectiveAndKnown compares with a sum over the entries, at instants around each of them.
func TestPastIsTheSumOfWhatWasEffectiveAndKnown(t *testing.T) {
	f, r := start(t), testkit.Rand(t)
	all := map[string][]*pointspb.Entry{}
	var instants []int64
	for _, member := range []string{"m1", "o'x\\y"} {
		entries := history(member)[:8]
		for _, tier := range []string{"silver", "gold"} {
			e := entry(uint64(len(entries)+1), member, pointspb.Kind_TIER_CHANGED)
			e.Tier = &pointspb.TierChange{To: tier}
			entries = append(entries, e)
		}
		for _, e := range entries {
			e.EffectiveAt += r.Int64N(5) * 60_000 // some get ahead of others, some have the same instant
			e.RecordedAt = max(e.RecordedAt, e.EffectiveAt) + r.Int64N(3)*120_000
			instants = append(instants, e.EffectiveAt, e.RecordedAt, e.RecordedAt+1)
		}
		all[member] = entries
		insert(t, f.Store, records(topics.Shard(topics.MemberAccount(member), shards), entries))
	}
	for range 60 {
		asOf, knownAt := instants[r.IntN(len(instants))], instants[r.IntN(len(instants))]
		var everybody []analytics.MemberPast
		for _, member := range []string{"m1", "o'x\\y"} {
			want := sumOf(member, all[member], asOf, knownAt)
			everybody = append(everybody, want...)
			if diff := cmp.Diff(want, f.past(t, time.UnixMilli(asOf), time.UnixMilli(knownAt), member)); diff != "" {
				t.Fatalf("%s at %d, known at %d (-want +got):\n%s", member, asOf, knownAt, diff)
			}
		}
		if diff := cmp.Diff(everybody, f.past(t, time.UnixMilli(asOf), time.UnixMilli(knownAt), "")); diff != "" {
			t.Fatalf("everybody at %d, known at %d (-want +got):\n%s", asOf, knownAt, diff)
		}
	}
	last := all["m1"][len(all["m1"])-1]
	reach, err := f.Reach(t.Context(), "m1")
	if err != nil || reach.Seq != last.Seq || reach.RecordedAt.IsZero() {
		t.Errorf("reach %+v, %v", reach, err)
	}
}

// sumOf is what a member held, by the definition.
func sumOf(member string, entries []*pointspb.Entry, asOf, knownAt int64) []analytics.MemberPast {
	m, at, any := analytics.MemberPast{Member: member}, int64(0), false
	for _, e := range entries {
		if e.EffectiveAt > asOf || e.RecordedAt > knownAt {
			continue
		}
		any = true
		if e.Tier != nil && e.EffectiveAt >= at {
			m.Tier, at = e.Tier.To, e.EffectiveAt
		}
		for _, p := range e.Postings {
			switch int64(p.Account) {
			case available:
				m.Available += p.Points
			case pending:
				m.Pending += p.Points
			case debt:
				m.Debt -= p.Points
			}
		}
	}
	if !any {
		return nil
	}
	return []analytics.MemberPast{m}
}
