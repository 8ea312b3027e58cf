package httpapi

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// lateWorld has one late event, retroWorld one run; what is done to them is not kept.
type (
	lateWorld  struct{}
	retroWorld struct{}
)

func (lateWorld) LateEvents(context.Context, string, int) ([]LateEvent, error) {
	return []LateEvent{{ID: "own-1", State: "waiting", RefusedAt: programNow}}, nil
}

func (lateWorld) Propose(_ context.Context, id, actor, why string) (LateEvent, error) {
	return lateOne(id, LateEvent{State: "proposed", ProposedBy: actor, Why: why})
}

func (lateWorld) Decide(_ context.Context, id, actor string, _ bool, why string) (LateEvent, error) {
	return lateOne(id, LateEvent{State: "admitted", DecidedBy: actor, Why: why})
}

func lateOne(id string, e LateEvent) (LateEvent, error) {
	if e.ID, e.RefusedAt = id, programNow; id != "own-1" {
		return LateEvent{}, ErrNotFound
	}
	return e, nil
}

func (retroWorld) RetroRuns(context.Context) ([]RetroRun, error) {
	return []RetroRun{retroOne("own-1")}, nil
}

func (retroWorld) RetroRun(_ context.Context, id string) (RetroRun, error) {
	if id != "own-1" {
		return RetroRun{}, ErrNotFound
	}
	return retroOne(id), nil
}

func (retroWorld) ProposeRun(context.Context, RetroRun, string, string) (RetroRun, error) {
	return retroOne("own-1"), nil
}

func (w retroWorld) DecideRun(ctx context.Context, id, _ string, _ bool, _ string) (RetroRun, error) {
	return w.RetroRun(ctx, id)
}

func (w retroWorld) ProposeUndo(ctx context.Context, id, _, _ string) (RetroRun, error) {
	return w.RetroRun(ctx, id)
}

func retroOne(id string) RetroRun {
	return RetroRun{
		ID: id, Version: "v1", State: "proposed", From: programNow.Add(-time.Hour), To: programNow,
		Steps: []RunStep{{What: "proposed", By: "sue", At: programNow}},
	}
}

// RequestStep decides a step as an owner would whom nothing hinders.
func (w *world) RequestStep(_ context.Context, r StepRequest) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = append(w.steps, r)
	x, ok := w.decided[r.Member+r.Redemption]
	if !ok || w.hold {
		return w.fails
	}
	life := *x.Life
	outcome := w.stepEnds
	if outcome == "" {
		outcome = outcomeApplied
	}
	life.Answers = append(life.Answers, StepAnswer{ID: r.ID, Outcome: outcome, Hash: r.Hash})
	x.Life = &life
	w.decided[r.Member+r.Redemption] = x
	return w.fails
}

func (w *world) RedemptionsOf(_ context.Context, member string) (all []Redemption, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.decided {
		if r.Member == member {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(x, y Redemption) int { return cmp.Or(y.CreatedAt.Compare(x.CreatedAt), cmp.Compare(y.ID, x.ID)) })
	return all, w.fails
}

// ActsWaiting has all members in every queue, in their order.
func (w *world) ActsWaiting(_ context.Context, _ string, after QueuePlace, most int) (out []MemberActs, _ int64, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, member := range slices.Sorted(maps.Keys(w.acts)) {
		if member > after.ID {
			out = append(out, MemberActs{member, programNow, w.acts[member]})
		}
	}
	return out[:min(len(out), most)], int64(len(w.acts)), w.fails
}

func (w *world) Waiting(_ context.Context, _ string, after QueuePlace, most int) (out []Waiting, _ map[string]int64, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.decided {
		if r.CreatedAt.After(after.Since) || r.CreatedAt.Equal(after.Since) && r.ID > after.ID {
			out = append(out, Waiting{r, r.CreatedAt, r.Item == "forgotten"})
		}
	}
	slices.SortFunc(out, func(x, y Waiting) int { return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.ID, y.ID)) })
	return out[:min(len(out), most)], map[string]int64{"ship": int64(len(w.decided))}, w.fails
}
