package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// queues are the work lists of the console.
var queues = []string{"ship", "fulfil", "deliver", "returns", "problems"}

// QueuePlace is a redemption's place in a queue; the zero value is before all.
type QueuePlace struct {
	Since time.Time
	ID    string
}

// Waiting is a redemption that waits for somebody, and since when; Gone: it was forgotten meanwhile,
// and has its id alone.
type Waiting struct {
	Redemption
	Since time.Time
	Gone  bool
}

type (
	queueInput struct {
		Queue  string `query:"queue" required:"true" enum:"ship,fulfil,deliver,returns,problems"`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
	}
	queueOutput struct {
		Body struct {
			Redemptions []WaitingBody `json:"redemptions" doc:"Those that wait for the longest time first."`
			Counts      struct {
				Ship     int64 `json:"ship"`
				Fulfil   int64 `json:"fulfil"`
				Deliver  int64 `json:"deliver"`
				Returns  int64 `json:"returns"`
				Problems int64 `json:"problems"`
			} `json:"counts" doc:"How many wait in each queue."`
			NextCursor string `json:"next_cursor,omitempty" doc:"Absent on the last page."`
		}
	}
	redemptionsInput struct {
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
		State  string `query:"state" enum:"refused,created,shipped,delivered,fulfilled,closed,cancelled,returned" doc:"Only these; absent: all but refused ones."`
	}
	memberRedemptionsInput struct {
		ID     string `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
		State  string `query:"state" enum:"refused,created,shipped,delivered,fulfilled,closed,cancelled,returned" doc:"Only these; absent: all but refused ones."`
	}
	redemptionsOutput struct {
		Body struct {
			Redemptions []RedemptionBody `json:"redemptions" doc:"Newest first."`
			NextCursor  string           `json:"next_cursor,omitempty" doc:"Absent on the last page."`
		}
	}
)

// WaitingBody is a redemption in a queue.
type WaitingBody struct {
	Member     string         `json:"member"`
	Since      time.Time      `json:"since" doc:"Since when it waits in this queue."`
	Redemption RedemptionBody `json:"redemption"`
}

const purposeRedemptions, purposeQueue = "redemptions", "queue"

// placeCursor is where a page of redemptions ended.
type placeCursor struct {
	Of string `json:"o"` // member and state, or queue
	At int64  `json:"a"`
	ID string `json:"i"`
}

func (a *API) fulfilmentRoutes() {
	get := func(id, path, summary string, roles []Role, codes ...string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"redemptions"}, Metadata: access(roles...),
			Responses: a.problems(append(codes, codeInvalid, codeCursorInvalid)...),
		}
	}
	register(a, get("fulfilment", "/v1/fulfilment", "Redemptions that wait for somebody (merchant, support)", []Role{RoleMerchant, RoleSupport}), a.queue)
	register(a, get("my-redemptions", "/v1/me/redemptions", "My redemptions", []Role{RoleMember}, codeMerged, codeErased),
		func(ctx context.Context, in *redemptionsInput) (*redemptionsOutput, error) {
			return a.redemptionsOf(ctx, caller(ctx).ID, *in)
		})
	register(a, get("member-redemptions", "/v1/members/{id}/redemptions", "A member's redemptions (staff)", staff(), codeNotFound, codeMerged, codeErased),
		func(ctx context.Context, in *memberRedemptionsInput) (*redemptionsOutput, error) {
			if _, err := a.known(ctx, in.ID); err != nil {
				return nil, err
			}
			return a.redemptionsOf(ctx, in.ID, redemptionsInput{Limit: in.Limit, Cursor: in.Cursor, State: in.State})
		})
}

func (a *API) redemptionsOf(ctx context.Context, member string, in redemptionsInput) (*redemptionsOutput, error) {
	of := member + " " + in.State
	var from placeCursor
	if in.Cursor != "" && (!a.signer.open(purposeRedemptions, in.Cursor, &from) || from.Of != of) {
		return nil, invalid(codeCursorInvalid, "query.cursor")
	}
	all, err := a.steps.RedemptionsOf(ctx, member)
	if err != nil {
		return nil, err
	}
	out := &redemptionsOutput{}
	var page []Redemption
	for _, r := range all {
		at := r.CreatedAt.UnixMilli()
		state := stateOf(r)
		if in.Cursor != "" && (at > from.At || at == from.At && r.ID >= from.ID) || in.State == "" && state == stateRefused || in.State != "" && in.State != state {
			continue
		}
		if n := len(page); n == in.Limit {
			last := page[n-1]
			if out.Body.NextCursor, err = a.signer.sign(purposeRedemptions, placeCursor{of, last.CreatedAt.UnixMilli(), last.ID}); err != nil {
				return nil, err
			}
			break
		}
		page = append(page, r)
	}
	out.Body.Redemptions = a.namedAll(ctx, page)
	return out, nil
}

func stateOf(r Redemption) string {
	switch {
	case r.Outcome != outcomeApplied:
		return stateRefused
	case r.Life == nil:
		return stateCreated
	}
	return r.Life.State
}

func (a *API) queue(ctx context.Context, in *queueInput) (*queueOutput, error) {
	var from placeCursor
	if in.Cursor != "" && (!a.signer.open(purposeQueue, in.Cursor, &from) || from.Of != in.Queue) {
		return nil, invalid(codeCursorInvalid, "query.cursor")
	}
	after := QueuePlace{ID: from.ID}
	if in.Cursor != "" {
		after.Since = time.UnixMilli(from.At)
	}
	all, counts, err := a.steps.Waiting(ctx, in.Queue, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &queueOutput{}
	c := &out.Body.Counts
	for i, n := range []*int64{&c.Ship, &c.Fulfil, &c.Deliver, &c.Returns, &c.Problems} {
		*n = counts[queues[i]]
	}
	out.Body.Redemptions = []WaitingBody{}
	if len(all) > in.Limit {
		last := all[in.Limit-1]
		if out.Body.NextCursor, err = a.signer.sign(purposeQueue, placeCursor{in.Queue, last.Since.UnixMilli(), last.ID}); err != nil {
			return nil, err
		}
		all = slices.Delete(all, in.Limit, len(all))
	}
	all = slices.DeleteFunc(all, func(w Waiting) bool { return w.Gone })
	redemptions := make([]Redemption, len(all))
	for i, w := range all {
		redemptions[i] = w.Redemption
	}
	for i, b := range a.namedAll(ctx, redemptions) {
		out.Body.Redemptions = append(out.Body.Redemptions, WaitingBody{all[i].Member, all[i].Since.UTC(), b})
	}
	return out, nil
}
