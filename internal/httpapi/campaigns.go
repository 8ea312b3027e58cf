package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jifen/topics"
)

// CampaignBody is a campaign that runs, or soon will.
type CampaignBody struct {
	ID               string     `json:"id"`
	On               string     `json:"on" enum:"earn,redeem"`
	Name             string     `json:"name"`
	State            string     `json:"state" enum:"running,upcoming"`
	From             *time.Time `json:"from,omitempty"`
	To               *time.Time `json:"to,omitempty" doc:"Not included."`
	Price            string     `json:"price,omitempty" doc:"Part of the point price that is paid, such as 0.8."`
	Multiplier       string     `json:"multiplier,omitempty" doc:"Of points earned."`
	RebateMultiplier string     `json:"rebate_multiplier,omitempty"`
	Items            any        `json:"items,omitempty" doc:"all, or a list of item ids."`
	Categories       []string   `json:"categories,omitempty"`
	Zone             string     `json:"zone,omitempty"`
	Tiers            []string   `json:"tiers,omitempty" doc:"For members of these alone."`
	Entrance         bool       `json:"entrance" doc:"Shown on the mall's home page."`
	Picture          string     `json:"picture,omitempty"`
}

// CampaignsBody are the campaigns of the rulebook in force.
type CampaignsBody struct {
	Campaigns []CampaignBody `json:"campaigns"`
}

type campaignsOutput struct{ Body CampaignsBody }

// upcomingWithin is how long before its start a campaign is announced.
const upcomingWithin = 14 * 24 * time.Hour

func (a *API) campaignRoutes() {
	register(a, huma.Operation{
		OperationID: "campaigns", Method: http.MethodGet, Path: "/v1/campaigns", Summary: "Campaigns that run, and those of the next 14 days", Tags: []string{"items"},
		Metadata: access(roles()...), Responses: a.problems(),
	}, func(ctx context.Context, _ *struct{}) (*campaignsOutput, error) {
		s, err := a.mall.Shopper(ctx, "")
		return &campaignsOutput{Body: CampaignsBody{Campaigns: campaignsOf(languageIn(ctx), s.Book, s.Now)}}, err
	})
	register(a, huma.Operation{
		OperationID: "earning", Method: http.MethodGet, Path: "/v1/earning", Summary: "Ways to earn, in plain words", Tags: []string{"items"},
		Metadata: access(roles()...), Responses: a.problems(),
	}, func(ctx context.Context, _ *struct{}) (*earningOutput, error) {
		s, err := a.mall.Shopper(ctx, "")
		return &earningOutput{Body: earningOf(languageIn(ctx), s.Book, s.Now)}, err
	})
	register(a, huma.Operation{
		OperationID: "my-tier", Method: http.MethodGet, Path: "/v1/me/tier", Summary: "One's tier, and what would raise or keep it", Tags: []string{"members"},
		Metadata: access(RoleMember), Responses: a.problems(codeForbidden, codeMerged, codeErased),
	}, a.myTier)
}

func shownName(l lang, id string, s topics.Showing) string {
	if name := either(l, s.NameZH, s.NameEN); name != "" {
		return name
	}
	return id
}

// runningOf says whether a campaign is to be shown: it runs, or begins soon; empty: it is not.
func runningOf(from, to, now time.Time) string {
	switch {
	case topics.Within(now, from, to):
		return "running"
	case from.After(now) && !from.After(now.Add(upcomingWithin)):
		return "upcoming"
	}
	return ""
}

func campaignsOf(l lang, book *topics.Rulebook, now time.Time) []CampaignBody {
	all := []CampaignBody{}
	if book == nil {
		return all
	}
	for i := range book.Redeem {
		c := &book.Redeem[i]
		state := runningOf(c.From, c.To, now)
		if state == "" {
			continue
		}
		b := CampaignBody{
			ID: c.ID, On: "redeem", Name: shownName(l, c.ID, c.Shown), State: state, From: instant(c.From), To: instant(c.To), Items: "all", Categories: c.Categories,
			Zone: c.Zone, Tiers: c.Tier, Entrance: c.Shown.Entrance, Picture: c.Shown.Picture,
		}
		if len(c.Items) > 0 {
			b.Items = c.Items
		}
		if c.Price.Den > 0 {
			b.Price = c.Price.String()
		}
		if c.RebateMultiplier.Den > 0 {
			b.RebateMultiplier = c.RebateMultiplier.String()
		}
		all = append(all, b)
	}
	for i := range book.Campaigns {
		c := &book.Campaigns[i]
		if state := runningOf(c.From, c.To, now); state != "" {
			all = append(all, CampaignBody{
				ID: c.ID, On: "earn", Name: shownName(l, c.ID, c.Shown), State: state, From: instant(c.From), To: instant(c.To), Multiplier: c.Multiplier.String(),
				Tiers: c.Tier, Entrance: c.Shown.Entrance, Picture: c.Shown.Picture,
			})
		}
	}
	return all
}
