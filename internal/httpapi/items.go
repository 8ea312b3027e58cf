package httpapi

import (
	"context"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// ItemBody is an item with the price for the caller.
type ItemBody struct {
	ID             string   `json:"id"`
	Name           string   `json:"name" doc:"In the language asked for."`
	Kind           string   `json:"kind" enum:"physical,virtual,service"`
	Points         int64    `json:"points" doc:"Price of one unit for the caller's tier."`
	BasePoints     int64    `json:"base_points"`
	PriceVersion   int64    `json:"price_version"`
	Stock          int64    `json:"stock" doc:"Units that are free now."`
	OnSale         bool     `json:"on_sale"`
	Tiers          []string `json:"tiers" doc:"Exclusive to these tiers; empty: everybody."`
	LimitPerMember int64    `json:"limit_per_member" doc:"Times a member may redeem it; 0: no limit."`
}

// ItemsBody is the catalogue.
type ItemsBody struct {
	Items []ItemBody `json:"items"`
}

// QuoteBody is a price that is honoured until it expires.
type QuoteBody struct {
	Quote        string    `json:"quote" doc:"Send it with the redemption."`
	Points       int64     `json:"points" doc:"For the whole quantity."`
	Lots         []LotBody `json:"lots" doc:"Which points would pay, in this order."`
	PriceVersion int64     `json:"price_version"`
	ExpiresAt    time.Time `json:"expires_at"`
}

type (
	itemInput struct {
		ID string `path:"id" minLength:"1" maxLength:"128" doc:"Item id."`
	}
	itemOutput  struct{ Body ItemBody }
	itemsOutput struct{ Body ItemsBody }
	quoteInput  struct {
		Body struct {
			Item     string `json:"item" minLength:"1" maxLength:"128"`
			Quantity int64  `json:"quantity" minimum:"1" maximum:"10000"`
		}
	}
	quoteOutput struct{ Body QuoteBody }
)

func (a *API) itemRoutes() {
	register(a, huma.Operation{
		OperationID: "items", Method: http.MethodGet, Path: "/v1/items", Summary: "Items on sale, with the price for the caller", Tags: []string{"items"},
		Metadata: access(roles()...), Responses: a.problems(),
	}, a.listItems)
	register(a, huma.Operation{
		OperationID: "item", Method: http.MethodGet, Path: "/v1/items/{id}", Summary: "An item, with the price for the caller", Tags: []string{"items"},
		Metadata: access(roles()...), Responses: a.problems(codeNotFound),
	}, func(ctx context.Context, in *itemInput) (*itemOutput, error) {
		item, err := a.items.Item(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		tier, err := a.tier(ctx)
		return &itemOutput{Body: itemOf(languageIn(ctx), item, tier)}, err
	})
	register(a, huma.Operation{
		OperationID: "quote", Method: http.MethodPost, Path: "/v1/quotes", Summary: "What a redemption would cost", Tags: []string{"redemptions"}, DefaultStatus: http.StatusOK,
		Metadata:  access(RoleMember),
		Responses: a.problems(codeBadRequest, codeForbidden, codeNotFound, codeTooLarge, codeMediaType, codeInvalid, codeInsufficientPoints, codeSoldOut, codeFrozen, codeTierRequired, codeDebt, codeNotOnSale, codeStale, codeMerged, codeErased),
	}, a.quote)
}

func (a *API) listItems(ctx context.Context, _ *struct{}) (*itemsOutput, error) {
	items, err := a.items.Items(ctx)
	if err != nil {
		return nil, err
	}
	tier, err := a.tier(ctx)
	if err != nil {
		return nil, err
	}
	body := ItemsBody{Items: []ItemBody{}}
	for _, item := range items {
		if item.OnSale {
			body.Items = append(body.Items, itemOf(languageIn(ctx), item, tier))
		}
	}
	return &itemsOutput{Body: body}, nil
}

// tier is the tier of a caller who is a member; others see base prices.
func (a *API) tier(ctx context.Context) (string, error) {
	who := caller(ctx)
	if !who.hasAny(RoleMember) {
		return "", nil
	}
	b, err := a.accounts.Balance(ctx, who.ID)
	return b.Tier, err
}

func itemOf(l lang, i Item, tier string) ItemBody {
	name := l.pick(i.NameZH, i.NameEN)
	if name == "" {
		name = i.NameZH + i.NameEN // the one that there is
	}
	return ItemBody{
		ID: i.ID, Name: name, Kind: i.Kind, Points: i.Price(tier), BasePoints: i.BasePrice, PriceVersion: i.PriceVersion,
		Stock: i.Free, OnSale: i.OnSale, Tiers: append([]string{}, i.Tiers...), LimitPerMember: i.LimitPerMember,
	}
}

func (a *API) quote(ctx context.Context, in *quoteInput) (*quoteOutput, error) {
	member := caller(ctx).ID
	item, err := a.items.Item(ctx, in.Body.Item)
	if err != nil {
		return nil, err
	}
	b, err := a.accounts.Balance(ctx, member)
	if err != nil {
		return nil, err
	}
	if b.MergedInto != "" {
		return nil, MergedError{b.MergedInto}
	}
	unit := item.Price(b.Tier)
	if item.Free+item.Reserved < in.Body.Quantity {
		return nil, refuse(codeSoldOut)
	}
	if err := affordable(item, b, in.Body.Quantity, unit); err != nil {
		return nil, err
	}
	points := unit * in.Body.Quantity
	lots, err := a.accounts.Plan(ctx, member, points)
	if err != nil {
		return nil, err
	}
	q := quote{
		Member: member, Item: item.ID, Quantity: in.Body.Quantity, UnitPoints: unit, PriceVersion: item.PriceVersion, Tier: b.Tier,
		ExpiresAt: a.clock().Add(a.limits.QuoteValidity).UnixMilli(),
	}
	token, err := a.signer.sign(purposeQuote, q)
	if err != nil {
		return nil, err
	}
	return &quoteOutput{Body: QuoteBody{Quote: token, Points: points, Lots: lotsOf(lots), PriceVersion: q.PriceVersion, ExpiresAt: q.expiresAt()}}, nil
}

// affordable refuses, in the ledger's order of precedence, what the owners would surely refuse. Stock is left to the item's shard: it may
// show as sold the very unit that this request took on its first way, whose answer the member's shard has yet to show.
func affordable(i Item, b Balance, quantity, unit int64) error {
	switch {
	case b.Stale: // first: this very redemption may have been decided, and may be why the rest looks as it does
		return refuse(codeStale)
	case !i.OnSale:
		return refuse(codeNotOnSale)
	case len(i.Tiers) > 0 && !slices.Contains(i.Tiers, b.Tier):
		return refuse(codeTierRequired)
	case b.Blocked:
		return refuse(codeFrozen)
	case b.Debt > 0:
		return refuse(codeDebt)
	case unit > math.MaxInt64/quantity || unit*quantity > b.Available:
		return refuse(codeInsufficientPoints)
	}
	return nil
}
