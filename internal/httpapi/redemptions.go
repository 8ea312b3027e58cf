package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"jifen/ledger"
	"jifen/topics"
)

// The states of a redemption as clients see them; they only move forward (I12).
const (
	statePending = "pending"
	stateCreated = "created"
	stateRefused = "refused"
)

const (
	keyHeader   = "Idempotency-Key"
	keyCharsMax = 255
)

// orderBody is what a member asks for.
type orderBody struct {
	Item     string        `json:"item" minLength:"1" maxLength:"128"`
	Quantity int64         `json:"quantity" minimum:"1" maximum:"10000"`
	Quote    string        `json:"quote,omitempty" maxLength:"2048" doc:"Of POST /v1/quotes: its price is honoured until it expires."`
	Address  *orderAddress `json:"address,omitempty" doc:"Where to; items that are sent need it."`
}

type (
	redeemInput struct {
		Key  string `header:"Idempotency-Key" doc:"Made and kept by the client: the same key gives the same answer, for as long as the redemption is kept. 1 to 255 printable ASCII characters."`
		Body orderBody
	}
	redeemOutput struct {
		Status     int
		Location   string `header:"Location"`
		RetryAfter string `header:"Retry-After"`
		Body       RedemptionBody
	}
	findInput struct {
		ID      string `path:"id" minLength:"1" maxLength:"128"`
		Member  string `query:"member" maxLength:"128" doc:"Staff only: whose redemption it is."`
		Receipt string `query:"receipt" maxLength:"2048" doc:"From the Location of a 202."`
	}
	findOutput struct{ Body RedemptionBody }
)

func (a *API) redemptionRoutes() {
	op := huma.Operation{
		OperationID: "redeem", Method: http.MethodPost, Path: "/v1/redemptions", Summary: "Redeem an item", Tags: []string{"redemptions"}, DefaultStatus: http.StatusCreated,
		Metadata: access(RoleMember), Middlewares: huma.Middlewares{requireKey},
		Responses: a.problems(codeBadRequest, codeKeyMissing, codeForbidden, codeNotFound, codeTooLarge, codeMediaType, codeInvalid, codeConflict, codeQuoteInvalid, codeStale, codeAddressRequired, codeNoVault,
			codeInsufficientPoints, codeSoldOut, codeFrozen, codeLimitReached, codeTierRequired, codePriceChanged, codeDebt, codeNotOnSale, codeMerged, codeErased),
	}
	register(a, op, a.redeem)
	a.orElse(op, http.StatusAccepted, "Not decided yet; poll Location.")
	register(a, huma.Operation{
		OperationID: "redemption", Method: http.MethodGet, Path: "/v1/redemptions/{id}", Summary: "A redemption (owner, staff, merchant)", Tags: []string{"redemptions"},
		Metadata: access(append(counter(), RoleMember)...), Responses: a.problems(codeForbidden, codeNotFound, codeInvalid, codeMerged, codeErased),
	}, a.redemption)
}

// requireKey answers 400 before anything else of the request is looked at.
func requireKey(ctx huma.Context, next func(huma.Context)) {
	key := ctx.Header(keyHeader)
	ok := key != "" && len(key) <= keyCharsMax
	for i := range len(key) {
		ok = ok && key[i] >= 0x20 && key[i] < 0x7f
	}
	if !ok {
		writeFault(humagin.Unwrap(ctx), &fault{code: codeKeyMissing, details: []Detail{{Location: "header." + keyHeader}}})
		return
	}
	next(ctx)
}

// bodyHash is SHA-256 over {item, quantity, quote} and, where there is one, the address, as JSON with its keys in this order.
func (b orderBody) hash() []byte {
	canonical, _ := json.Marshal(struct { // strings and a number always marshal
		Item     string        `json:"item"`
		Quantity int64         `json:"quantity"`
		Quote    string        `json:"quote"`
		Address  *orderAddress `json:"address,omitempty"`
	}{b.Item, b.Quantity, b.Quote, b.Address})
	sum := sha256.Sum256(canonical)
	return sum[:]
}

func (a *API) redeem(ctx context.Context, in *redeemInput) (*redeemOutput, error) {
	if err := in.Body.Address.check(); err != nil {
		return nil, err
	}
	member := caller(ctx).ID
	r := RedemptionRequest{
		ID: topics.RedemptionID(member, in.Key), Member: member, Item: in.Body.Item, Quantity: in.Body.Quantity, BodyHash: in.Body.hash(), Actor: member,
	}
	decided, err := a.once(ctx, r, in.Body)
	a.metrics.count(decided, err)
	switch {
	case err != nil:
		return nil, err
	case decided == nil:
		return a.pending(r)
	case decided.Outcome != outcomeApplied:
		return nil, refuse(codeOfOutcome(decided.Outcome))
	}
	return &redeemOutput{Status: http.StatusCreated, Location: location(r.ID), Body: a.named(ctx, *decided)}, nil
}

// once lets parallel requests with the same key and body share one way through the pipeline and its answer (X5). The way goes on when the
// first of them hangs up.
func (a *API) once(ctx context.Context, r RedemptionRequest, asked orderBody) (*Redemption, error) {
	results := a.flights.DoChan(r.ID+hex.EncodeToString(r.BodyHash), func() (answer any, err error) {
		defer func() {
			if p := recover(); p != nil { // out here no middleware would, and the process would end
				err = fmt.Errorf("redemption: %v\n%s", p, debug.Stack())
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.limits.RequestTimeout)
		defer cancel()
		return a.decide(ctx, r, asked)
	})
	select {
	case res := <-results:
		decided, _ := res.Val.(*Redemption)
		return decided, res.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// decide returns the stored answer, or a refusal that needs no request, or asks the owners; nil means not decided in time.
func (a *API) decide(ctx context.Context, r RedemptionRequest, asked orderBody) (*Redemption, error) {
	item := beside(func() (Item, error) { return a.items.Item(ctx, r.Item) })
	shopper := beside(func() (Shopper, error) { return a.mall.Shopper(ctx, r.Member) })
	stored, err := a.find(ctx, r)
	if !errors.Is(err, ErrNotFound) {
		return stored, err
	}
	var q quote
	if token := asked.Quote; token != "" {
		if !a.signer.open(purposeQuote, token, &q) || q.Member != r.Member || q.Item != r.Item || q.Quantity != r.Quantity {
			return nil, invalid(codeQuoteInvalid, "body.quote")
		}
		if !a.clock().Before(q.expiresAt()) {
			return nil, refuse(codePriceChanged)
		}
		r.PriceVersion, r.QuotedUntil, r.QuotedAt = q.PriceVersion, q.expiresAt(), time.UnixMilli(q.At)
	}
	if refusal := a.precheck(ctx, r, q, asked.Address != nil, item, shopper); refusal != nil {
		// A request with this key, sent elsewhere, may have been decided since: then its answer is the answer.
		if stored, err = a.find(ctx, r); !errors.Is(err, ErrNotFound) {
			return stored, err
		}
		return nil, refusal
	}
	if err := a.keepAddress(ctx, &r, asked.Address); err != nil {
		return nil, err
	}
	hint, cancel := a.redemptions.Await(ctx, r.Member, r.ID)
	defer cancel()
	if err := a.redemptions.Request(ctx, r); err != nil {
		return nil, err
	}
	return a.await(ctx, r, hint)
}

// find reads the decided redemption; one with another body is a conflict.
func (a *API) find(ctx context.Context, r RedemptionRequest) (*Redemption, error) {
	found, err := a.redemptions.Find(ctx, r.Member, r.ID)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(found.BodyHash, r.BodyHash) != 1 {
		return nil, refuse(codeConflict)
	}
	return &found, nil
}

// precheck refuses at once what Redis shows as hopeless, so that it does not hold the last unit.
func (a *API) precheck(ctx context.Context, r RedemptionRequest, q quote, address bool, asked func() (Item, error), by func() (Shopper, error)) error {
	item, err := asked()
	if err != nil {
		return err
	}
	if ships, err := a.ships(ctx, &item); err != nil {
		return err
	} else if ships && !address {
		return invalid(codeAddressRequired, "body.address")
	}
	b, err := by()
	if err != nil {
		return err
	}
	unit := b.offer(&item).Unit
	if q.Member != "" {
		unit = min(unit, q.UnitPoints)
	}
	return b.affordable(&item, r.Quantity, unit)
}

// ships says that an item, or something of a bundle, is sent to an address.
func (a *API) ships(ctx context.Context, item *Item) (bool, error) {
	if item.Fulfilment == ledger.FulfilShipping {
		return true, nil
	}
	for _, c := range item.Components {
		part, err := a.items.Item(ctx, c.Item)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return false, err
		}
		if err == nil && part.Fulfilment == ledger.FulfilShipping {
			return true, nil
		}
	}
	return false, nil
}

// await waits for the decision. The request is durable, so that a state that cannot be read for a moment is no failure: nil, nil after the wait.
func (a *API) await(ctx context.Context, r RedemptionRequest, hint <-chan struct{}) (*Redemption, error) {
	return awaitState(ctx, a.limits.RedemptionWait, hint, func(ctx context.Context) (*Redemption, error) { return a.find(ctx, r) })
}

// pending answers 202 with a place to poll; the receipt in it lets a redemption be found before it is decided.
func (a *API) pending(r RedemptionRequest) (*redeemOutput, error) {
	token, err := a.signer.sign(purposeReceipt, receipt{ID: r.ID, Member: r.Member, Item: r.Item, Quantity: r.Quantity})
	if err != nil {
		return nil, err
	}
	return &redeemOutput{
		Status: http.StatusAccepted, Location: location(r.ID) + "?receipt=" + url.QueryEscape(token), RetryAfter: retryAfterSeconds,
		Body: RedemptionBody{ID: r.ID, State: statePending, Item: r.Item, Quantity: r.Quantity},
	}, nil
}

func location(id string) string { return "/v1/redemptions/" + url.PathEscape(id) }

// redemption answers its owner and staff; to other members it does not exist.
func (a *API) redemption(ctx context.Context, in *findInput) (*findOutput, error) {
	member, _, err := owner(ctx, in.Member)
	if err != nil {
		return nil, err
	}
	found, err := a.redemptions.Find(ctx, member, in.ID)
	if err == nil {
		if found.Member != member {
			return nil, ErrNotFound
		}
		return &findOutput{Body: a.named(ctx, found)}, nil
	}
	var asked receipt
	if errors.Is(err, ErrNotFound) && a.signer.open(purposeReceipt, in.Receipt, &asked) && asked.ID == in.ID && asked.Member == member {
		return &findOutput{Body: RedemptionBody{ID: in.ID, State: statePending, Item: asked.Item, Quantity: asked.Quantity}}, nil
	}
	return nil, err
}
