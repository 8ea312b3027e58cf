package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Auditor keeps what staff do, for auditors.
type Auditor interface {
	// Audit returns when the record is durable.
	Audit(ctx context.Context, r AuditRecord) error
	// AuditRecords lists records, the newest first.
	AuditRecords(ctx context.Context, q AuditQuery) (AuditPage, error)
}

// AuditRecord is an act of staff. An act of the API itself has two: asked, before it is done, so that none is without a record,
// and how it ended. Before and After are JSON without personal data.
type AuditRecord struct {
	By, What, Outcome string
	At                time.Time
	Of                string // what it was done to
	Member, Reason    string
	Before, After     json.RawMessage
}

// AuditQuery asks for records of who and what (empty: any).
type AuditQuery struct {
	By, What string
	Limit    int
	From     map[string]map[int32]int64 // where the page before ended
}

// AuditPage is a part of the audit topic; Next is nil at its end.
type AuditPage struct {
	Records []AuditRecord
	Next    map[string]map[int32]int64
}

const (
	metadataAudit = "audit"   // of an operation: who records it, if not the API
	openAudit     = "x-audit" // the same in the OpenAPI document

	auditOurs      = "api"       // register records it
	auditElsewhere = "elsewhere" // it is recorded where it is done, in one transaction with it
	auditNone      = "none"      // it changes nothing

	outcomeAsked = "asked"
)

// recorded says that an unsafe operation of staff is recorded where it is done, as entries of the ledger are.
func recorded(access map[string]any) map[string]any { return withAudit(access, auditElsewhere) }

// harmless says that an operation changes nothing, though its method is unsafe.
func harmless(access map[string]any) map[string]any { return withAudit(access, auditNone) }

func withAudit(access map[string]any, how string) map[string]any {
	access = maps.Clone(access)
	access[metadataAudit] = how
	return access
}

// auditOf says who records an operation; empty: it is no act of staff.
func auditOf(op *huma.Operation, allowed []Role) string {
	staff := slices.ContainsFunc(allowed, func(r Role) bool { return r != RoleMember && r != anyone })
	if op.Method == http.MethodGet || op.Method == http.MethodHead || !staff {
		return ""
	}
	if how, ok := op.Metadata[metadataAudit].(string); ok {
		return how
	}
	return auditOurs
}

// audited does an act of staff between its two records. Without the first it is not done.
func audited[I, O any](a *API, what string, handle func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		who := caller(ctx)
		if !who.hasAny(slices.DeleteFunc(roles(), func(r Role) bool { return r == RoleMember })...) {
			return handle(ctx, in) // a member's own act
		}
		path, _ := ctx.Value(keyPath).(string)
		r := &AuditRecord{By: who.ID, What: what, Outcome: outcomeAsked, At: a.clock().UTC(), Of: path, Reason: reasonOf(in)}
		if err := a.auditor.Audit(ctx, *r); err != nil {
			return nil, fmt.Errorf("%w: audit: %w", ErrUnavailable, err)
		}
		out, err := handle(context.WithValue(ctx, keyAudit, r), in)
		r.Outcome, r.At = outcomeApplied, a.clock().UTC()
		if err != nil {
			r.Outcome = a.outcomeOf(ctx, err)
		}
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.limits.RequestTimeout)
		defer cancel()
		if failed := a.auditor.Audit(ending, *r); failed != nil { // that it was asked for stands
			a.log.ErrorContext(ctx, "how an act ended is not in the audit", "act", what, "error", failed, "request_id", requestID(ctx))
		}
		return out, err
	}
}

// outcomeOf names how an act ended; it does not log, as the answer will.
func (a *API) outcomeOf(ctx context.Context, err error) string {
	var f *fault
	switch {
	case errors.As(err, &f):
		return f.code
	case errors.Is(err, ErrUnavailable), ctx.Err() != nil:
		return codeUnavailable
	}
	quiet := &API{log: a.quiet}
	return quiet.faultOf(ctx, err).code
}

// note adds to the record of the act that goes on: what it was before and is after, without personal data.
func note(ctx context.Context, before, after any) {
	r, ok := ctx.Value(keyAudit).(*AuditRecord)
	if !ok {
		return
	}
	if b, err := json.Marshal(before); err == nil && before != nil {
		r.Before = b
	}
	if b, err := json.Marshal(after); err == nil && after != nil {
		r.After = b
	}
}

// reasonOf reads the body's reason, or its why.
func reasonOf(in any) string {
	v := reflect.ValueOf(in).Elem()
	if v.Kind() != reflect.Struct {
		return ""
	}
	body := v.FieldByName("Body")
	if !body.IsValid() || body.Kind() != reflect.Struct {
		return ""
	}
	for _, name := range []string{"Reason", "Why"} {
		if f := body.FieldByName(name); f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
	}
	return ""
}
