package redisstore_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"jifen/internal/devstack"
	"jifen/internal/redisstore"
	"jifen/internal/testkit"
	"jifen/ledger"
	"jifen/topics"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func open(t testing.TB, r *devstack.Redis) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open(redisstore.Config{Addrs: []string{r.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// raw is a client beside the store, for what the store would never do.
func raw(t *testing.T, r *devstack.Redis) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{
		Addr: r.Addr(), MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// fill sets everything below v to values of their own, so that a field that is not stored shows.
func fill(v reflect.Value, next *int64) {
	*next++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "_" {
				fill(v.Field(i), next)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), next)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), next)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("积分 %d", *next))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(uint64(*next % 256))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*next))
	default:
		v.SetInt(*next << 20)
	}
}

func filled[S any](next *int64) *S {
	s := new(S)
	fill(reflect.ValueOf(s).Elem(), next)
	return s
}

// batch is entries first..last of a shard, which changed one state of every kind.
func batch(shard int32, first, last uint64) ledger.Batch {
	next := int64(last) * 1000
	w := ledger.NewWorld()
	m := w.Change("m")
	m.Account, *m.ChangeOrder("m\x1f/s\x1fO") = *filled[ledger.Account](&next), *filled[ledger.Order](&next)
	w.SetRedemption("r-1", filled[ledger.Redemption](&next))
	*w.ChangeItem("cup") = *filled[ledger.Item](&next)
	*w.ChangeBudget("june") = *filled[ledger.Budget](&next)
	*w.ChangeIdentity("device-1") = *filled[ledger.Identity](&next)
	marks, n := ledger.Marks("/s", fmt.Sprint("e", last), fmt.Sprint("key", last), 1_790_000_000_000)
	for _, x := range marks[:n] {
		m.See(x)
	}
	m.Reschedule()
	head := ledger.Head{Seq: last, Offset: int64(last) + 5, Hash: []byte{1, 2, byte(last)}, Now: 1_790_000_000_123}
	return ledger.Batch{Shard: shard, From: first, Head: head, World: w}
}

func want(b *ledger.Batch) ledger.Want {
	return ledger.Want{
		Shard: b.Shard, Members: slices.Sorted(maps.Keys(b.World.Members)), Orders: slices.Sorted(maps.Keys(b.World.Orders())),
		Redemptions: slices.Sorted(maps.Keys(b.World.Redemptions)), Items: slices.Sorted(maps.Keys(b.World.Items)),
		Budgets: slices.Sorted(maps.Keys(b.World.Budgets)), Identities: slices.Sorted(maps.Keys(b.World.Identities)),
		Logs: slices.Sorted(maps.Keys(b.World.Members)),
	}
}

// states are all that a world holds.
type states struct {
	Members     map[string]ledger.Account
	Orders      map[string]*ledger.Order
	Seen        map[ledger.SeenKey]*ledger.Bucket
	Redemptions map[string]*ledger.Redemption
	Items       map[string]*ledger.Item
	Budgets     map[string]*ledger.Budget
	Identities  map[string]*ledger.Identity
}

func statesOf(w *ledger.World) states {
	s := states{map[string]ledger.Account{}, w.Orders(), w.Seen(), w.Redemptions, w.Items, w.Budgets, w.Identities}
	for id, m := range w.Members {
		if !reflect.ValueOf(m.Account).IsZero() { // else somebody only looked for them
			s.Members[id] = m.Account
		}
	}
	return s
}

// differs compares worlds field by field.
func differs(got, want *ledger.World) string {
	return cmp.Diff(statesOf(got), statesOf(want), cmpopts.EquateEmpty(),
		cmp.Transformer("marks", (*ledger.Bucket).Marks),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == "._" }, cmp.Ignore()))
}

func apply(t *testing.T, s *redisstore.Store, batches ...ledger.Batch) {
	t.Helper()
	if err := s.Apply(t.Context(), batches); err != nil {
		t.Fatal(err)
	}
}

// holds fails unless the store has exactly what a batch wrote.
func holds(t *testing.T, s *redisstore.Store, b ledger.Batch) {
	t.Helper()
	got, err := s.Read(t.Context(), []ledger.Want{want(&b)})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got[0].Head, b.Head); d != "" {
		t.Errorf("applied mark (-got +want):\n%s", d)
	}
	if d := differs(got[0].World, b.World); d != "" {
		t.Errorf("states (-got +want):\n%s", d)
	}
}

func TestApplyThenReadGivesEqualStatesFieldByField(t *testing.T) {
	s := open(t, testkit.Redis(t))
	one, two := batch(1, 1, 3), batch(2, 1, 9)
	apply(t, s, one, two)
	holds(t, s, one)
	holds(t, s, two)
	next := batch(1, 4, 4)
	apply(t, s, next)
	holds(t, s, onTop(one, next))
	holds(t, s, two)
}

// onTop puts what a batch saw on top of what was seen before it.
func onTop(before, b ledger.Batch) ledger.Batch {
	w := ledger.NewWorld()
	for id, m := range b.World.Members {
		w.Member(id).Account = m.Account
		for key, o := range m.Orders() {
			w.Member(id).HoldOrder(key, o)
		}
		for month, x := range m.Buckets() {
			w.Member(id).HoldBucket(month, slices.Concat(before.World.Member(id).Bucket(month).Marks(), x.Marks()))
		}
	}
	w.Redemptions, w.Items = b.World.Redemptions, b.World.Items
	b.World = w
	return b
}

func TestStateThatWasNeverWrittenIsAbsent(t *testing.T) {
	s := open(t, testkit.Redis(t))
	got, err := s.Read(t.Context(), []ledger.Want{{
		Shard: 7, Members: []string{"x"}, Orders: []string{"x\x1f/s\x1fO"}, Redemptions: []string{"x"}, Items: []string{"x"},
		Logs: []string{"z"}, Swept: []string{"y"}, DueMost: 10,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if d := differs(got[0].World, ledger.NewWorld()); d != "" || got[0].Head.Seq != 0 || got[0].Head.Offset != -1 || len(got[0].Due) != 0 {
		t.Errorf("head %+v, due %v, states %s", got[0].Head, got[0].Due, d)
	}
}

func TestManyStatesInOneBatch(t *testing.T) {
	s := open(t, testkit.Redis(t))
	b := batch(3, 1, 5000)
	for i := range 2500 {
		next := int64(i)
		name := fmt.Sprint("member-", i)
		b.World.Change(name).Account = *filled[ledger.Account](&next)
		busy := b.World.Change("busy")
		busy.See(ledger.SeenMark{Month: 202611, Mark: topics.MarkOf(name)})
		*busy.ChangeOrder("busy\x1f/s\x1f" + name) = *filled[ledger.Order](&next)
	}
	apply(t, s, b)
	holds(t, s, b)
	got, err := s.Read(t.Context(), []ledger.Want{{Shard: 3, Swept: []string{"busy"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := b.World.Orders()
	delete(want, "m\x1f/s\x1fO")
	if d := cmp.Diff(got[0].World.Orders(), want); d != "" {
		t.Errorf("all orders of a member (-got +want):\n%s", d)
	}
}
