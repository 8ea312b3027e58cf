package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"jifen/topics"
)

// actRoutes are those of freezes and adjustments. Who acts is the token's bearer, never a field of the body.
func (a *API) actRoutes() {
	acts, looks := []Role{RoleSupport, RoleApprover}, []Role{RoleSupport, RoleApprover, RoleOperator, RoleAuditor}
	const freezes, adjustments = "/v1/members/{id}/freezes", "/v1/members/{id}/adjustments"
	postAct(a, "freeze", freezes, "Freeze a member's account, or lots of it (support)", acts, a.freeze)
	postAct(a, "release", freezes+"/{freeze}/release", "Release a freeze (support)", acts, a.release)
	postAct(a, "adjust", adjustments, "Give or take points by hand, or confirm abuse (support)", acts, a.adjust)
	postAct(a, "approve", adjustments+"/{adjustment}/approve", "Approve a proposed adjustment (another person: approver)", []Role{RoleApprover}, a.approve)
	postAct(a, "decline", adjustments+"/{adjustment}/decline", "Decline a proposed adjustment (another person: approver)", []Role{RoleApprover}, a.decline)
	postAct(a, "appeal", "/v1/me/freezes/{freeze}/appeal", "Appeal against a freeze", []Role{RoleMember}, a.appeal)
	get := func(id, path, summary string, roles []Role) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"acts"},
			Metadata: access(roles...), Responses: a.problems(codeForbidden, codeNotFound, codeInvalid, codeMerged, codeErased),
		}
	}
	register(a, get("freezes", freezes, "A member's freezes (staff)", looks), func(ctx context.Context, in *actedInput) (*freezesOutput, error) {
		if _, err := a.known(ctx, in.ID); err != nil {
			return nil, err
		}
		return a.freezes(ctx, in.ID, true)
	})
	register(a, get("my-freezes", "/v1/me/freezes", "What is frozen of mine", []Role{RoleMember}), func(ctx context.Context, _ *struct{}) (*freezesOutput, error) {
		return a.freezes(ctx, caller(ctx).ID, false)
	})
	register(a, get("adjustments", adjustments, "A member's adjustments, and what waits to be one (staff)", looks), a.adjustments)
}

// postAct registers an act: with a key, and 202 when it is not decided in time.
func postAct[I, B any](a *API, id, path, summary string, roles []Role, handle func(context.Context, *I) (*actOutput[B], error)) {
	op := huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Tags: []string{"acts"}, DefaultStatus: http.StatusCreated,
		Metadata: recorded(access(roles...)), Middlewares: huma.Middlewares{requireKey},
		Responses: a.problems(codeBadRequest, codeKeyMissing, codeForbidden, codeNotFound, codeTooLarge, codeMediaType, codeInvalid, codeConflict,
			codeLimitReached, codeSamePerson, codeDecided, codeMerged, codeErased),
	}
	register(a, op, handle)
	a.orElse(op, http.StatusAccepted, "Not decided yet: send it again with the same key, or look at Location.")
}

// decided makes an answer of an act; nil: it waits.
func decided[B any](x *Act, err error, list string, body func(*Act) B) (*actOutput[B], error) {
	if err != nil {
		return nil, err
	}
	out := &actOutput[B]{Status: http.StatusCreated, Location: list}
	if x == nil {
		out.Status, out.RetryAfter, x = http.StatusAccepted, retryAfterSeconds, &Act{State: statePending}
	}
	out.Body = body(x)
	return out, nil
}

func freezesOf(member string) string { return "/v1/members/" + url.PathEscape(member) + "/freezes" }

func adjustmentsOf(member string) string {
	return "/v1/members/" + url.PathEscape(member) + "/adjustments"
}

// staffAct is an act on a member of whom something was booked.
func (a *API) staffAct(ctx context.Context, key string, r ActRequest) (*Act, error) {
	if _, err := a.known(ctx, r.Member); err != nil {
		return nil, err
	}
	return a.act(ctx, key, r)
}

func (a *API) freeze(ctx context.Context, in *freezeInput) (*actOutput[FreezeBody], error) {
	b := in.Body
	if b.Scope == scopeAccount && len(b.Lots) > 0 {
		return nil, invalid(codeInvalid, "body.lots")
	}
	x, err := a.staffAct(ctx, in.Key, ActRequest{
		Member: in.ID, What: whatFreeze, Account: b.Scope == scopeAccount, Lots: b.Lots, Reason: b.Reason, Evidence: b.Evidence, ReviewBy: b.ReviewBy,
	})
	return decided(x, err, freezesOf(in.ID), staffFreeze)
}

func (a *API) release(ctx context.Context, in *releaseInput) (*actOutput[FreezeBody], error) {
	x, err := a.staffAct(ctx, in.Key, ActRequest{Member: in.ID, What: whatUnfreeze, Of: in.Freeze, Reason: in.Body.Reason})
	return decided(x, err, freezesOf(in.ID), staffFreeze)
}

// appeal refuses at once what there is nothing to appeal against, so that nobody fills the ledger with refusals.
func (a *API) appeal(ctx context.Context, in *appealInput) (*actOutput[FreezeBody], error) {
	all, err := a.actsOf(ctx, caller(ctx).ID, whatFreeze, whatAppeal)
	if err != nil {
		return nil, err
	}
	id := topics.ActID(caller(ctx).ID, in.Key)
	known := slices.ContainsFunc(all, func(x Act) bool { return x.ID == id })
	i := slices.IndexFunc(all, func(x Act) bool { return x.What == whatFreeze && x.ID == in.Freeze })
	switch {
	case known: // its answer is kept
	case i < 0:
		return nil, ErrNotFound
	case all[i].Appeal != "":
		return nil, refuse(codeLimitReached)
	case all[i].State == "released", all[i].State == "confirmed" && !all[i].Account:
		return nil, refuse(codeDecided)
	}
	x, err := a.act(ctx, in.Key, ActRequest{Member: caller(ctx).ID, What: whatAppeal, Of: in.Freeze, Evidence: in.Body.Reference})
	return decided(x, err, "/v1/me/freezes", memberFreeze)
}

func (a *API) adjust(ctx context.Context, in *adjustInput) (*actOutput[AdjustmentBody], error) {
	b := in.Body
	if (b.Points == 0) == (b.Freeze == "") {
		return nil, invalid(codeInvalid, "body.points")
	}
	r := ActRequest{Member: in.ID, What: whatAdjust, Points: b.Points, Of: b.Freeze, Reason: b.Reason, Evidence: b.Evidence}
	if b.Freeze != "" {
		r.What = whatConfirm
	}
	x, err := a.staffAct(ctx, in.Key, r)
	return decided(x, err, adjustmentsOf(in.ID), adjustmentOf)
}

func (a *API) approve(ctx context.Context, in *approveInput) (*actOutput[AdjustmentBody], error) {
	x, err := a.staffAct(ctx, in.Key, ActRequest{Member: in.ID, What: whatApprove, Of: in.Adjustment})
	return decided(x, err, adjustmentsOf(in.ID), adjustmentOf)
}

func (a *API) decline(ctx context.Context, in *declineInput) (*actOutput[AdjustmentBody], error) {
	x, err := a.staffAct(ctx, in.Key, ActRequest{Member: in.ID, What: whatDecline, Of: in.Adjustment, Reason: in.Body.Reason})
	return decided(x, err, adjustmentsOf(in.ID), adjustmentOf)
}

func (a *API) freezes(ctx context.Context, member string, staff bool) (*freezesOutput, error) {
	all, err := a.actsOf(ctx, member, whatFreeze)
	out := &freezesOutput{}
	out.Body.Freezes = []FreezeBody{}
	for i := range all {
		b := memberFreeze(&all[i])
		if staff {
			b = staffFreeze(&all[i])
		}
		out.Body.Freezes = append(out.Body.Freezes, b)
	}
	return out, err
}

func (a *API) adjustments(ctx context.Context, in *actedInput) (*adjustmentsOutput, error) {
	if _, err := a.known(ctx, in.ID); err != nil {
		return nil, err
	}
	all, err := a.actsOf(ctx, in.ID, whatAdjust, whatConfirm)
	out := &adjustmentsOutput{}
	out.Body.Adjustments = []AdjustmentBody{}
	for i := range all {
		out.Body.Adjustments = append(out.Body.Adjustments, adjustmentOf(&all[i]))
	}
	return out, err
}
