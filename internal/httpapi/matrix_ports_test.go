package httpapi

import (
	"context"
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
