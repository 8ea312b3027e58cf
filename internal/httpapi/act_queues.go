package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// The queues in which members' accounts wait for staff, in the ledger's words.
const (
	queueApprovals = "approvals"
	queueReviews   = "reviews"

	purposeActs = "acts"
)

// WaitingAdjustmentBody is an adjustment that waits for a second person, and whose.
type WaitingAdjustmentBody struct {
	Member string `json:"member"`
	AdjustmentBody
}

// OpenFreezeBody is a freeze that nobody has decided about yet, and whose.
type OpenFreezeBody struct {
	Member string `json:"member"`
	FreezeBody
}

type (
	actQueueInput struct {
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many members a page has; each may have up to 20."`
		Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
	}
	waitingAdjustmentsOutput struct {
		Body struct {
			Adjustments []WaitingAdjustmentBody `json:"adjustments" doc:"By member: whose adjustment waits for the longest time first."`
			Members     int64                   `json:"members" doc:"How many members have one that waits."`
			NextCursor  string                  `json:"next_cursor,omitempty" doc:"Absent on the last page."`
		}
	}
	openFreezesOutput struct {
		Body struct {
			Freezes    []OpenFreezeBody `json:"freezes" doc:"By member: whose freeze is to be reviewed soonest first."`
			Members    int64            `json:"members" doc:"How many members have one that is open."`
			NextCursor string           `json:"next_cursor,omitempty" doc:"Absent on the last page."`
		}
	}
)

func (a *API) actQueueRoutes() {
	get := func(id, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"acts"},
			Metadata:  access(RoleSupport, RoleApprover, RoleOperator, RoleAuditor),
			Responses: a.problems(codeForbidden, codeInvalid, codeCursorInvalid),
		}
	}
	register(a, get("waiting-adjustments", "/v1/adjustments", "Adjustments of all members that wait for a second person (staff)"), func(ctx context.Context, in *actQueueInput) (*waitingAdjustmentsOutput, error) {
		out := &waitingAdjustmentsOutput{}
		out.Body.Adjustments = []WaitingAdjustmentBody{}
		var err error
		out.Body.Members, out.Body.NextCursor, err = a.actQueue(ctx, queueApprovals, *in, func(member string, x *Act) {
			if x.Outcome == outcomeProposed && x.State == outcomeProposed {
				out.Body.Adjustments = append(out.Body.Adjustments, WaitingAdjustmentBody{member, adjustmentOf(x)})
			}
		})
		return out, err
	})
	register(a, get("open-freezes", "/v1/freezes", "Open freezes of all members, by their review dates (staff)"), func(ctx context.Context, in *actQueueInput) (*openFreezesOutput, error) {
		out := &openFreezesOutput{}
		out.Body.Freezes = []OpenFreezeBody{}
		var err error
		out.Body.Members, out.Body.NextCursor, err = a.actQueue(ctx, queueReviews, *in, func(member string, x *Act) {
			if x.What == whatFreeze && x.State == freezeOpen {
				out.Body.Freezes = append(out.Body.Freezes, OpenFreezeBody{member, staffFreeze(x)})
			}
		})
		return out, err
	})
}

// actQueue shows every act of the members on a page of a queue; what is not waited for any more is for show to leave out.
func (a *API) actQueue(ctx context.Context, queue string, in actQueueInput, show func(member string, x *Act)) (members int64, next string, err error) {
	var from placeCursor
	if in.Cursor != "" && (!a.signer.open(purposeActs, in.Cursor, &from) || from.Of != queue) {
		return 0, "", invalid(codeCursorInvalid, "query.cursor")
	}
	after := QueuePlace{ID: from.ID}
	if in.Cursor != "" {
		after.Since = time.UnixMilli(from.At)
	}
	page, members, err := a.acts.ActsWaiting(ctx, queue, after, in.Limit+1)
	if err != nil {
		return 0, "", err
	}
	if len(page) > in.Limit {
		page = page[:in.Limit]
		last := page[in.Limit-1]
		if next, err = a.signer.sign(purposeActs, placeCursor{queue, last.Place.UnixMilli(), last.Member}); err != nil {
			return 0, "", err
		}
	}
	for _, m := range page {
		for i := range m.Acts {
			show(m.Member, &m.Acts[i])
		}
	}
	return members, next, nil
}
