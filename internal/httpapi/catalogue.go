package httpapi

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jifen/topics"
)

// Catalogue is what merchants say of items, and ask of their owners.
type Catalogue interface {
	// Definitions are all items, by id.
	Definitions(ctx context.Context) ([]Definition, error)
	Definition(ctx context.Context, id string) (Definition, error) // ErrNotFound
	// Change asks an item's owner, and returns how that ended (a word of ledger.Outcome). ItemFaults says why a definition is none.
	Change(ctx context.Context, c ItemChange) (outcome string, err error)
}

// ItemChange sets an item, or its stock where Definition is empty.
type ItemChange struct {
	ID, Item, Actor string
	Definition      []byte // JSON
	Create          bool   // refused where there is the item; loads its stock
	Replaces        []byte // digest of the definition that the author saw
	Add             int64
	Reason          string
}

// ItemFaults are what is wrong with a definition.
type ItemFaults []string

func (f ItemFaults) Error() string { return strings.Join(f, "\n") }

// ItemLimit is how many units a member may have in a period.
type ItemLimit struct {
	Times int64  `json:"times"`
	Per   string `json:"per,omitempty" doc:"day, week, month, year or ever."`
}

// Definition is an item as merchants write it, with its stock.
type Definition struct {
	ID           string           `json:"id"`
	Name         *topics.Words    `json:"name,omitempty"`
	Description  *topics.Words    `json:"description,omitempty"`
	Instructions *topics.Words    `json:"instructions,omitempty" doc:"How to use what was redeemed."`
	Kind         string           `json:"kind" doc:"physical, virtual, service or bundle."`
	Price        int64            `json:"price" doc:"Points for one unit."`
	TierPrices   map[string]int64 `json:"tier_prices,omitempty"`
	Tiers        []string         `json:"tiers,omitempty"`
	Limit        *ItemLimit       `json:"limit,omitempty"`
	OnSale       bool             `json:"on_sale"`
	SaleFrom     *time.Time       `json:"sale_from,omitempty"`
	SaleTo       *time.Time       `json:"sale_to,omitempty"`
	Categories   []string         `json:"categories,omitempty"`
	Zones        []string         `json:"zones,omitempty"`
	Pictures     []string         `json:"pictures,omitempty"`
	Fulfilment   string           `json:"fulfilment,omitempty" doc:"shipping, codes, booking or manual; absent: by kind."`
	BookingURL   string           `json:"booking_url,omitempty"`
	Components   []ComponentBody  `json:"components,omitempty"`
	CodesLow     int64            `json:"codes_low,omitempty"`
	Stock        int64            `json:"stock" doc:"Units loaded so far in all."`
	Free         int64            `json:"free"`
	Reserved     int64            `json:"reserved"`
	Sold         int64            `json:"sold"`
	CodesLeft    *int64           `json:"codes_left,omitempty" doc:"Of an item with codes: those that can be redeemed now."`

	Digest []byte `json:"-"` // of what merchants said, stock aside
}

// ETag names the definition, stock aside.
func (d *Definition) etag() string { return `"` + hex.EncodeToString(d.Digest) + `"` }

type (
	definitionsInput struct {
		Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
		Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
	}
	definitionsOutput struct {
		Body struct {
			Items      []Definition `json:"items"`
			NextCursor string       `json:"next_cursor,omitempty"`
		}
	}
	definitionOutput struct {
		ETag string `header:"ETag"`
		Body Definition
	}
	createItemInput struct {
		Body map[string]any `doc:"A definition, as GET /v1/catalogue/{id} has it; stock: units that are loaded."`
	}
	patchItemInput struct {
		ID    string         `path:"id" minLength:"1" maxLength:"128" doc:"Item id."`
		Match string         `header:"If-Match" doc:"ETag of the definition that is to be changed."`
		Body  map[string]any `doc:"JSON merge patch (RFC 7386) of a definition; stock is changed at /stock alone."`
	}
	stockInput struct {
		ID   string `path:"id" minLength:"1" maxLength:"128" doc:"Item id."`
		Key  string `header:"Idempotency-Key" doc:"Made and kept by the client: the same key loads once."`
		Body struct {
			Add    int64  `json:"add" minimum:"-1000000000" maximum:"1000000000" doc:"Units that come in, or below 0 go out; not 0."`
			Reason string `json:"reason" minLength:"1" maxLength:"128" pattern:"^[\\x21-\\x7e]+$" doc:"A word, such as delivery, recount or damaged."`
		}
	}
)

func (a *API) catalogueRoutes() {
	readers := []Role{RoleMerchant, RoleMarketing}
	register(a, huma.Operation{
		OperationID: "catalogue", Method: http.MethodGet, Path: "/v1/catalogue", Summary: "All items as merchants set them", Tags: []string{"items"},
		Metadata: access(readers...), Responses: a.problems(codeForbidden, codeInvalid, codeCursorInvalid),
	}, a.listDefinitions)
	register(a, huma.Operation{
		OperationID: "definition", Method: http.MethodGet, Path: "/v1/catalogue/{id}", Summary: "An item as merchants set it, with its ETag", Tags: []string{"items"},
		Metadata: access(readers...), Responses: a.problems(codeForbidden, codeNotFound),
	}, func(ctx context.Context, in *itemInput) (*definitionOutput, error) { return a.definition(ctx, in.ID) })
	register(a, huma.Operation{
		OperationID: "create-item", Method: http.MethodPost, Path: "/v1/items", Summary: "Create an item", Tags: []string{"items"}, DefaultStatus: http.StatusCreated,
		Metadata: recorded(access(RoleMerchant)), Responses: a.problems(codeBadRequest, codeForbidden, codeExists, codeTooLarge, codeMediaType, codeInvalid),
	}, a.createItem)
	register(a, huma.Operation{
		OperationID: "change-item", Method: http.MethodPatch, Path: "/v1/items/{id}", Summary: "Change an item", Tags: []string{"items"},
		Metadata:  access(RoleMerchant),
		Responses: a.problems(codeBadRequest, codeForbidden, codeNotFound, codeTooLarge, codeMediaType, codeInvalid, codePreconditionMissing, codePreconditionFailed, codeStockTooSmall),
	}, a.changeItem)
	register(a, huma.Operation{
		OperationID: "load-stock", Method: http.MethodPost, Path: "/v1/items/{id}/stock", Summary: "Load units of an item, or take free ones out", Tags: []string{"items"}, DefaultStatus: http.StatusOK,
		Metadata: recorded(access(RoleMerchant)), Middlewares: huma.Middlewares{requireKey},
		Responses: a.problems(codeBadRequest, codeKeyMissing, codeForbidden, codeNotFound, codeTooLarge, codeMediaType, codeInvalid, codeConflict, codeStockTooSmall, codeNotPossible),
	}, a.loadStock)
}

func (a *API) listDefinitions(ctx context.Context, in *definitionsInput) (*definitionsOutput, error) {
	all, err := a.catalogue.Definitions(ctx)
	if err != nil {
		return nil, err
	}
	out := &definitionsOutput{}
	out.Body.Items, out.Body.NextCursor, err = pageOf(a, all, in.Limit, in.Cursor, "catalogue", func(d Definition) string { return d.ID })
	if out.Body.Items == nil {
		out.Body.Items = []Definition{}
	}
	return out, err
}

func (a *API) definition(ctx context.Context, id string) (*definitionOutput, error) {
	d, err := a.catalogue.Definition(ctx, id)
	return &definitionOutput{ETag: d.etag(), Body: d}, err
}

func (a *API) createItem(ctx context.Context, in *createItemInput) (*definitionOutput, error) {
	id, _ := in.Body["id"].(string)
	if !validID(id) {
		return nil, invalid(codeInvalid, "body.id")
	}
	text, err := json.Marshal(pruned(in.Body))
	if err != nil {
		return nil, fmt.Errorf("create item: %w", err)
	}
	return a.change(ctx, ItemChange{Item: id, Definition: text, Create: true})
}

// changeItem applies a merge patch to the definition that its author saw.
func (a *API) changeItem(ctx context.Context, in *patchItemInput) (*definitionOutput, error) {
	if in.Match == "" {
		return nil, invalid(codePreconditionMissing, "header.If-Match")
	}
	d, err := a.catalogue.Definition(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Match != d.etag() {
		return nil, invalid(codePreconditionFailed, "header.If-Match")
	}
	for _, key := range append(counted(), "id") {
		if v, ok := in.Body[key]; ok && (key != "id" || v != in.ID) {
			return nil, invalid(codeInvalid, "body."+key)
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("change item: %w", err)
	}
	var now map[string]any
	if err := json.Unmarshal(text, &now); err != nil {
		return nil, fmt.Errorf("change item: %w", err)
	}
	if text, err = json.Marshal(pruned(merged(now, in.Body))); err != nil {
		return nil, fmt.Errorf("change item: %w", err)
	}
	return a.change(ctx, ItemChange{Item: in.ID, Definition: text, Replaces: d.Digest})
}

func (a *API) loadStock(ctx context.Context, in *stockInput) (*definitionOutput, error) {
	if in.Body.Add == 0 {
		return nil, invalid(codeInvalid, "body.add")
	}
	if _, err := a.catalogue.Definition(ctx, in.ID); err != nil {
		return nil, err
	}
	mark := topics.MarkOf("stock", caller(ctx).ID, in.ID, in.Key)
	return a.change(ctx, ItemChange{ID: "stock-" + hex.EncodeToString(mark[:]), Item: in.ID, Add: in.Body.Add, Reason: in.Body.Reason})
}

// change asks the owner, and shows the item as it is then.
func (a *API) change(ctx context.Context, c ItemChange) (*definitionOutput, error) {
	c.Actor = caller(ctx).ID
	outcome, err := a.catalogue.Change(ctx, c)
	var faults ItemFaults
	switch {
	case err != nil && asItemFaults(err, &faults):
		f := &fault{code: codeInvalid}
		for _, x := range faults {
			f.details = append(f.details, Detail{Location: "body", Message: x})
		}
		return nil, f
	case err != nil:
		return nil, err
	case outcome != outcomeApplied && outcome != "unchanged" && outcome != "duplicate":
		return nil, refuse(codeOfOutcome(outcome))
	}
	return a.definition(ctx, c.Item)
}

// counted are the fields that follow from what was loaded and redeemed.
func counted() []string { return []string{"stock", "free", "reserved", "sold", "codes_left"} }

// merged is a JSON merge patch (RFC 7386): null takes a field away.
func merged(into, patch map[string]any) map[string]any {
	for key, v := range patch {
		inner, isMap := v.(map[string]any)
		old, wasMap := into[key].(map[string]any)
		switch {
		case v == nil:
			delete(into, key)
		case isMap && wasMap:
			into[key] = merged(old, inner)
		default:
			into[key] = v
		}
	}
	for _, key := range counted() {
		delete(into, key)
	}
	return into
}

// pruned leaves out what says nothing: an item without categories has none, whether it says so or not.
func pruned(m map[string]any) map[string]any {
	out := map[string]any{}
	for key, v := range m {
		switch x := v.(type) {
		case nil:
			continue
		case string:
			if x == "" {
				continue
			}
		case []any:
			if len(x) == 0 {
				continue
			}
		case map[string]any:
			if v = pruned(x); len(v.(map[string]any)) == 0 {
				continue
			}
		}
		if !slices.Contains([]string{"free", "reserved", "sold", "codes_left"}, key) {
			out[key] = v
		}
	}
	return out
}

func asItemFaults(err error, into *ItemFaults) bool { return errors.As(err, into) }
