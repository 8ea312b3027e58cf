package httpapi

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jifen/ledger"
)

// ItemBody is an item with the price for the caller.
type ItemBody struct {
	ID             string          `json:"id"`
	Name           string          `json:"name" doc:"In the language asked for."`
	Kind           string          `json:"kind" enum:"physical,virtual,service,bundle"`
	Description    string          `json:"description,omitempty"`
	Instructions   string          `json:"instructions,omitempty"`
	Pictures       []string        `json:"pictures"`
	Categories     []string        `json:"categories"`
	Zones          []string        `json:"zones"`
	Points         int64           `json:"points" doc:"Price of one unit for the caller, campaign included."`
	ListPoints     int64           `json:"list_points" doc:"For the caller's tier, before a campaign."`
	BasePoints     int64           `json:"base_points"`
	PriceVersion   int64           `json:"price_version"`
	Campaign       *PriceCampaign  `json:"campaign,omitempty" doc:"What makes it cheaper now."`
	RebatePoints   int64           `json:"rebate_points" doc:"Given back for one unit, once it is fulfilled; 0: nothing."`
	Stock          int64           `json:"stock" doc:"Units that are free now."`
	OnSale         bool            `json:"on_sale" doc:"Now."`
	SaleFrom       *time.Time      `json:"sale_from,omitempty"`
	SaleTo         *time.Time      `json:"sale_to,omitempty" doc:"Not included."`
	Tiers          []string        `json:"tiers" doc:"Exclusive to these tiers; empty: everybody."`
	LimitPerMember int64           `json:"limit_per_member" doc:"Units that a member may have in a period; 0: no limit."`
	LimitPer       string          `json:"limit_per,omitempty" enum:"day,week,month,year,ever"`
	Fulfilment     string          `json:"fulfilment" enum:"shipping,codes,booking,manual,bundle"`
	Components     []ComponentBody `json:"components"`
	Rating         *ItemRating     `json:"rating,omitempty" doc:"Absent: nobody rated it."`
	Obstacle       string          `json:"obstacle,omitempty" doc:"Why the caller could not redeem one unit now; absent: they could."`
	MissingPoints  int64           `json:"missing_points,omitempty" doc:"With insufficient_points: how many."`
}

// ItemRating is what members who redeemed an item think of it.
type ItemRating struct {
	Average string `json:"average" doc:"Of 1 to 5 stars, floored to one decimal place."`
	Count   int64  `json:"count"`
}

// rated adds what members think of an item.
func (a *API) rated(ctx context.Context, b *ItemBody) {
	if sum, ok := a.ratings.RatingOf(ctx, b.ID); ok {
		b.Rating = &ItemRating{sum.Average(), sum.Count}
	}
}

// PriceCampaign is the campaign of a price.
type PriceCampaign struct {
	ID    string     `json:"id"`
	Name  string     `json:"name"`
	Price string     `json:"price" doc:"The part of the price that is paid, such as 0.8."`
	To    *time.Time `json:"to,omitempty" doc:"When it ends."`
}

// ComponentBody is what a bundle has of an item.
type ComponentBody struct {
	Item     string `json:"item"`
	Name     string `json:"name,omitempty"`
	Quantity int64  `json:"quantity"`
}

// QuoteBody is a price that is honoured until it expires.
type QuoteBody struct {
	Quote        string         `json:"quote" doc:"Send it with the redemption."`
	Points       int64          `json:"points" doc:"For the whole quantity."`
	UnitPoints   int64          `json:"unit_points"`
	ListPoints   int64          `json:"list_points" doc:"Of one unit, before a campaign."`
	Campaign     *PriceCampaign `json:"campaign,omitempty"`
	RebatePoints int64          `json:"rebate_points" doc:"Given back for the whole quantity, once it is fulfilled."`
	Lots         []LotBody      `json:"lots" doc:"Which points would pay, in this order."`
	PriceVersion int64          `json:"price_version"`
	ExpiresAt    time.Time      `json:"expires_at"`
}

type (
	itemInput struct {
		ID string `path:"id" minLength:"1" maxLength:"128" doc:"Item id."`
	}
	itemOutput struct{ Body ItemBody }
	quoteInput struct {
		Body struct {
			Item     string `json:"item" minLength:"1" maxLength:"128"`
			Quantity int64  `json:"quantity" minimum:"1" maximum:"10000"`
		}
	}
	quoteOutput struct{ Body QuoteBody }
)

func (a *API) itemRoutes() {
	a.campaignRoutes()
	a.catalogueRoutes()
	register(a, huma.Operation{
		OperationID: "items", Method: http.MethodGet, Path: "/v1/items", Summary: "Items on sale, with the price for the caller", Tags: []string{"items"},
		Metadata: access(roles()...), Responses: a.problems(codeInvalid, codeCursorInvalid, codeMerged, codeErased),
	}, a.listItems)
	register(a, huma.Operation{
		OperationID: "item", Method: http.MethodGet, Path: "/v1/items/{id}", Summary: "An item, with the price for the caller", Tags: []string{"items"},
		Metadata: access(roles()...), Responses: a.problems(codeNotFound, codeMerged, codeErased),
	}, a.showItem)
	register(a, huma.Operation{
		OperationID: "quote", Method: http.MethodPost, Path: "/v1/quotes", Summary: "What a redemption would cost", Tags: []string{"redemptions"}, DefaultStatus: http.StatusOK,
		Metadata:  access(RoleMember),
		Responses: a.problems(codeBadRequest, codeForbidden, codeNotFound, codeTooLarge, codeMediaType, codeInvalid, codeInsufficientPoints, codeSoldOut, codeFrozen, codeTierRequired, codeDebt, codeNotOnSale, codeStale, codeMerged, codeErased),
	}, a.quote)
}

// showItem shows one item; a bundle's components by their names.
func (a *API) showItem(ctx context.Context, in *itemInput) (*itemOutput, error) {
	item, err := a.items.Item(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	s, err := a.shopper(ctx)
	if err != nil {
		return nil, err
	}
	l := languageIn(ctx)
	body := itemOf(l, &item, &s)
	a.rated(ctx, &body)
	for i := range body.Components {
		if part, err := a.items.Item(ctx, body.Components[i].Item); err == nil {
			body.Components[i].Name = l.nameOf(&part)
		}
	}
	return &itemOutput{Body: body}, nil
}

// nameOf is an item's name in a language, or in the one that there is.
func (l lang) nameOf(i *Item) string {
	for _, name := range []string{l.pick(i.NameZH, i.NameEN), i.NameZH, i.NameEN} {
		if name != "" {
			return name
		}
	}
	return i.ID
}

func itemOf(l lang, i *Item, s *Shopper) ItemBody {
	o := s.offer(i)
	b := ItemBody{
		ID: i.ID, Name: l.nameOf(i), Kind: i.Kind, Description: either(l, i.DescriptionZH, i.DescriptionEN), Instructions: either(l, i.InstructionsZH, i.InstructionsEN),
		Pictures: list(i.Pictures), Categories: list(i.Categories), Zones: list(i.Zones), Points: o.Unit, ListPoints: o.List, BasePoints: i.BasePrice,
		PriceVersion: i.PriceVersion, Campaign: priceCampaign(l, o), Stock: i.Free, OnSale: i.sells(s.Now), SaleFrom: instant(i.SaleFrom), SaleTo: instant(i.SaleTo),
		Tiers: list(i.Tiers), LimitPerMember: i.LimitPerMember, Fulfilment: i.Fulfilment, Components: []ComponentBody{},
	}
	if o.Rebate.Num > 0 {
		b.RebatePoints = o.Rebate.Of(o.Unit)
	}
	if b.LimitPerMember > 0 {
		if b.LimitPer = i.LimitPer; b.LimitPer == "" {
			b.LimitPer = "ever"
		}
	}
	for _, c := range i.Components {
		b.Components = append(b.Components, ComponentBody{Item: c.Item, Quantity: c.Quantity})
	}
	b.Obstacle, b.MissingPoints = s.obstacle(i, 1, o.Unit)
	return b
}

func priceCampaign(l lang, o ledger.Offer) *PriceCampaign {
	c := o.Campaign
	if c == nil {
		return nil
	}
	return &PriceCampaign{ID: c.ID, Name: shownName(l, c.ID, c.Shown), Price: c.Price.String(), To: instant(c.To)}
}

// either is a text in a language, or in the one that there is.
func either(l lang, chinese, english string) string {
	if s := l.pick(chinese, english); s != "" {
		return s
	}
	return chinese + english
}

func list(all []string) []string { return append([]string{}, all...) }

// instant is a time in UTC; nil for one that is open.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (a *API) quote(ctx context.Context, in *quoteInput) (*quoteOutput, error) {
	member := caller(ctx).ID
	item, err := a.items.Item(ctx, in.Body.Item)
	if err != nil {
		return nil, err
	}
	s, err := a.mall.Shopper(ctx, member)
	if err != nil {
		return nil, err
	}
	if s.MergedInto != "" {
		return nil, MergedError{s.MergedInto}
	}
	o := s.offer(&item)
	if item.Free+item.Reserved < in.Body.Quantity {
		return nil, refuse(codeSoldOut)
	}
	if err := s.affordable(&item, in.Body.Quantity, o.Unit); err != nil {
		return nil, err
	}
	points := o.Unit * in.Body.Quantity
	lots, err := a.accounts.Plan(ctx, member, points)
	if err != nil {
		return nil, err
	}
	q := quote{
		Member: member, Item: item.ID, Quantity: in.Body.Quantity, UnitPoints: o.Unit, PriceVersion: item.PriceVersion, Tier: s.Tier,
		ExpiresAt: a.clock().Add(a.limits.QuoteValidity).UnixMilli(), At: s.Now.UnixMilli(),
	}
	token, err := a.signer.sign(purposeQuote, q)
	if err != nil {
		return nil, err
	}
	body := QuoteBody{
		Quote: token, Points: points, UnitPoints: o.Unit, ListPoints: o.List, Campaign: priceCampaign(languageIn(ctx), o), Lots: lotsOf(lots),
		PriceVersion: q.PriceVersion, ExpiresAt: q.expiresAt(),
	}
	if o.Rebate.Num > 0 {
		body.RebatePoints = o.Rebate.Of(points)
	}
	return &quoteOutput{Body: body}, nil
}

// affordable refuses, in the ledger's order of precedence, what the owners would surely refuse. Stock is left to the item's shard: it may
// show as sold the very unit that this request took on its first way, whose answer the member's shard has yet to show. So are limits.
func (s *Shopper) affordable(i *Item, quantity, unit int64) error {
	switch {
	case s.Stale: // first: this very redemption may have been decided, and may be why the rest looks as it does
		return refuse(codeStale)
	case !i.sells(s.Now):
		return refuse(codeNotOnSale)
	case len(i.Tiers) > 0 && !contains(i.Tiers, s.Tier):
		return refuse(codeTierRequired)
	case s.Blocked:
		return refuse(codeFrozen)
	case s.Debt > 0:
		return refuse(codeDebt)
	case unit > math.MaxInt64/quantity || unit*quantity > s.Available:
		return refuse(codeInsufficientPoints)
	}
	return nil
}
