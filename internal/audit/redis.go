package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"jifen/ledger"
	"jifen/topics"
)

// Redis is the store under audit.
type Redis interface {
	Names(ctx context.Context) (map[int32]*ledger.Names, error)
	Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error)
	Dues(ctx context.Context, shard int32) (map[string]int64, error)
	Board(ctx context.Context, shard int32, period string) (map[string]int64, error)
	// QueueOf is all of a shard's queue: redemption or member → its place, Unix ms.
	QueueOf(ctx context.Context, shard int32, name string) (map[string]int64, error)
}

// readMost is how many states are read at once.
const readMost = 2000

// errApart says that Redis and the ledger did not come to the same seq in time.
type errApart struct{ found uint64 }

func (e errApart) Error() string { return fmt.Sprintf("Redis is at seq %d and stays there", e.found) }

// compareRedis holds every state against the fold at the same seq (I2), also while shards go on: they are compared piece by
// piece, each at the seq at which it was read, to which the ledger is folded on.
func (a *Audit) compareRedis(ctx context.Context) error {
	names, err := a.Redis.Names(ctx)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(a.Wait)
	for n := range int32(a.Shards) {
		before := a.apart
		err := a.compareShard(ctx, n, names[n], deadline)
		var apart errApart
		var bad *ledger.Unreadable
		if errors.As(err, &bad) {
			a.apart = before - booked(a.worlds[n], slices.Collect(maps.Keys(a.worlds[n].Members)))
			a.report.differ(Difference{Where: "redis", Shard: n, What: "states", Ledger: "its fold", Found: bad.Shards[n].Error()})
		} else if errors.As(err, &apart) {
			a.apart = before - booked(a.worlds[n], slices.Collect(maps.Keys(a.worlds[n].Members)))
			a.report.differ(Difference{Where: "redis", Shard: n, What: "applied", Ledger: fmt.Sprint(a.heads[n].Seq), Found: fmt.Sprint(apart.found)})
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (a *Audit) compareShard(ctx context.Context, n int32, names *ledger.Names, deadline time.Time) error {
	if names == nil {
		names = &ledger.Names{}
	}
	w := a.worlds[n]
	want := ledger.Names{
		Members: union(names.Members, w.Members), Logs: union(names.Logs, w.Members),
		Redemptions: union(names.Redemptions, w.Redemptions), Items: union(names.Items, w.Items),
		Budgets: union(names.Budgets, w.Budgets), Identities: union(names.Identities, w.Identities),
		Codes: union(names.Codes, w.Codes),
	}
	for part := range parts(n, &want) {
		found, err := a.meet(ctx, part, deadline)
		if err != nil {
			return err
		}
		a.comparePart(&part, found)
	}
	return a.compareIndexes(ctx, n, names.Boards, deadline)
}

// meet reads states, and folds the ledger of their shard to where they are.
func (a *Audit) meet(ctx context.Context, part ledger.Want, deadline time.Time) (*ledger.World, error) {
	n := part.Shard
	for {
		part.Into = ledger.NewWorld()
		got, err := a.Redis.Read(ctx, []ledger.Want{part})
		if err != nil {
			return nil, err
		}
		at := got[0].Head
		if at.Seq > a.heads[n].Seq {
			if err := a.foldTo(ctx, n, at.Seq); err != nil {
				return nil, err
			}
		}
		switch {
		case at.Seq == a.heads[n].Seq:
			d := Difference{Where: "redis", Shard: n, What: "chain hash", Ledger: fmt.Sprintf("%x", a.heads[n].Hash), Found: fmt.Sprintf("%x", at.Hash)}
			if !bytes.Equal(at.Hash, a.heads[n].Hash) && !slices.Contains(a.report.Differences, d) {
				a.report.differ(d)
			}
			return got[0].World, nil
		case time.Now().After(deadline):
			return nil, errApart{at.Seq}
		}
		select { // Redis is behind, or the ledger's last transaction cannot be read yet
		case <-ctx.Done():
			return nil, fmt.Errorf("audit: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// comparePart compares the states that part names.
func (a *Audit) comparePart(part *ledger.Want, found *ledger.World) {
	n, w := part.Shard, a.worlds[part.Shard]
	a.apart += booked(found, part.Members) - booked(w, part.Members)
	compareStates(a, n, "member", accounts(w, part.Members), accounts(found, part.Members))
	compareStates(a, n, "order", orders(w, part.Swept), orders(found, part.Swept))
	compareStates(a, n, "redemption", named(w.Redemptions, part.Redemptions), found.Redemptions)
	compareStates(a, n, "item", named(w.Items, part.Items), found.Items)
	compareStates(a, n, "budget", named(w.Budgets, part.Budgets), found.Budgets)
	compareStates(a, n, "identity", named(w.Identities, part.Identities), found.Identities)
	compareStates(a, n, "codes", named(w.Codes, part.Codes), found.Codes)
	a.compareSeen(n, seen(w, part.Swept), seen(found, part.Swept))
}

func union[V any](names []string, states map[string]V) []string {
	all := slices.Concat(names, slices.Collect(maps.Keys(states)))
	slices.Sort(all)
	return slices.Compact(all)
}

func accounts(w *ledger.World, ids []string) map[string]*ledger.Account {
	all := make(map[string]*ledger.Account, len(ids))
	for _, id := range ids {
		if m := w.Members[id]; m != nil {
			all[id] = &m.Account
		}
	}
	return all
}

// booked is what the accounts of these members add up to.
func booked(w *ledger.World, ids []string) (sum int64) {
	for _, m := range accounts(w, ids) {
		b := m.Booked()
		sum += b.Available + b.Pending + b.Frozen - b.Debt
	}
	return sum
}

func orders(w *ledger.World, members []string) map[string]*ledger.Order {
	all := map[string]*ledger.Order{}
	for _, id := range members {
		if m := w.Members[id]; m != nil {
			maps.Insert(all, m.Orders())
		}
	}
	return all
}

func seen(w *ledger.World, members []string) map[ledger.SeenKey]*ledger.Bucket {
	all := map[ledger.SeenKey]*ledger.Bucket{}
	for _, id := range members {
		if m := w.Members[id]; m != nil {
			for month, b := range m.Buckets() {
				all[ledger.SeenKey{Member: id, Month: month}] = b
			}
		}
	}
	return all
}

func named[S any](states map[string]*S, names []string) map[string]*S {
	all := make(map[string]*S, len(names))
	for _, name := range names {
		if s := states[name]; s != nil {
			all[name] = s
		}
	}
	return all
}

// parts cuts what is to be read into pieces; the first is read even if there is nothing, for its applied mark.
func parts(n int32, all *ledger.Names) func(yield func(ledger.Want) bool) {
	return func(yield func(ledger.Want) bool) {
		lists := [...][]string{all.Members, all.Logs, all.Redemptions, all.Items, all.Budgets, all.Identities, all.Codes}
		more := func(list []string) bool { return len(list) > 0 }
		for first := true; first || slices.ContainsFunc(lists[:], more); first = false {
			w := ledger.Want{Shard: n}
			for i, to := range []*[]string{&w.Members, &w.Swept, &w.Redemptions, &w.Items, &w.Budgets, &w.Identities, &w.Codes} {
				k := min(len(lists[i]), readMost)
				*to, lists[i] = lists[i][:k], lists[i][k:]
			}
			if !yield(w) {
				return
			}
		}
	}
}

// compareStates names every field that differs. An empty state and none are the same.
func compareStates[S any](a *Audit, n int32, kind string, want, found map[string]*S) {
	for _, key := range union(slices.Collect(maps.Keys(found)), want) {
		a.report.States++
		x, y := state(want[key]), state(found[key])
		for i := range x.NumField() {
			f := x.Type().Field(i)
			if f.Name != "_" && !same(x.Field(i), y.Field(i)) {
				a.report.differ(Difference{
					Where: "redis", Shard: n, What: kind + " " + key, Field: f.Name,
					Ledger: fmt.Sprintf("%+v", x.Field(i).Interface()), Found: fmt.Sprintf("%+v", y.Field(i).Interface()),
				})
			}
		}
	}
}

func state[S any](s *S) reflect.Value {
	if s == nil {
		s = new(S)
	}
	return reflect.ValueOf(s).Elem()
}

// same is deep equality, through pointers, in which nothing and an empty list are equal.
func same(x, y reflect.Value) bool {
	switch x.Kind() {
	case reflect.Slice:
		if x.Len() != y.Len() {
			return false
		}
		for i := range x.Len() {
			if !same(x.Index(i), y.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		if x.IsNil() || y.IsNil() {
			return x.IsNil() && y.IsNil()
		}
		return same(x.Elem(), y.Elem())
	case reflect.Struct:
		for i := range x.NumField() {
			if x.Type().Field(i).Name != "_" && !same(x.Field(i), y.Field(i)) {
				return false
			}
		}
		return true
	}
	return x.Equal(y)
}

// compareSeen compares the identities of every bucket. An empty bucket and none are the same.
func (a *Audit) compareSeen(n int32, want, found map[ledger.SeenKey]*ledger.Bucket) {
	marks := func(b *ledger.Bucket) []topics.Mark {
		if b == nil {
			return nil
		}
		return b.Marks()
	}
	all := maps.Clone(want)
	maps.Copy(all, found)
	for k := range all {
		a.report.States++
		x, y := marks(want[k]), marks(found[k])
		missing := len(x) != len(y)
		for _, m := range x {
			missing = missing || !found[k].Has(m)
		}
		if missing {
			a.report.differ(Difference{Where: "redis", Shard: n, What: "seen ids " + k.String(), Ledger: fmt.Sprint(len(x)), Found: fmt.Sprint(len(y))})
		}
	}
}
