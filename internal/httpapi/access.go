package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// anyone stands for requests without a token: what is the same for everybody.
const anyone Role = "anyone"

const (
	metadataRoles = "roles"   // of an operation: []Role
	openRoles     = "x-roles" // the same in the OpenAPI document
)

// access is what an operation says of who may use it: callers with one of the roles, or anyone. Without it there is no operation.
func access(roles ...Role) map[string]any { return map[string]any{metadataRoles: roles} }

// open are the routes beside the operations, with their methods; they are the same for everybody, or log somebody in or out.
// Pages are answered where there is no route.
func open() []string {
	return []string{
		"GET /openapi.json", "GET /openapi.yaml", "GET /asyncapi.json", "GET /asyncapi.yaml", "GET " + docsPath, "GET " + docsPath + "/*file",
		"GET " + loginPath, "GET " + callbackPath, "POST " + logoutPath,
	}
}

// register adds an operation whose errors become problems. One that does not say who may use it is none: New fails.
func register[I, O any](a *API, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	allowed, _ := op.Metadata[metadataRoles].([]Role)
	if err := checkAccess(allowed); err != nil {
		a.faults = append(a.faults, fmt.Errorf("http: %s %s: %w", op.Method, op.Path, err))
		return
	}
	a.declared[op.Method+" "+op.Path] = true
	a.describeAccess(&op, allowed)
	op.MaxBodyBytes = a.bodyBytesMax(op.Path) + 1 // huma refuses at the limit, not above it
	if auditOf(&op, allowed) == auditOurs {
		handle = audited(a, op.OperationID, handle)
	}
	op.Middlewares = append(huma.Middlewares{a.admit(allowed), onceEach}, op.Middlewares...)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.faultOf(ctx, err)
		}
		return out, nil
	})
	a.complete(op.Method, op.Path)
}

func checkAccess(allowed []Role) error {
	if len(allowed) == 0 {
		return errors.New("says nothing of who may use it: want Metadata: access(…)")
	}
	for _, r := range allowed {
		if r != anyone && !slices.Contains(roles(), r) || r == anyone && len(allowed) > 1 {
			return fmt.Errorf("role %q cannot be given access", r)
		}
	}
	return nil
}

// describeAccess tells readers of the OpenAPI document what admit does.
func (a *API) describeAccess(op *huma.Operation, allowed []Role) {
	op.Extensions = map[string]any{openRoles: allowed}
	if by := auditOf(op, allowed); by != "" {
		op.Extensions[openAudit] = by
	}
	if slices.Contains(allowed, anyone) {
		op.Security = []map[string][]string{}
		return
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	a.mayAnswer(op, codeForbidden)
}

// guard reads what keys, sessions and pages the options allow.
func (a *API) guard(o Options) (err error) {
	r := o.Rates
	a.byIP, a.byCaller, a.proxies = pace{newLimiter(r.IPReads), newLimiter(r.IPWrites)}, pace{newLimiter(r.MemberReads), newLimiter(r.MemberWrites)}, r.Proxies
	a.auditor, a.quiet = o.Auditor, slog.New(slog.DiscardHandler)
	if a.apiKeys, err = parseAPIKeys(o.APIKeys); err != nil {
		return err
	}
	if a.sessions, err = newSessions(o.SigningKey, o.Sessions); err != nil {
		return err
	}
	a.pages, err = newPages(o.Pages, o.EmbedOrigins)
	return err
}

// admit lets callers with one of the roles pass, and nobody without a valid token.
func (a *API) admit(allowed []Role) func(huma.Context, func(huma.Context)) {
	if slices.Contains(allowed, anyone) {
		return func(ctx huma.Context, next func(huma.Context)) { next(ctx) }
	}
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(ctx)
		who, refusal := a.authenticate(c)
		switch {
		case refusal != nil:
		case a.byCaller.refuses(c, who.ID):
			refusal = &fault{code: codeTooMany}
		case !who.hasAny(allowed...):
			refusal = &fault{code: codeForbidden}
		}
		if refusal != nil {
			writeFault(c, refusal)
			return
		}
		path := ctx.URL()
		next(huma.WithValue(huma.WithValue(ctx, keyCaller, who), keyPath, path.Path))
	}
}

// authenticate reads who sends a request, or why it is refused: by token, by key, or by the console's session.
func (a *API) authenticate(c *gin.Context) (Caller, *fault) {
	if c.Request.Header["Authorization"] == nil {
		if who, ok := a.sessions.caller(c.Writer, c.Request); ok {
			if err := a.sessions.guard.Check(c.Request); err != nil { // the browser sends the cookie by itself, whoever asked it to
				return Caller{}, &fault{code: codeCrossOrigin}
			}
			return who, nil
		}
	}
	token, ok := bearer(c.Request.Header)
	if !ok {
		c.Header("WWW-Authenticate", "Bearer")
		return Caller{}, &fault{code: codeUnauthorized}
	}
	if strings.HasPrefix(token, apiKeyPrefix) {
		who, err := a.apiKeys.caller(token)
		return who, a.tokenRefused(c, err)
	}
	who, err := a.verifier.Verify(c.Request.Context(), token)
	if err != nil && a.verifier.Ready(c.Request.Context()) != nil {
		return Caller{}, &fault{code: codeUnavailable}
	}
	return who, a.tokenRefused(c, err)
}

// tokenRefused says why in the log alone.
func (a *API) tokenRefused(c *gin.Context, err error) *fault {
	if err == nil {
		return nil
	}
	ctx := c.Request.Context()
	a.log.DebugContext(ctx, "token refused", "error", err, "request_id", requestID(ctx))
	c.Header("WWW-Authenticate", `Bearer error="invalid_token"`)
	return &fault{code: codeUnauthorized}
}

// undeclared fails for a route that neither is an operation with roles nor stands on the list of open ones.
func (a *API) undeclared(routes gin.RoutesInfo) error {
	faults := a.faults
	for _, r := range routes {
		if !a.declared[r.Method+" "+openPath(r.Path)] && !slices.Contains(open(), r.Method+" "+r.Path) {
			faults = append(faults, fmt.Errorf("http: route %s %s: nobody has said who may use it", r.Method, r.Path))
		}
	}
	return errors.Join(faults...)
}

// openPath writes a route of gin as OpenAPI does: /v1/items/:id is /v1/items/{id}.
func openPath(route string) string {
	parts := strings.Split(route, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}
