package redisstore_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
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

func open(t *testing.T, r *devstack.Redis) *redisstore.Store {
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
	case reflect.Uint32:
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
	w, c := ledger.NewWorld(), ledger.NewChanges()
	w.Members["m"], w.Orders["m\x1f/s\x1fO"] = filled[ledger.Account](&next), filled[ledger.Order](&next)
	w.Redemptions["r-1"], w.Items["cup"] = filled[ledger.Redemption](&next), filled[ledger.Item](&next)
	c.Members["m"], c.Orders["m\x1f/s\x1fO"], c.Redemptions["r-1"], c.Items["cup"] = struct{}{}, struct{}{}, struct{}{}, struct{}{}
	for _, m := range ledger.Marks("m", "/s", fmt.Sprint("e", last), "key", 1_790_000_000_000) {
		w.Seen[m], c.Seen[m] = struct{}{}, struct{}{}
		c.Buckets[m.Bucket] = int64(last)
	}
	head := ledger.Head{Seq: last, Offset: int64(last) + 5, Hash: []byte{1, 2, byte(last)}, Now: 1_790_000_000_123}
	return ledger.Batch{Shard: shard, From: first, Head: head, World: w, Changes: c}
}

func want(b *ledger.Batch) ledger.Want {
	w := b.Changes.Want(b.Shard)
	for m := range b.World.Seen {
		w.Seen = append(w.Seen, m)
	}
	slices.SortFunc(w.Seen, func(x, y ledger.SeenMark) int { return strings.Compare(x.Bucket, y.Bucket) })
	return w
}

// differs compares worlds field by field.
func differs(got, want *ledger.World) string {
	return cmp.Diff(got, want, cmpopts.EquateEmpty(),
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
	next.World.Seen = union(next.World.Seen, one.World.Seen)
	holds(t, s, next)
	holds(t, s, two)
}

func union[K comparable](x, y map[K]struct{}) map[K]struct{} {
	out := map[K]struct{}{}
	for _, m := range []map[K]struct{}{x, y} {
		for k := range m {
			out[k] = struct{}{}
		}
	}
	return out
}

func TestStateThatWasNeverWrittenIsAbsent(t *testing.T) {
	s := open(t, testkit.Redis(t))
	got, err := s.Read(t.Context(), []ledger.Want{{
		Shard: 7, Members: []string{"x"}, Orders: []string{"x"}, Redemptions: []string{"x"}, Items: []string{"x"},
		Seen: ledger.Marks("x", "/s", "e", "", 0), DueMost: 10,
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
	for i := range 2500 { // more than Lua hands to one command
		next := int64(i)
		name := fmt.Sprint("member-", i)
		b.World.Members[name], b.Changes.Members[name] = filled[ledger.Account](&next), struct{}{}
		m := ledger.SeenMark{Bucket: "busy", Mark: topics.MarkOf(name)}
		b.World.Seen[m], b.Changes.Seen[m] = struct{}{}, struct{}{}
	}
	apply(t, s, b)
	holds(t, s, b)
}
