package main

import (
	"context"
	"slices"
	"sync"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
)

// retroRuns are the retro runs and their approvals. The state of one is written in a transaction that fences others.
type retroRuns struct {
	*ports
	deciding sync.Mutex // two at once would fence each other
}

// RetroRuns lists them, the oldest first.
func (q *retroRuns) RetroRuns(ctx context.Context) ([]httpapi.RetroRun, error) {
	all, err := kafka.ReadRuns(ctx, q.kafka)
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]httpapi.RetroRun, len(all))
	for i := range all {
		out[i] = retroRun(&all[i])
	}
	return out, nil
}

// RetroRun is one of them.
func (q *retroRuns) RetroRun(ctx context.Context, id string) (httpapi.RetroRun, error) {
	all, err := kafka.ReadRuns(ctx, q.kafka)
	if err != nil {
		return httpapi.RetroRun{}, unavailable(err)
	}
	if run := kafka.FindRun(all, id); run != nil {
		return retroRun(run), nil
	}
	return httpapi.RetroRun{}, httpapi.ErrNotFound
}

func retroRun(r *kafka.Run) httpapi.RetroRun {
	out := httpapi.RetroRun{ID: r.ID, Version: r.Version, State: r.State, From: r.From, To: r.To}
	for _, s := range r.Steps {
		out.Steps = append(out.Steps, httpapi.RunStep{What: s.What, By: s.By, Why: s.Why, At: s.At})
	}
	return out
}

// ProposeRun proposes a run under a version that is published.
func (q *retroRuns) ProposeRun(ctx context.Context, p httpapi.RetroRun, actor, why string) (httpapi.RetroRun, error) {
	books, err := q.books.Books()
	if err != nil {
		return httpapi.RetroRun{}, unavailable(err)
	}
	if books.Version(p.Version) == nil {
		return httpapi.RetroRun{}, httpapi.ErrNoVersion
	}
	return q.write(ctx, func(runs *kafka.Runs) (*kafka.Run, kafka.RunStep, string, error) {
		run := &kafka.Run{ID: runs.Next(), Version: p.Version, From: p.From, To: p.To}
		return run, kafka.RunStep{What: kafka.RunProposed, By: actor, Why: why}, kafka.RunProposed, nil
	})
}

// DecideRun approves or declines what is proposed.
func (q *retroRuns) DecideRun(ctx context.Context, id, actor string, approve bool, why string) (httpapi.RetroRun, error) {
	return q.step(ctx, id, func(run *kafka.Run) (kafka.RunStep, string, error) {
		step := kafka.RunStep{What: decisions[run.State][approve], By: actor, Why: why}
		switch {
		case step.What == "" && saidAgain(run, actor, approve):
			return step, "", nil
		case step.What == "":
			return step, "", httpapi.ErrDecided
		case run.Last(run.State).By == actor:
			return step, "", httpapi.ErrSamePerson
		}
		state := step.What
		if state == kafka.RunUndoDeclined {
			state = approvedState(run)
		}
		return step, state, nil
	})
}

// decisions are the steps that decide what a state proposes, by whether it is approved.
var decisions = map[string]map[bool]string{
	kafka.RunProposed:     {true: kafka.RunApproved, false: kafka.RunDeclined},
	kafka.RunUndoProposed: {true: kafka.RunUndoApproved, false: kafka.RunUndoDeclined},
}

// saidAgain says that the last decision on a run was this one, by that person.
func saidAgain(run *kafka.Run, actor string, approved bool) bool {
	for _, s := range slices.Backward(run.Steps) {
		switch s.What {
		case kafka.RunApproved, kafka.RunUndoApproved:
			return approved && s.By == actor
		case kafka.RunDeclined, kafka.RunUndoDeclined:
			return !approved && s.By == actor
		}
	}
	return false
}

// approvedState is that of a run whose undoing nobody proposes.
func approvedState(run *kafka.Run) string {
	if run.Last(kafka.RunApplied).What != "" {
		return kafka.RunApplied
	}
	return kafka.RunApproved
}

// ProposeUndo proposes to undo a run, also one that was applied in part.
func (q *retroRuns) ProposeUndo(ctx context.Context, id, actor, why string) (httpapi.RetroRun, error) {
	return q.step(ctx, id, func(run *kafka.Run) (kafka.RunStep, string, error) {
		step := kafka.RunStep{What: kafka.RunUndoProposed, By: actor, Why: why}
		switch run.State {
		case kafka.RunApproved, kafka.RunApplied:
			return step, kafka.RunUndoProposed, nil
		case kafka.RunUndoProposed:
			if run.Last(kafka.RunUndoProposed).By == actor {
				return step, "", nil // said again
			}
		case kafka.RunProposed:
			return step, "", httpapi.ErrUnproposed
		}
		return step, "", httpapi.ErrDecided
	})
}

// step takes a step of a run that there is; no state: the run stays as it is.
func (q *retroRuns) step(ctx context.Context, id string, decide func(*kafka.Run) (kafka.RunStep, string, error)) (httpapi.RetroRun, error) {
	return q.write(ctx, func(runs *kafka.Runs) (*kafka.Run, kafka.RunStep, string, error) {
		run := runs.Find(id)
		if run == nil {
			return nil, kafka.RunStep{}, "", httpapi.ErrNotFound
		}
		step, state, err := decide(run)
		return run, step, state, err
	})
}

// write decides on the runs while nobody else can write one.
func (q *retroRuns) write(ctx context.Context, decide func(*kafka.Runs) (*kafka.Run, kafka.RunStep, string, error)) (httpapi.RetroRun, error) {
	q.deciding.Lock()
	defer q.deciding.Unlock()
	runs, err := kafka.OpenRuns(ctx, q.kafka)
	if err != nil {
		return httpapi.RetroRun{}, unavailable(err)
	}
	defer runs.Close()
	run, step, state, err := decide(runs)
	if err != nil {
		return httpapi.RetroRun{}, err
	}
	if state != "" {
		step.At = q.clock().UTC()
		run.Take(state, step)
		if err := runs.Write(ctx, *run); err != nil {
			return httpapi.RetroRun{}, unavailable(err)
		}
	}
	return retroRun(run), nil
}
