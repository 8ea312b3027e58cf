package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

type (
	stepOutput struct {
		Status     int
		Location   string `header:"Location"`
		RetryAfter string `header:"Retry-After"`
		Body       RedemptionBody
	}
	cancelInput struct {
		Key    string    `header:"Idempotency-Key" doc:"As of redemptions; it counts for this redemption."`
		ID     string    `path:"id" minLength:"1" maxLength:"128"`
		Member string    `query:"member" maxLength:"128" doc:"Staff only: whose redemption it is."`
		Body   *struct { // absent: no reason is given
			Reason string `json:"reason,omitempty" pattern:"^[a-z0-9._-]{1,64}$" doc:"A word; the member is told that of staff."`
		}
	}
	returnInput struct {
		Key  string `header:"Idempotency-Key" doc:"As of redemptions; it counts for this redemption."`
		ID   string `path:"id" minLength:"1" maxLength:"128"`
		Body struct {
			Kind     string `json:"kind" enum:"return,exchange"`
			Quantity int64  `json:"quantity" minimum:"1" maximum:"10000"`
			Reason   string `json:"reason" enum:"damaged,wrong_item,not_as_described,unwanted,other"`
		}
	}
	problemInput struct {
		Key  string `header:"Idempotency-Key" doc:"As of redemptions; it counts for this redemption."`
		ID   string `path:"id" minLength:"1" maxLength:"128"`
		Body struct {
			Reason string `json:"reason" enum:"does_not_work,already_used,expired,other"`
			Code   int64  `json:"code,omitempty" minimum:"0" maximum:"10000" doc:"Which of the codes, counted from 1; absent: all of it."`
		}
	}
	shipmentInput struct {
		Key    string `header:"Idempotency-Key" doc:"As of redemptions; it counts for this redemption."`
		ID     string `path:"id" minLength:"1" maxLength:"128"`
		Member string `query:"member" maxLength:"128" doc:"Whose redemption it is."`
		Body   struct {
			Carrier string `json:"carrier" pattern:"^[!-~]{1,128}$"`
			Number  string `json:"number" pattern:"^[!-~]{1,128}$" doc:"Of the carrier, for tracking; no personal data."`
		}
	}
	plainStepInput struct {
		Key    string `header:"Idempotency-Key" doc:"As of redemptions; it counts for this redemption."`
		ID     string `path:"id" minLength:"1" maxLength:"128"`
		Member string `query:"member" maxLength:"128" doc:"Whose redemption it is."`
	}
	inspectionInput struct {
		Key    string `header:"Idempotency-Key" doc:"As of redemptions; it counts for this redemption."`
		ID     string `path:"id" minLength:"1" maxLength:"128"`
		Return string `path:"return" minLength:"1" maxLength:"128"`
		Member string `query:"member" maxLength:"128" doc:"Whose redemption it is."`
		Body   struct {
			Accept     bool   `json:"accept" doc:"A return: its points come back. An exchange: another unit waits to be shipped."`
			Restock    bool   `json:"restock,omitempty" doc:"The units can be given to somebody else."`
			Reason     string `json:"reason,omitempty" pattern:"^[a-z0-9._-]{1,64}$" doc:"A word; the member is told it."`
			Resolution string `json:"resolution,omitempty" enum:"refund" doc:"Of an exchange: give the points back instead, as there is no other unit."`
		}
	}
	resolutionInput struct {
		Key     string `header:"Idempotency-Key" doc:"As of redemptions; it counts for this redemption."`
		ID      string `path:"id" minLength:"1" maxLength:"128"`
		Problem string `path:"problem" minLength:"1" maxLength:"128"`
		Member  string `query:"member" maxLength:"128" doc:"Whose redemption it is."`
		Body    struct {
			Resolution string `json:"resolution" enum:"replace,refund,reject"`
			Reason     string `json:"reason,omitempty" pattern:"^[a-z0-9._-]{1,64}$" doc:"A word."`
		}
	}
)

// stepRoutes are those of what becomes of a redemption.
func (a *API) stepRoutes() {
	const one = "/v1/redemptions/{id}"
	member, merchant := []Role{RoleMember}, []Role{RoleMerchant}
	servers := []Role{RoleMerchant, RoleSupport}
	postStep(a, "cancel-redemption", one+"/cancel", "Cancel a redemption before it is shipped or fulfilled (owner, merchant, support)", append(servers, RoleMember),
		func(ctx context.Context, in *cancelInput) (*stepOutput, error) {
			r := StepRequest{Redemption: in.ID, Step: stepCancel}
			if in.Body != nil {
				r.Reason = in.Body.Reason
			}
			return a.stepOf(ctx, in.Key, in.Member, r)
		})
	postStep(a, "return-redemption", one+"/returns", "Ask for a return or an exchange of what was shipped", member,
		func(ctx context.Context, in *returnInput) (*stepOutput, error) {
			b := in.Body
			return a.stepOf(ctx, in.Key, "", StepRequest{Redemption: in.ID, Step: stepReturn, Kind: b.Kind, Quantity: b.Quantity, Reason: b.Reason})
		})
	postStep(a, "report-problem", one+"/problems", "Report a problem with a code or a service", member,
		func(ctx context.Context, in *problemInput) (*stepOutput, error) {
			return a.stepOf(ctx, in.Key, "", StepRequest{Redemption: in.ID, Step: stepReport, Reason: in.Body.Reason, Code: in.Body.Code})
		})
	postStep(a, "ship", one+"/shipment", "A redemption, or the unit of its exchange, was shipped (merchant)", merchant,
		func(ctx context.Context, in *shipmentInput) (*stepOutput, error) {
			return a.stepOf(ctx, in.Key, in.Member, StepRequest{Redemption: in.ID, Step: stepShip, Carrier: in.Body.Carrier, Number: in.Body.Number})
		})
	postStep(a, "deliver", one+"/delivery", "A redemption was delivered (merchant)", merchant,
		func(ctx context.Context, in *plainStepInput) (*stepOutput, error) {
			return a.stepOf(ctx, in.Key, in.Member, StepRequest{Redemption: in.ID, Step: stepDeliver})
		})
	postStep(a, "fulfil", one+"/fulfilment", "A redemption was fulfilled (merchant)", merchant,
		func(ctx context.Context, in *plainStepInput) (*stepOutput, error) {
			return a.stepOf(ctx, in.Key, in.Member, StepRequest{Redemption: in.ID, Step: stepFulfil})
		})
	postStep(a, "inspect-return", one+"/returns/{return}/inspection", "Decide about a return or an exchange that came in (merchant)", merchant,
		func(ctx context.Context, in *inspectionInput) (*stepOutput, error) {
			b := in.Body
			if b.Resolution != "" && !b.Accept {
				return nil, invalid(codeInvalid, "body.resolution")
			}
			return a.stepOf(ctx, in.Key, in.Member, StepRequest{
				Redemption: in.ID, Step: stepInspect, Of: in.Return, Accept: b.Accept, Restock: b.Restock, Reason: b.Reason, Resolution: b.Resolution,
			})
		})
	postStep(a, "resolve-problem", one+"/problems/{problem}/resolution", "Decide about a problem (support, merchant)", servers,
		func(ctx context.Context, in *resolutionInput) (*stepOutput, error) {
			return a.stepOf(ctx, in.Key, in.Member, StepRequest{Redemption: in.ID, Step: stepResolve, Of: in.Problem, Resolution: in.Body.Resolution, Reason: in.Body.Reason})
		})
}

// stepOf is step for the redemption of a member: of staff whom they name.
func (a *API) stepOf(ctx context.Context, key, named string, r StepRequest) (*stepOutput, error) {
	var err error
	if r.Member, r.Staff, err = owner(ctx, named); err != nil {
		return nil, err
	}
	return a.step(ctx, key, r)
}

// postStep registers a step: with a key, and 202 when it is not decided in time.
func postStep[I any](a *API, id, path, summary string, roles []Role, handle func(context.Context, *I) (*stepOutput, error)) {
	op := huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Tags: []string{"redemptions"}, DefaultStatus: http.StatusOK,
		Metadata: recorded(access(roles...)), Middlewares: huma.Middlewares{requireKey},
		Responses: a.problems(codeBadRequest, codeKeyMissing, codeNotFound, codeTooLarge, codeMediaType, codeInvalid, codeConflict,
			codeTooLate, codeNotPossible, codeTooMuch, codeDecided, codeLimitReached, codeMerged, codeErased),
	}
	register(a, op, handle)
	a.orElse(op, http.StatusAccepted, "Not decided yet: send it again with the same key, or look at Location.")
}
