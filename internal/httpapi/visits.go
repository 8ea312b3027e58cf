package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"jifen/topics"
)

// Visits keeps which pages members looked at.
type Visits interface {
	// CampaignKnown says that a published rulebook has a campaign.
	CampaignKnown(ctx context.Context, campaign string) (bool, error)
	// Visited returns when the visits are durable.
	Visited(ctx context.Context, visits []topics.Visit) error
}

// ViewBody is a page that was looked at.
type ViewBody struct {
	Page     string `json:"page" enum:"home,items,item,confirm,order,redemptions,redemption,points,earning,tier,leaderboard,messages,addresses,contact,campaign,me,help"`
	Item     string `json:"item,omitempty" maxLength:"128" doc:"That the page is about."`
	Campaign string `json:"campaign,omitempty" maxLength:"128" doc:"That the page shows, or that led to it."`
}

type (
	visitsInput struct {
		Body struct {
			Views []ViewBody `json:"views" minItems:"1" maxItems:"50"`
		}
	}
	visitsOutput struct{}
)

func (a *API) visitRoutes() {
	register(a, huma.Operation{
		OperationID: "visits", Method: http.MethodPost, Path: "/v1/visits", Tags: []string{"visits"}, DefaultStatus: http.StatusAccepted,
		Summary: "I looked at pages of the mall", Metadata: access(RoleMember),
		Description: "Counted for items and campaigns (R44, R58). Accepted once they are kept.",
		Responses:   a.problems(codeBadRequest, codeTooLarge, codeMediaType, codeInvalid, codeErased),
	}, a.visited)
}

// visited takes all views or none: an item or a campaign that there is not is named.
func (a *API) visited(ctx context.Context, in *visitsInput) (*visitsOutput, error) {
	member, now := caller(ctx).ID, a.clock()
	if _, err := a.accounts.Balance(ctx, member); err != nil {
		return nil, err
	}
	visits := make([]topics.Visit, len(in.Body.Views))
	var faults []Detail
	known := map[ViewBody]bool{}
	for i, v := range in.Body.Views {
		visits[i] = topics.Visit{Member: member, Page: v.Page, Item: v.Item, Campaign: v.Campaign, At: now}
		for part, of := range map[string]ViewBody{"item": {Item: v.Item}, "campaign": {Campaign: v.Campaign}} {
			ok, seen := known[of]
			if !seen {
				var err error
				if ok, err = a.viewable(ctx, of); err != nil {
					return nil, err
				}
				known[of] = ok
			}
			if !ok {
				faults = append(faults, Detail{Location: fmt.Sprintf("body.views[%d].%s", i, part)})
			}
		}
	}
	if len(faults) > 0 {
		return nil, &fault{code: codeInvalid, details: faults}
	}
	return nil, a.visits.Visited(ctx, visits)
}

// viewable says that there are the item and the campaign of a view.
func (a *API) viewable(ctx context.Context, v ViewBody) (bool, error) {
	for _, id := range []string{v.Item, v.Campaign} {
		if id != "" && !topics.IsID(id) {
			return false, nil
		}
	}
	if v.Item != "" {
		_, err := a.items.Item(ctx, v.Item)
		if errors.Is(err, ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
	if v.Campaign != "" {
		return a.visits.CampaignKnown(ctx, v.Campaign)
	}
	return true, nil
}
