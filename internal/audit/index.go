package audit

import (
	"context"
	"fmt"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// compareIndexes compares what Redis keeps of a shard beside its states: what is due when, the leaderboards, and the queues. They are read
// between two readings of the shard's seq, and nothing is said of what changed in the meantime.
func (a *Audit) compareIndexes(ctx context.Context, n int32, periods []string, deadline time.Time) error {
	mark := ledger.Want{Shard: n}
	if _, err := a.meet(ctx, mark, deadline); err != nil {
		return err
	}
	due, err := a.Redis.Dues(ctx, n)
	if err != nil {
		return err
	}
	boards, err := a.boards(ctx, n, union(periods, boardsOf(a.worlds[n])))
	if err != nil {
		return err
	}
	queues, err := a.queues(ctx, n)
	if err != nil {
		return err
	}
	a.moved = map[string]struct{}{}
	defer func() { a.moved = nil }()
	if _, err := a.meet(ctx, mark, deadline); err != nil {
		return err
	}
	a.compareDue(n, due)
	a.compareBoards(n, boards)
	a.compareQueues(n, queues)
	return nil
}

// move notes whose places in the indexes an entry may change: members and redemptions.
func (a *Audit) move(e *pointspb.Entry) {
	if a.moved == nil {
		return
	}
	if id, ok := topics.MemberOf(e.Account); ok {
		a.moved[id] = struct{}{}
	}
	if r := e.Redemption; r != nil {
		a.moved[r.Id] = struct{}{}
	}
	for _, name := range e.Forgotten {
		a.moved[name] = struct{}{}
	}
}

// compareDue compares when each state has work to do.
func (a *Audit) compareDue(n int32, found map[string]int64) {
	want := map[string]int64{}
	for id, m := range a.worlds[n].Members {
		if at := m.NextDue(); at != 0 {
			want[ledger.DueMember+id] = at
		}
		if at := m.OverdueAt(); at != 0 {
			want[ledger.DueOverdue+id] = at
		}
	}
	for id, r := range a.worlds[n].Redemptions {
		if at := r.ForgetAt(); at != 0 {
			want[ledger.DueRedemption+id] = at
		}
	}
	for _, name := range union(nil, found) {
		a.differDue(n, name, want, found)
	}
	for _, name := range union(nil, want) {
		if _, ok := found[name]; !ok {
			a.differDue(n, name, want, found)
		}
	}
}

func (a *Audit) differDue(n int32, name string, want, found map[string]int64) {
	x, y := want[name], found[name]
	if _, moved := a.moved[name[len(ledger.DueMember):]]; moved || x == y {
		return
	}
	d := Difference{Where: "redis", Shard: n, What: "due " + name, Ledger: fmt.Sprint(x), Found: fmt.Sprint(y)}
	if _, there := found[name]; !there {
		d.Found = "nothing"
	}
	a.report.differ(d)
}
