package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jifen/topics"
)

// Reports reads what the analytics database says of the last days of the program's zone, today with them; from is the
// first of them. It may lag a few seconds behind.
type Reports interface {
	// ItemFigures are those of items, by id; of which there is nothing to say is left out.
	ItemFigures(ctx context.Context, days int) (from time.Time, all map[string]ItemFigures, err error)
	// CampaignDays are the days of campaigns, in order of campaign and day.
	CampaignDays(ctx context.Context, days int) (from time.Time, all []CampaignDay, err error)
}

// ItemFigures are how an item was wanted.
type ItemFigures struct {
	Views       int64 `json:"views" doc:"Views of its page in the mall."`
	Redemptions int64 `json:"redemptions"`
	Units       int64 `json:"units" doc:"Redeemed; a bundle counts as itself, not as its parts."`
	Points      int64 `json:"points" doc:"Paid for them."`
	Returned    int64 `json:"returned" doc:"Redemptions of which points came back."`
	SoldOut     int64 `json:"sold_out" doc:"Requests that were refused because nothing was left."`
}

// CampaignDay is a day of a campaign, and what the same items were redeemed for in the 28 days before its first day.
type CampaignDay struct {
	Campaign string
	Day      time.Time
	CampaignFigures
	Before CampaignFigures // without visitors
}

// CampaignFigures are what a campaign led to.
type CampaignFigures struct {
	Visitors    int64 `json:"visitors" doc:"Distinct members on pages that showed it."`
	Redeemers   int64 `json:"redeemers" doc:"Distinct members who redeemed something."`
	Redemptions int64 `json:"redemptions"`
	Points      int64 `json:"points"`
}

type (
	reportInput struct {
		Days int `query:"days" minimum:"1" maximum:"366" default:"30" doc:"How many days of the program's time zone, today with them."`
	}
	itemsReportOutput struct {
		Body struct {
			From  string           `json:"from" format:"date" doc:"The first day."`
			Items []ItemReportBody `json:"items" doc:"Every item of the catalogue: the most units first, those that were looked at most before others."`
		}
	}
	campaignsReportOutput struct {
		Body struct {
			From      string               `json:"from" format:"date" doc:"The first day."`
			Campaigns []CampaignReportBody `json:"campaigns" doc:"By id."`
		}
	}
)

// ItemReportBody is an item for a review of the assortment.
type ItemReportBody struct {
	Item   string        `json:"item"`
	Name   *topics.Words `json:"name,omitempty"`
	OnSale bool          `json:"on_sale"`
	Free   int64         `json:"free" doc:"Units that can be redeemed now."`
	Rating *ItemRating   `json:"rating,omitempty"`
	ItemFigures
}

// CampaignReportBody is a campaign beside the time before it.
type CampaignReportBody struct {
	Campaign string            `json:"campaign"`
	Days     []CampaignDayBody `json:"days" doc:"On which somebody looked at it or redeemed something, oldest first."`
	Before   CampaignFigures   `json:"before" doc:"The same items in the 28 days before its first day; without visitors, who were not counted."`
}

// CampaignDayBody is a day of it.
type CampaignDayBody struct {
	Day string `json:"day" format:"date"`
	CampaignFigures
}

func (a *API) reportRoutes() {
	get := func(id, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"reports"},
			Metadata:  access(RoleMerchant, RoleMarketing, RoleOperator, RoleAuditor),
			Responses: a.problems(codeForbidden, codeInvalid),
		}
	}
	register(a, get("items-report", "/v1/reports/items", "How items are wanted: views, redemptions, returns, sold out, stock, ratings"), a.itemsReport)
	register(a, get("campaigns-report", "/v1/reports/campaigns", "What campaigns led to, by day, beside the time before them"), a.campaignsReport)
}

func (a *API) itemsReport(ctx context.Context, in *reportInput) (*itemsReportOutput, error) {
	from, figures, err := a.console.Reports.ItemFigures(ctx, in.Days)
	if err != nil {
		return nil, err
	}
	all, err := a.catalogue.Definitions(ctx)
	if err != nil {
		return nil, err
	}
	out := &itemsReportOutput{}
	out.Body.From = from.Format(time.DateOnly)
	out.Body.Items = make([]ItemReportBody, len(all))
	for i := range all {
		d := &all[i]
		b := ItemReportBody{Item: d.ID, Name: d.Name, OnSale: d.OnSale, Free: d.Free, ItemFigures: figures[d.ID]}
		if sum, ok := a.ratings.RatingOf(ctx, d.ID); ok {
			b.Rating = &ItemRating{sum.Average(), sum.Count}
		}
		out.Body.Items[i] = b
	}
	slices.SortStableFunc(out.Body.Items, func(x, y ItemReportBody) int {
		return cmp.Or(cmp.Compare(y.Units, x.Units), cmp.Compare(y.Views, x.Views))
	})
	return out, nil
}

func (a *API) campaignsReport(ctx context.Context, in *reportInput) (*campaignsReportOutput, error) {
	from, all, err := a.console.Reports.CampaignDays(ctx, in.Days)
	if err != nil {
		return nil, err
	}
	out := &campaignsReportOutput{}
	out.Body.From = from.Format(time.DateOnly)
	out.Body.Campaigns = []CampaignReportBody{}
	for _, d := range all {
		n := len(out.Body.Campaigns)
		if n == 0 || out.Body.Campaigns[n-1].Campaign != d.Campaign {
			out.Body.Campaigns = append(out.Body.Campaigns, CampaignReportBody{Campaign: d.Campaign, Before: d.Before})
			n++
		}
		last := &out.Body.Campaigns[n-1]
		last.Days = append(last.Days, CampaignDayBody{d.Day.Format(time.DateOnly), d.CampaignFigures})
	}
	return out, nil
}
