package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// keyPattern is what requireKey lets pass, whose length is bounded beside it.
const keyPattern = "^[ -~]+$"

const faultTwice = "is there more than once"

// complete says of an operation, in the document, what is true of all that are like it: what is answered to a request that
// our handlers never see, and the headers that they cannot do without.
func (a *API) complete(method, path string) {
	op := operationOf(a.huma.OpenAPI().Paths[path], method)
	a.mayAnswer(op, codeInvalid, codeTooMany) // an unknown query parameter at least; every address has its rate
	if op.RequestBody != nil {
		a.mayAnswer(op, codeBadRequest, codeTimeout, codeTooLarge, codeMediaType)
	}
	for i, p := range op.Parameters {
		switch p.Name {
		case keyHeader:
			op.Parameters[i] = keyParameter(p)
			a.mayAnswer(op, codeKeyMissing)
		case "If-Match":
			p.Required = true
		}
	}
}

// keyParameter is the key of a request as the document has it. Huma must not check it, or a missing one is 422 and not 400.
func keyParameter(checked *huma.Param) *huma.Param {
	p, s := *checked, *checked.Schema
	least, most := 1, keyCharsMax
	s.MinLength, s.MaxLength, s.Pattern = &least, &most, keyPattern
	p.Required, p.Schema = true, &s
	return &p
}

// mayAnswer adds problems to those of an operation.
func (a *API) mayAnswer(op *huma.Operation, codes ...string) {
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	for _, code := range codes {
		status := strconv.Itoa(statusOf(code))
		switch r := op.Responses[status]; {
		case r == nil:
			op.Responses[status] = a.problem(code)
		case !slices.Contains(strings.Fields(r.Description), code):
			r.Description += " " + code
		}
	}
}

// problems documents, in OpenAPI, which codes an operation may answer with, beside those of all that are like it (complete).
func (a *API) problems(codes ...string) map[string]*huma.Response {
	op := &huma.Operation{}
	a.mayAnswer(op, append(codes, codeUnauthorized, codeUnavailable, codeInternal)...)
	return op.Responses
}

// problem documents an answer that is a problem of one code.
func (a *API) problem(code string) *huma.Response {
	return &huma.Response{Description: "code = " + code, Content: map[string]*huma.MediaType{"application/problem+json": {Schema: a.problemSchema}}}
}

// orElse documents another status that an operation may answer with, of the same body as its usual one.
func (a *API) orElse(op huma.Operation, status int, why string) {
	responses := operationOf(a.huma.OpenAPI().Paths[op.Path], op.Method).Responses
	other := *responses[strconv.Itoa(op.DefaultStatus)]
	other.Description = why
	responses[strconv.Itoa(status)] = &other
}

// onceEach refuses a query that says a parameter more than once: which of them was meant? Lists are one, with commas.
func onceEach(ctx huma.Context, next func(huma.Context)) {
	if u := ctx.URL(); u.RawQuery != "" {
		var twice []Detail
		for name, values := range u.Query() {
			if len(values) > 1 {
				twice = append(twice, Detail{Location: "query." + name, Message: faultTwice})
			}
		}
		if len(twice) > 0 {
			slices.SortFunc(twice, func(a, b Detail) int { return strings.Compare(a.Location, b.Location) })
			writeFault(humagin.Unwrap(ctx), &fault{code: codeInvalid, details: twice})
			return
		}
	}
	next(ctx)
}

func operationOf(item *huma.PathItem, method string) *huma.Operation {
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[method]
}
