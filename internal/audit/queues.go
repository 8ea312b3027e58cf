package audit

import (
	"context"
	"fmt"

	"jifen/ledger"
)

// queue is one queue of a shard: redemption or member → its place, Unix ms.
type queue = map[string]int64

// queues reads a shard's queues, by name.
func (a *Audit) queues(ctx context.Context, n int32) (map[string]queue, error) {
	all := map[string]queue{}
	for _, names := range [...][]string{ledger.QueueNames[:], ledger.AccountQueueNames[:]} {
		for _, name := range names {
			var err error
			if all[name], err = a.Redis.QueueOf(ctx, n, name); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// queuesOf are the queues as the states have them.
func queuesOf(w *ledger.World) map[string]queue {
	all := map[string]queue{}
	wait := func(name, id string, at int64) {
		if at == 0 {
			return
		}
		if all[name] == nil {
			all[name] = queue{}
		}
		all[name][id] = at
	}
	for id, r := range w.Redemptions {
		for i, at := range r.Queues() {
			wait(ledger.QueueNames[i], id, at)
		}
	}
	for id, m := range w.Members {
		for i, at := range m.Queues() {
			wait(ledger.AccountQueueNames[i], id, at)
		}
	}
	return all
}

// compareQueues compares who waits in a shard's queues, and since when, with what the states say.
func (a *Audit) compareQueues(n int32, found map[string]queue) {
	want := queuesOf(a.worlds[n])
	for _, name := range union(nil, found) {
		for _, id := range union(union(nil, found[name]), want[name]) {
			x, y := want[name][id], found[name][id]
			if _, moved := a.moved[id]; moved || x == y {
				continue
			}
			a.report.differ(Difference{Where: "redis", Shard: n, What: "queue " + name + " " + id, Ledger: fmt.Sprint(x), Found: fmt.Sprint(y)})
		}
	}
}
