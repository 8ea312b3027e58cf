package httpapi

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Codes are never translated and never change; clients switch on them.
const (
	codeBadRequest          = "bad_request"
	codeKeyMissing          = "idempotency_key_missing"
	codeUnauthorized        = "unauthorized"
	codeForbidden           = "forbidden"
	codeCrossOrigin         = "cross_origin"
	codeTooMany             = "too_many_requests"
	codeNotFound            = "not_found"
	codeMethod              = "method_not_allowed"
	codeNotAcceptable       = "not_acceptable"
	codeTimeout             = "request_timeout"
	codeConflict            = "idempotency_conflict"
	codeTooLarge            = "body_too_large"
	codeMediaType           = "unsupported_media_type"
	codeInvalid             = "invalid"
	codeQuoteInvalid        = "quote_invalid"
	codeCursorInvalid       = "cursor_invalid"
	codeNotSupported        = "not_supported"
	codeInternal            = "internal"
	codeUnavailable         = "unavailable"
	codeStale               = "stale"
	codeInsufficientPoints  = "insufficient_points"
	codeSoldOut             = "sold_out"
	codeFrozen              = "frozen"
	codeLimitReached        = "limit_reached"
	codeTierRequired        = "tier_required"
	codePriceChanged        = "price_changed"
	codeDebt                = "debt"
	codeNotOnSale           = "not_on_sale"
	codeMerged              = "merged"
	codeErased              = "erased"
	codeSamePerson          = "same_person"
	codeDecided             = "decided"
	codeUnproposed          = "not_proposed"
	codeEventRefused        = "event_refused"
	codeOrderAmbiguous      = "order_ambiguous"
	codeFullyRefunded       = "fully_refunded"
	codeRulesInvalid        = "rules_invalid"
	codeCodesInvalid        = "codes_invalid"
	codeNotCodes            = "not_codes"
	codeNoVault             = "no_vault"
	codePreconditionMissing = "precondition_required"
	codePreconditionFailed  = "precondition_failed"
	codeExists              = "exists"
	codeStockTooSmall       = "stock_too_small"
)

// What a step of a redemption is refused as.
const (
	codeTooLate     = "too_late"
	codeNotPossible = "not_possible"
	codeTooMuch     = "too_much"
)

// Of what is kept of members.
const (
	codeBookFull        = "too_many_addresses"
	codeAddressRequired = "address_required"
	codeNotRateable     = "not_rateable"
)

// outcomeApplied is the outcome of a redemption that succeeded.
const outcomeApplied = "applied"

const (
	problemType       = "urn:jifen:problem:" // + code
	retryAfterSeconds = "1"
)

// statusOf is the one table from outcome to HTTP status. Refusals are 409: the request was understood and may work another time.
func statusOf(code string) int {
	switch code {
	case codeBadRequest, codeKeyMissing:
		return http.StatusBadRequest
	case codeUnauthorized:
		return http.StatusUnauthorized
	case codeForbidden, codeCrossOrigin:
		return http.StatusForbidden
	case codeTooMany:
		return http.StatusTooManyRequests
	case codeNotFound:
		return http.StatusNotFound
	case codeMethod:
		return http.StatusMethodNotAllowed
	case codeNotAcceptable:
		return http.StatusNotAcceptable
	case codeTimeout:
		return http.StatusRequestTimeout
	case codeInsufficientPoints, codeSoldOut, codeFrozen, codeLimitReached, codeTierRequired, codePriceChanged, codeDebt, codeNotOnSale,
		codeMerged, codeSamePerson, codeDecided, codeUnproposed, codeOrderAmbiguous, codeFullyRefunded, codeExists, codeStockTooSmall:
		return http.StatusConflict
	case codeNotCodes:
		return http.StatusConflict
	case codeCodesInvalid:
		return http.StatusUnprocessableEntity
	case codeNoVault:
		return http.StatusNotImplemented
	case codeTooLate, codeNotPossible, codeTooMuch:
		return http.StatusConflict
	case codeErased:
		return http.StatusGone
	case codeBookFull, codeNotRateable:
		return http.StatusConflict
	case codeAddressRequired:
		return http.StatusUnprocessableEntity
	case codePreconditionMissing:
		return http.StatusPreconditionRequired
	case codePreconditionFailed:
		return http.StatusPreconditionFailed
	case codeTooLarge:
		return http.StatusRequestEntityTooLarge
	case codeMediaType:
		return http.StatusUnsupportedMediaType
	case codeConflict, codeInvalid, codeQuoteInvalid, codeCursorInvalid, codeNotSupported, codeEventRefused, codeRulesInvalid:
		return http.StatusUnprocessableEntity
	case codeUnavailable, codeStale:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// codeOf names an error that the framework made, which knows only a status.
func codeOf(status int) string {
	for _, code := range []string{codeBadRequest, codeUnauthorized, codeForbidden, codeNotFound, codeMethod, codeNotAcceptable, codeTimeout, codeTooLarge, codeMediaType, codeInvalid, codeUnavailable} {
		if statusOf(code) == status {
			return code
		}
	}
	return codeInternal
}

// codeOfOutcome names a refusal of the ledger; a conflict is another body under the same key (X5).
func codeOfOutcome(outcome string) string {
	if outcome == "conflict" {
		return codeConflict
	}
	return outcome
}

// Problem is an error as RFC 9457 has it, with our code and, for bad input, where it is.
type Problem struct {
	Type   string   `json:"type" format:"uri" doc:"Stable name of the kind of problem."`
	Title  string   `json:"title" doc:"The problem in a few words, in the language asked for."`
	Status int      `json:"status" doc:"HTTP status."`
	Code   string   `json:"code" doc:"The problem for programs; never translated."`
	Detail string   `json:"detail,omitempty" doc:"What to do about it."`
	Errors []Detail `json:"errors,omitempty" doc:"Which parts of the input are wrong."`
	Into   string   `json:"merged_into,omitempty" doc:"With code merged: the member to ask for."`
}

// Detail is one fault of the input.
type Detail struct {
	Location string `json:"location" doc:"Such as body.quantity, query.limit, header.Idempotency-Key."`
	Message  string `json:"message" doc:"What is wrong there."`
}

// ContentType makes it application/problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// fault is an error on its way to becoming a Problem: it has no language yet.
type fault struct {
	code    string
	details []Detail
	into    string
}

func (f *fault) Error() string  { return f.code }
func (f *fault) GetStatus() int { return statusOf(f.code) }

// ContentType makes it application/problem+json.
func (f *fault) ContentType(string) string { return "application/problem+json" }

func refuse(code string) error { return &fault{code: code} }

func invalid(code, location string) error {
	return &fault{code: code, details: []Detail{{Location: location}}}
}

// faultOf turns what a handler returned into a fault: the ports' errors by name, everything else is internal and logged here, once.
func (a *API) faultOf(ctx context.Context, err error) *fault {
	var f *fault
	var refused *RefusedEventError
	var merged MergedError
	if faults, ok := asFaults(err); ok {
		return faults.fault()
	}
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, ErrNotFound):
		return &fault{code: codeNotFound}
	case errors.Is(err, ErrInsufficient):
		return &fault{code: codeInsufficientPoints}
	case errors.Is(err, ErrNotKept):
		return &fault{code: codeNoVault}
	case errors.Is(err, ErrErased):
		return &fault{code: codeErased}
	case errors.As(err, &merged):
		return &fault{code: codeMerged, into: merged.Into}
	case errors.Is(err, ErrSamePerson):
		return &fault{code: codeSamePerson}
	case errors.Is(err, ErrDecided):
		return &fault{code: codeDecided}
	case errors.Is(err, ErrUnproposed):
		return &fault{code: codeUnproposed}
	case errors.As(err, &refused):
		return &fault{code: codeEventRefused, details: []Detail{{Location: "path.id", Message: refused.Error()}}}
	case errors.Is(ctx.Err(), context.Canceled):
		a.log.DebugContext(ctx, "the client went away", "error", err, "request_id", requestID(ctx))
		return &fault{code: codeUnavailable}
	case errors.Is(err, ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		a.log.WarnContext(ctx, "request not served", "error", err, "request_id", requestID(ctx))
		return &fault{code: codeUnavailable}
	}
	a.log.ErrorContext(ctx, "request failed", "error", err, "request_id", requestID(ctx))
	return &fault{code: codeInternal}
}

// problem gives a fault its language and the request's id.
func (f *fault) problem(ctx context.Context) *Problem {
	lang := languageIn(ctx)
	text := textOf(f.code)
	p := &Problem{
		Type: problemType + f.code, Title: text.title(lang), Status: f.GetStatus(), Code: f.code, Detail: text.detail(lang),
		Into: f.into,
	}
	for _, d := range f.details {
		if d.Message == "" {
			d.Message = p.Title
		}
		p.Errors = append(p.Errors, Detail{Location: d.Location, Message: translate(lang, d.Message)})
	}
	return p
}

// transform is huma's hook on every answer: faults and huma's own errors become problems.
func transform(ctx huma.Context, _ string, v any) (any, error) {
	f, ok := v.(*fault)
	if e, isModel := v.(*huma.ErrorModel); isModel {
		f, ok = faultOfModel(e), true
	}
	if !ok {
		return v, nil
	}
	if f.GetStatus() == http.StatusServiceUnavailable {
		ctx.SetHeader("Retry-After", retryAfterSeconds)
	}
	return f.problem(ctx.Context()), nil
}

// faultOfModel keeps where the input is wrong; of a 500 it keeps nothing, because that text is for the log.
func faultOfModel(e *huma.ErrorModel) *fault {
	f := &fault{code: codeOf(e.Status)}
	if f.code == codeInternal {
		return f
	}
	for _, d := range e.Errors {
		f.details = append(f.details, inOurWords(Detail{Location: d.Location, Message: d.Message}))
	}
	if len(f.details) == 0 && f.code != codeTooLarge && e.Detail != "" {
		f.details = []Detail{{Location: "body", Message: e.Detail}}
	}
	return f
}

// undecoded is what the JSON decoder says of a number that is no integer, or one too large: in Go's words, which no client has.
var undecoded = regexp.MustCompile(`^json: cannot unmarshal .* into Go struct field [^.\s]*\.(\S+) of type (u?int)?`)

// inOurWords says where the decoder found what, if it was that which found it.
func inOurWords(d Detail) Detail {
	switch m := undecoded.FindStringSubmatch(d.Message); {
	case m != nil && m[2] != "":
		return Detail{Location: "body." + m[1], Message: "expected integer"}
	case m != nil:
		return Detail{Location: "body." + m[1]}
	case strings.HasPrefix(d.Message, "json: "):
		return Detail{Location: d.Location}
	}
	return d
}
