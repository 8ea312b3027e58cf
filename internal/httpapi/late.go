package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Errors of LateEvents.
var (
	ErrSamePerson = errors.New("the person who proposed it") // four eyes
	ErrDecided    = errors.New("decided already")
	ErrUnproposed = errors.New("nobody has proposed it")
)

// RefusedEventError says why an event cannot be let in at all, such as a sum of points beyond 64 bits.
type RefusedEventError struct{ Reason, Message string }

func (e *RefusedEventError) Error() string { return e.Reason + ": " + e.Message }

// LateEvents are the events that came too late to be credited by themselves, and wait for people to decide (semantics §9).
type LateEvents interface {
	// LateEvents lists those of a state (empty: all), the oldest first, at most limit.
	LateEvents(ctx context.Context, state string, limit int) ([]LateEvent, error)
	// Propose says that an event should be let in; why is a reference.
	Propose(ctx context.Context, id, actor, why string) (LateEvent, error)
	// Decide lets a proposed event in, or leaves it out: never by the person who proposed it (ErrSamePerson).
	Decide(ctx context.Context, id, actor string, admit bool, why string) (LateEvent, error)
}

// LateEvent is one of them.
type LateEvent struct {
	ID                          string // topic:partition:offset of its dead letter
	Type, Source, Event, Member string
	OccurredAt, RefusedAt       time.Time
	State                       string // waiting | proposed | admitted | declined | replayed
	ProposedBy, DecidedBy, Why  string
}

// LateEventBody is an event that came too late.
type LateEventBody struct {
	ID         string     `json:"id"`
	Type       string     `json:"type,omitempty" doc:"Absent if the event cannot be read."`
	Source     string     `json:"source,omitempty"`
	Event      string     `json:"event,omitempty" doc:"Its id at the source."`
	Member     string     `json:"member,omitempty"`
	OccurredAt *time.Time `json:"occurred_at,omitempty"`
	RefusedAt  time.Time  `json:"refused_at" doc:"When it was found to be too late."`
	State      string     `json:"state" enum:"waiting,proposed,admitted,declined,replayed"`
	ProposedBy string     `json:"proposed_by,omitempty"`
	DecidedBy  string     `json:"decided_by,omitempty"`
	Why        string     `json:"why,omitempty"`
}

type (
	lateListInput struct {
		State string `query:"state" enum:"waiting,proposed,admitted,declined,replayed" doc:"Absent: all."`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	}
	lateListOutput struct {
		Body struct {
			Events []LateEventBody `json:"events" doc:"Oldest first."`
		}
	}
	lateInput struct {
		ID   string `path:"id" minLength:"1" maxLength:"300" doc:"Of GET /v1/late-events."`
		Body struct {
			Why string `json:"why" minLength:"1" maxLength:"200" doc:"A reference, such as a ticket; no personal data."`
		}
	}
	lateOutput struct{ Body LateEventBody }
)

func (a *API) lateRoutes() {
	read := []Role{RoleSupport, RoleApprover, RoleOperator, RoleAuditor}
	register(a, huma.Operation{
		OperationID: "late-events", Method: http.MethodGet, Path: "/v1/late-events", Summary: "Events that came too late, and what was decided of them (staff)",
		Tags: []string{"late events"}, Metadata: access(read...), Responses: a.problems(codeForbidden, codeInvalid),
	}, func(ctx context.Context, in *lateListInput) (*lateListOutput, error) {
		all, err := a.late.LateEvents(ctx, in.State, in.Limit)
		out := &lateListOutput{}
		out.Body.Events = []LateEventBody{}
		for i := range all {
			out.Body.Events = append(out.Body.Events, lateBody(&all[i]))
		}
		return out, err
	})
	act := func(id, step, summary string, roles []Role, do func(context.Context, *lateInput) (LateEvent, error)) {
		register(a, huma.Operation{
			OperationID: id, Method: http.MethodPost, Path: "/v1/late-events/{id}/" + step, Summary: summary, Tags: []string{"late events"},
			Metadata:  access(roles...),
			Responses: a.problems(codeForbidden, codeNotFound, codeInvalid, codeBadRequest, codeTooLarge, codeMediaType, codeSamePerson, codeDecided, codeUnproposed, codeEventRefused),
		}, func(ctx context.Context, in *lateInput) (*lateOutput, error) {
			e, err := do(ctx, in)
			return &lateOutput{lateBody(&e)}, err
		})
	}
	act("propose-late-event", "proposal", "Propose to let a late event in (support)", []Role{RoleSupport, RoleOperator},
		func(ctx context.Context, in *lateInput) (LateEvent, error) {
			return a.late.Propose(ctx, in.ID, caller(ctx).ID, in.Body.Why)
		})
	act("admit-late-event", "admission", "Let a proposed late event in (another person: approver)", []Role{RoleApprover},
		func(ctx context.Context, in *lateInput) (LateEvent, error) {
			return a.late.Decide(ctx, in.ID, caller(ctx).ID, true, in.Body.Why)
		})
	act("decline-late-event", "refusal", "Leave a late event out for good (approver)", []Role{RoleApprover},
		func(ctx context.Context, in *lateInput) (LateEvent, error) {
			return a.late.Decide(ctx, in.ID, caller(ctx).ID, false, in.Body.Why)
		})
}

func lateBody(e *LateEvent) LateEventBody {
	b := LateEventBody{
		ID: e.ID, Type: e.Type, Source: e.Source, Event: e.Event, Member: e.Member, RefusedAt: e.RefusedAt.UTC(),
		State: e.State, ProposedBy: e.ProposedBy, DecidedBy: e.DecidedBy, Why: e.Why,
	}
	if at := e.OccurredAt.UTC(); !e.OccurredAt.IsZero() {
		b.OccurredAt = &at
	}
	return b
}
