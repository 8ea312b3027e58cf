package audit

import (
	"context"
	"fmt"

	"jifen/ledger"
)

// queues reads a shard's queues: since when redemptions wait, by queue and id.
func (a *Audit) queues(ctx context.Context, n int32) (all [len(ledger.QueueNames)]map[string]int64, err error) {
	for i, name := range ledger.QueueNames {
		if all[i], err = a.Redis.QueueOf(ctx, n, name); err != nil {
			return all, err
		}
	}
	return all, nil
}

// compareQueues compares who waits in a shard's queues, and since when, with what the states say.
func (a *Audit) compareQueues(n int32, found [len(ledger.QueueNames)]map[string]int64) {
	var want [len(ledger.QueueNames)]map[string]int64
	for i := range want {
		want[i] = map[string]int64{}
	}
	for id, r := range a.worlds[n].Redemptions {
		for i, since := range r.Queues() {
			if since != 0 {
				want[i][id] = since
			}
		}
	}
	for i, name := range ledger.QueueNames {
		for _, id := range union(union(nil, found[i]), want[i]) {
			x, y := want[i][id], found[i][id]
			if _, moved := a.moved[id]; moved || x == y {
				continue
			}
			a.report.differ(Difference{Where: "redis", Shard: n, What: "queue " + name + " " + id, Ledger: fmt.Sprint(x), Found: fmt.Sprint(y)})
		}
	}
}
