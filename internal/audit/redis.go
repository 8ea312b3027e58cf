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
}

// readMost is how many states are read at once.
const readMost = 2000

// errMoved says that a shard went on while it was compared.
type errMoved struct{ shard int32 }

func (e errMoved) Error() string {
	return fmt.Sprintf("shard %d went on while it was compared", e.shard)
}

// compareRedis holds every state against the fold at the same seq (I2). A shard that moves on is folded on and compared again.
func (a *Audit) compareRedis(ctx context.Context) error {
	names, err := a.Redis.Names(ctx)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(a.Wait)
	for n := range int32(a.Shards) {
		for {
			before := len(a.report.Differences)
			sum, err := a.compareShard(ctx, n, names[n])
			var went errMoved
			moved := errors.As(err, &went)
			if moved && time.Now().Before(deadline) {
				a.report.Differences = a.report.Differences[:before]
				select {
				case <-ctx.Done():
					return fmt.Errorf("audit: %w", ctx.Err())
				case <-time.After(50 * time.Millisecond):
				}
				if err := a.fold(ctx); err != nil {
					return err
				}
				if names, err = a.Redis.Names(ctx); err != nil {
					return err
				}
				continue
			} else if moved {
				a.report.differ(Difference{Where: "redis", Shard: n, What: "applied", Ledger: fmt.Sprint(a.heads[n].Seq), Found: "another seq"})
			} else if err != nil {
				return err
			}
			a.report.SumRedis += sum
			break
		}
	}
	return nil
}

// compareShard compares one shard and returns what its accounts add up to.
func (a *Audit) compareShard(ctx context.Context, n int32, names *ledger.Names) (int64, error) {
	if names == nil {
		names = &ledger.Names{}
	}
	w := a.worlds[n]
	orders, seen := w.Orders(), w.Seen()
	want := ledger.Names{
		Members: union(names.Members, w.Members), Logs: union(names.Logs, w.Members),
		Redemptions: union(names.Redemptions, w.Redemptions), Items: union(names.Items, w.Items),
		Budgets: union(names.Budgets, w.Budgets),
	}
	found := ledger.NewWorld()
	for part := range parts(n, &want) {
		part.Into = found
		got, err := a.Redis.Read(ctx, []ledger.Want{part})
		if err != nil {
			return 0, err
		}
		if got[0].Head.Seq != a.heads[n].Seq {
			return 0, errMoved{n}
		}
		if !bytes.Equal(got[0].Head.Hash, a.heads[n].Hash) {
			a.report.differ(Difference{Where: "redis", Shard: n, What: "chain hash", Ledger: fmt.Sprintf("%x", a.heads[n].Hash), Found: fmt.Sprintf("%x", got[0].Head.Hash)})
		}
	}
	compareStates(a, n, "member", accounts(w), accounts(found))
	compareStates(a, n, "order", orders, found.Orders())
	compareStates(a, n, "redemption", w.Redemptions, found.Redemptions)
	compareStates(a, n, "item", w.Items, found.Items)
	compareStates(a, n, "budget", w.Budgets, found.Budgets)
	a.compareSeen(n, seen, found.Seen())
	if err := a.compareDue(ctx, n, w); err != nil {
		return 0, err
	}
	if err := a.compareBoards(ctx, n, w, names.Boards); err != nil {
		return 0, err
	}
	var sum int64
	for _, m := range found.Members {
		b := m.Booked()
		sum += b.Available + b.Pending + b.Frozen - b.Debt
	}
	return sum, nil
}

func union[V any](names []string, states map[string]V) []string {
	all := slices.Concat(names, slices.Collect(maps.Keys(states)))
	slices.Sort(all)
	return slices.Compact(all)
}

func accounts(w *ledger.World) map[string]*ledger.Account {
	all := make(map[string]*ledger.Account, len(w.Members))
	for id, m := range w.Members {
		all[id] = &m.Account
	}
	return all
}

// parts cuts what is to be read into pieces; the first is read even if there is nothing, for its applied mark.
func parts(n int32, all *ledger.Names) func(yield func(ledger.Want) bool) {
	return func(yield func(ledger.Want) bool) {
		lists := [5][]string{all.Members, all.Logs, all.Redemptions, all.Items, all.Budgets}
		more := func(list []string) bool { return len(list) > 0 }
		for first := true; first || slices.ContainsFunc(lists[:], more); first = false {
			w := ledger.Want{Shard: n}
			for i, to := range []*[]string{&w.Members, &w.Swept, &w.Redemptions, &w.Items, &w.Budgets} {
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

// same is deep equality in which nothing and an empty list are equal.
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

// compareDue compares when each state has work to do.
func (a *Audit) compareDue(ctx context.Context, n int32, w *ledger.World) error {
	found, err := a.Redis.Dues(ctx, n)
	if err != nil {
		return err
	}
	want := map[string]int64{}
	for id, m := range w.Members {
		if at := m.NextDue(); at != 0 {
			want[ledger.DueMember+id] = at
		}
		if at := m.OverdueAt(); at != 0 {
			want[ledger.DueOverdue+id] = at
		}
	}
	for id, r := range w.Redemptions {
		want[ledger.DueRedemption+id] = ledger.DueAt(r.At)
	}
	for name, at := range found {
		if want[name] != at {
			a.report.differ(Difference{Where: "redis", Shard: n, What: "due " + name, Ledger: fmt.Sprint(want[name]), Found: fmt.Sprint(at)})
		}
	}
	for name, at := range want {
		if _, ok := found[name]; !ok {
			a.report.differ(Difference{Where: "redis", Shard: n, What: "due " + name, Ledger: fmt.Sprint(at), Found: "nothing"})
		}
	}
	return nil
}
