package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// ErrNoVersion says that a rulebook version was never published.
var ErrNoVersion = errors.New("no published version")

// RetroRuns are the retro runs (semantics §9). Whoever proposes something cannot approve it (ErrSamePerson).
type RetroRuns interface {
	RetroRuns(ctx context.Context) ([]RetroRun, error)         // oldest first
	RetroRun(ctx context.Context, id string) (RetroRun, error) // ErrNotFound
	// ProposeRun proposes that the orders of [from, to) go by a version, whatever that version's own time: ErrNoVersion.
	ProposeRun(ctx context.Context, run RetroRun, actor, why string) (RetroRun, error)
	// DecideRun approves or declines what is proposed: the run, or its undoing. ErrDecided: nothing is.
	DecideRun(ctx context.Context, id, actor string, approve bool, why string) (RetroRun, error)
	// ProposeUndo proposes to undo an approved run. ErrUnproposed: it is not approved yet; ErrDecided: it is too late.
	ProposeUndo(ctx context.Context, id, actor, why string) (RetroRun, error)
}

// RetroRun is one of them.
type RetroRun struct {
	ID, Version, State string
	From, To           time.Time
	Steps              []RunStep // in their order
}

// RunStep is what was done with a run, by whom; By is empty where a command did it.
type RunStep struct {
	What, By, Why string
	At            time.Time
}

// RetroRunBody is a retro run.
type RetroRunBody struct {
	ID      string        `json:"id"`
	Version string        `json:"version" doc:"The published rulebook version by which the orders go."`
	From    time.Time     `json:"from" doc:"Orders from this time of their events on."`
	To      time.Time     `json:"to" doc:"Orders before this time."`
	State   string        `json:"state" enum:"proposed,approved,declined,applied,undo_proposed,undo_approved,undone"`
	Steps   []RunStepBody `json:"steps"`
}

// RunStepBody is what was done with a run.
type RunStepBody struct {
	What string    `json:"what" enum:"proposed,approved,declined,applied,undo_proposed,undo_approved,undo_declined,undone"`
	By   string    `json:"by,omitempty" doc:"Absent where a command of an operator did it."`
	At   time.Time `json:"at"`
	Why  string    `json:"why,omitempty"`
}

type (
	retroListOutput struct {
		Body struct {
			Runs []RetroRunBody `json:"runs" doc:"Oldest first."`
		}
	}
	retroProposal struct {
		Body struct {
			Version string    `json:"version" minLength:"1" maxLength:"100"`
			From    time.Time `json:"from"`
			To      time.Time `json:"to"`
			Why     string    `json:"why" minLength:"1" maxLength:"200" doc:"A reference, such as a ticket; no personal data."`
		}
	}
	retroID struct {
		ID string `path:"id" minLength:"2" maxLength:"20"`
	}
	retroInput struct {
		ID   string `path:"id" minLength:"2" maxLength:"20"`
		Body struct {
			Why string `json:"why" minLength:"1" maxLength:"200" doc:"A reference, such as a ticket; no personal data."`
		}
	}
	retroOutput struct{ Body RetroRunBody }
)

func (a *API) retroRoutes() {
	tags := []string{"retro runs"}
	read := access(RoleSupport, RoleApprover, RoleOperator, RoleAuditor)
	register(a, huma.Operation{
		OperationID: "retro-runs", Method: http.MethodGet, Path: "/v1/retro-runs", Summary: "Retro runs, and who decided what of them (staff)",
		Tags: tags, Metadata: read, Responses: a.problems(codeForbidden),
	}, func(ctx context.Context, _ *struct{}) (*retroListOutput, error) {
		all, err := a.retro.RetroRuns(ctx)
		out := &retroListOutput{}
		out.Body.Runs = []RetroRunBody{}
		for i := range all {
			out.Body.Runs = append(out.Body.Runs, retroBody(&all[i]))
		}
		return out, err
	})
	register(a, huma.Operation{
		OperationID: "retro-run", Method: http.MethodGet, Path: "/v1/retro-runs/{id}", Summary: "A retro run (staff)",
		Tags: tags, Metadata: read, Responses: a.problems(codeForbidden, codeNotFound, codeInvalid),
	}, func(ctx context.Context, in *retroID) (*retroOutput, error) {
		run, err := a.retro.RetroRun(ctx, in.ID)
		return &retroOutput{retroBody(&run)}, err
	})
	register(a, huma.Operation{
		OperationID: "propose-retro-run", Method: http.MethodPost, Path: "/v1/retro-runs", DefaultStatus: http.StatusCreated,
		Summary: "Propose that past orders go by a published version (operator)", Tags: tags, Metadata: access(RoleOperator),
		Responses: a.problems(codeForbidden, codeInvalid, codeBadRequest, codeTooLarge, codeMediaType),
	}, a.proposeRun)
	a.retroDecisions(tags)
}

func (a *API) proposeRun(ctx context.Context, in *retroProposal) (*retroOutput, error) {
	b := &in.Body
	switch {
	case !b.From.Before(b.To):
		return nil, invalid(codeInvalid, "body.from")
	case b.To.After(a.clock()): // what is still to come earns by the version that is in force then
		return nil, invalid(codeInvalid, "body.to")
	}
	run, err := a.retro.ProposeRun(ctx, RetroRun{Version: b.Version, From: b.From, To: b.To}, caller(ctx).ID, b.Why)
	if errors.Is(err, ErrNoVersion) {
		err = invalid(codeInvalid, "body.version")
	}
	return &retroOutput{retroBody(&run)}, err
}

func (a *API) retroDecisions(tags []string) {
	act := func(id, step, summary string, role Role, do func(context.Context, *retroInput) (RetroRun, error)) {
		register(a, huma.Operation{
			OperationID: id, Method: http.MethodPost, Path: "/v1/retro-runs/{id}/" + step, Summary: summary, Tags: tags,
			Metadata:  access(role),
			Responses: a.problems(codeForbidden, codeNotFound, codeInvalid, codeBadRequest, codeTooLarge, codeMediaType, codeSamePerson, codeDecided, codeUnproposed),
		}, func(ctx context.Context, in *retroInput) (*retroOutput, error) {
			run, err := do(ctx, in)
			return &retroOutput{retroBody(&run)}, err
		})
	}
	act("approve-retro-run", "approval", "Approve a proposed run, or its proposed undoing (another person: approver)", RoleApprover,
		func(ctx context.Context, in *retroInput) (RetroRun, error) {
			return a.retro.DecideRun(ctx, in.ID, caller(ctx).ID, true, in.Body.Why)
		})
	act("decline-retro-run", "refusal", "Decline a proposed run, or its proposed undoing (another person: approver)", RoleApprover,
		func(ctx context.Context, in *retroInput) (RetroRun, error) {
			return a.retro.DecideRun(ctx, in.ID, caller(ctx).ID, false, in.Body.Why)
		})
	act("undo-retro-run", "undo", "Propose to undo a run that was approved (operator)", RoleOperator,
		func(ctx context.Context, in *retroInput) (RetroRun, error) {
			return a.retro.ProposeUndo(ctx, in.ID, caller(ctx).ID, in.Body.Why)
		})
}

func retroBody(r *RetroRun) RetroRunBody {
	b := RetroRunBody{ID: r.ID, Version: r.Version, From: r.From.UTC(), To: r.To.UTC(), State: r.State, Steps: []RunStepBody{}}
	for _, s := range r.Steps {
		b.Steps = append(b.Steps, RunStepBody{What: s.What, By: s.By, At: s.At.UTC(), Why: s.Why})
	}
	return b
}
