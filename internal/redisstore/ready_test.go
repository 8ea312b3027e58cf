package redisstore_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/devstack"
	"jifen/internal/testkit"
	"jifen/ledger"
	"jifen/topics/pointspb"
)

func TestRedisThatComesBackEmptyIsReadAsEmpty(t *testing.T) {
	r := testkit.StartRedis(t, devstack.Options{Config: map[string]string{"appendonly": "no"}})
	s := open(t, r)
	first := batch(1, 1, 1)
	apply(t, s, first)
	if err := r.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(t.Context(), []ledger.Want{want(&first)}); err == nil {
		t.Error("a read without a server gave no error")
	}
	if err := r.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := s.Read(t.Context(), []ledger.Want{want(&first)})
	if err != nil || got[0].Head.Seq != 0 || len(got[0].World.Members) != 0 {
		t.Fatalf("read %+v, %v", got, err)
	}
	apply(t, s, first)
	holds(t, s, first)
}

func TestRedisThatEvictsIsRefused(t *testing.T) {
	r := testkit.StartRedis(t, devstack.Options{Config: map[string]string{"maxmemory-policy": "allkeys-lru"}})
	err := open(t, r).Ready(t.Context())
	if err == nil {
		t.Fatal("it is ready")
	}
	for _, word := range []string{r.Addr(), "maxmemory-policy allkeys-lru", "set noeviction"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

func TestErrorOfAMissingRedisSaysWhere(t *testing.T) {
	r := testkit.StartRedis(t)
	s := open(t, r)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), r.Addr()) {
		t.Errorf("ready: %v", err)
	}
}

// TestForgottenStatesAreGone: orders, redemptions and seen buckets past their horizon leave nothing behind, and may begin anew.
func TestForgottenStatesAreGone(t *testing.T) {
	r := testkit.StartRedis(t)
	s := open(t, r)
	b := batch(1, 1, 1)
	apply(t, s, b)
	gone := ledger.Batch{Shard: 1, From: 2, Head: ledger.Head{Seq: 2, Hash: []byte{2}}, World: ledger.NewWorld()}
	m := gone.World.Member("m")
	m.Account, m.Whole = b.World.Member("m").Account, true
	ledger.Fold(gone.World, &pointspb.Entry{
		Account: "member:m", Kind: pointspb.Kind_FORGOTTEN, Forgotten: []string{"m\x1f/s\x1fO", "r-1", "m\x1fever", "m\x1f202609"},
	})
	apply(t, s, gone)
	keys, err := raw(t, r).Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(keys)
	equal(t, "keys left", keys, []string{
		"jifen:{1}:applied", "jifen:{1}:b:june", "jifen:{1}:d:device-1", "jifen:{1}:due", "jifen:{1}:i:cup", "jifen:{1}:items", "jifen:{1}:m:m",
	})
	dues, err := s.Dues(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "due", dues, map[string]int64{"m:m": b.World.Members["m"].NextDue()})
	again := batch(1, 3, 3)
	apply(t, s, again)
	holds(t, s, again)
}

// TestForgottenOrderIsGoneWhereNotAllAreKnown: a fold of the ledger forgets without having read the member's other orders.
func TestForgottenOrderIsGoneWhereNotAllAreKnown(t *testing.T) {
	s := open(t, testkit.StartRedis(t))
	b := batch(1, 1, 1)
	const kept, gone = "m\x1f/s\x1fkept", "m\x1f/s\x1fO"
	*b.World.Member("m").ChangeOrder(kept) = ledger.Order{Paid: true, Written: 7}
	apply(t, s, b)
	forget := ledger.Batch{Shard: 1, From: 2, Head: ledger.Head{Seq: 2, Hash: []byte{2}}, World: ledger.NewWorld()}
	ledger.Fold(forget.World, &pointspb.Entry{Account: "member:m", Kind: pointspb.Kind_FORGOTTEN, Forgotten: []string{gone}})
	apply(t, s, forget)
	for _, w := range []ledger.Want{{Shard: 1, Swept: []string{"m"}}, {Shard: 1, Orders: []string{gone, kept}}} {
		got, err := s.Read(t.Context(), []ledger.Want{w})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "orders", got[0].World.Orders(), map[string]*ledger.Order{kept: {Paid: true, Written: 7}})
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("%s (-got +want):\n%s", what, d)
	}
}

func TestDueIndexListsWhatIsDueInItsOrder(t *testing.T) {
	s := open(t, testkit.StartRedis(t))
	b := ledger.Batch{Shard: 1, From: 1, Head: ledger.Head{Seq: 1, Hash: []byte{1}}, World: ledger.NewWorld()}
	for member, due := range map[string]int64{"late": 300, "soon": 100, "next": 200, "never": 0} {
		reschedule(b.World, member, due)
	}
	apply(t, s, b)
	due := func(now int64, most int) []string {
		got, err := s.Read(t.Context(), []ledger.Want{{Shard: 1, Now: now, DueMost: most}})
		if err != nil {
			t.Fatal(err)
		}
		return got[0].Due
	}
	equal(t, "by 99", due(99, 10), []string(nil))
	equal(t, "by 200", due(200, 10), []string{"m:soon", "m:next"})
	equal(t, "one by 300", due(300, 1), []string{"m:soon"})
	equal(t, "not asked", due(300, 0), []string(nil))
	later := ledger.Batch{Shard: 1, From: 2, Head: ledger.Head{Seq: 2, Hash: []byte{2}}, World: ledger.NewWorld()}
	for member, due := range map[string]int64{"soon": 0, "next": 400} {
		reschedule(later.World, member, due)
	}
	apply(t, s, later)
	equal(t, "by 500", due(500, 10), []string{"m:late", "m:next"})
}

func reschedule(w *ledger.World, member string, due int64) {
	m := w.Change(member)
	m.Due = due
	m.Reschedule()
}

func TestItemsOfAllShardsAreListed(t *testing.T) {
	s := open(t, testkit.StartRedis(t))
	for i, id := range []string{"tea", "cup", "night"} {
		b := ledger.Batch{Shard: int32(i), From: 1, Head: ledger.Head{Seq: 1, Hash: []byte{1}}, World: ledger.NewWorld()}
		*b.World.ChangeItem(id) = ledger.Item{ID: id}
		apply(t, s, b)
	}
	ids, err := s.Items(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "items", ids, []string{"cup", "night", "tea"})
}

func TestNamesTellEverythingThatIsStored(t *testing.T) {
	s := open(t, testkit.StartRedis(t))
	b := batch(2, 1, 1)
	apply(t, s, b)
	names, err := s.Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "names", names, map[int32]*ledger.Names{2: {
		Members: []string{"m"}, Logs: []string{"m"}, Redemptions: []string{"r-1"}, Items: []string{"cup"},
		Budgets: []string{"june"}, Identities: []string{"device-1"},
	}})
}

func TestResetRemovesItsShardsAndNoOthers(t *testing.T) {
	r := testkit.StartRedis(t)
	s := open(t, r)
	one, eleven := batch(1, 1, 1), batch(11, 1, 1)
	apply(t, s, one, eleven)
	if err := raw(t, r).Set(t.Context(), "another program", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Reset(t.Context(), map[int32]bool{1: true}); err != nil {
		t.Fatal(err)
	}
	holds(t, s, eleven)
	got, err := s.Read(t.Context(), []ledger.Want{want(&one)})
	if err != nil || got[0].Head.Seq != 0 || len(got[0].World.Members)+len(got[0].World.Seen()) != 0 {
		t.Errorf("shard 1 holds %+v, %v", got, err)
	}
	if raw(t, r).Exists(t.Context(), "another program").Val() != 1 {
		t.Error("another program's key is gone")
	}
}

// TestAResetThatIsCutOffLeavesNoMark: nobody takes a shard for whole of which some states are gone.
func TestAResetThatIsCutOffLeavesNoMark(t *testing.T) {
	r := testkit.StartRedis(t)
	s, b := open(t, r), batch(1, 1, 1)
	apply(t, s, b)
	if err := raw(t, r).Do(t.Context(), "ACL", "SETUSER", "default", "-scan").Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Reset(t.Context(), map[int32]bool{1: true}); err == nil {
		t.Fatal("a reset without a scan")
	}
	got, err := s.Read(t.Context(), []ledger.Want{want(&b)})
	if err != nil || got[0].Head.Seq != 0 {
		t.Errorf("shard 1 is at seq %d, %v", got[0].Head.Seq, err)
	}
}

// TestWhatIsNoStateIsTold by its shard and key, of all shards at once.
func TestWhatIsNoStateIsTold(t *testing.T) {
	r := testkit.StartRedis(t)
	s, one, two, three := open(t, r), batch(1, 1, 1), batch(2, 1, 1), batch(3, 1, 1)
	apply(t, s, one, two, three)
	for _, key := range []string{"jifen:{1}:m:m", "jifen:{3}:l:m"} {
		if err := raw(t, r).Set(t.Context(), key, "\xff\xff scribbled", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Read(t.Context(), []ledger.Want{want(&one), want(&two), want(&three)})
	var bad *ledger.Unreadable
	if !errors.As(err, &bad) {
		t.Fatalf("got %v", err)
	}
	equal(t, "shards", slices.Sorted(maps.Keys(bad.Shards)), []int32{1, 3})
	for n, key := range map[int32]string{1: "jifen:{1}:m:m cannot be read", 3: "jifen:{3}:l:m cannot be read"} {
		if !strings.HasPrefix(bad.Shards[n].Error(), key) {
			t.Errorf("shard %d: %v", n, bad.Shards[n])
		}
	}
}

func TestStatesInAnotherFormatAreReadAsNone(t *testing.T) {
	r := testkit.Redis(t)
	s, client := open(t, r), raw(t, r)
	b := batch(1, 1, 3)
	apply(t, s, b)
	mark := client.Get(t.Context(), "jifen:{1}:applied").Val()
	for _, other := range []string{mark + "0", mark[:strings.LastIndexByte(mark, ':')]} {
		client.Set(t.Context(), "jifen:{1}:applied", other, 0)
		client.Set(t.Context(), "jifen:{1}:m:m", "in words of old", 0)
		got, err := s.Read(t.Context(), []ledger.Want{want(&b)})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "seq", got[0].Head.Seq, uint64(0))
		equal(t, "members", len(got[0].World.Members), 0)
	}
	if err := s.Reset(t.Context(), map[int32]bool{1: true}); err != nil {
		t.Fatal(err)
	}
	apply(t, s, b)
	holds(t, s, b)
}
