package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const purposeAudit = "audit"

// AuditBody is a record of the audit.
type AuditBody struct {
	At      time.Time       `json:"at"`
	By      string          `json:"by" doc:"Who acted; a rule of abuse acts under its own name."`
	What    string          `json:"what" doc:"The act: an operation of the API, or what was done to an account."`
	Outcome string          `json:"outcome" doc:"asked: it was about to be done; applied; or why not."`
	Of      string          `json:"of,omitempty" doc:"What it was done to."`
	Member  string          `json:"member,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	Before  json.RawMessage `json:"before,omitempty" doc:"JSON, as it was."`
	After   json.RawMessage `json:"after,omitempty" doc:"JSON, as it is."`
}

type (
	recordsInput struct {
		By     string `query:"by" maxLength:"128"`
		What   string `query:"what" maxLength:"64"`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor string `query:"cursor" maxLength:"4096" doc:"next_cursor of the page before."`
	}
	recordsOutput struct {
		Body struct {
			Records    []AuditBody `json:"records" doc:"Newest first. A page may be short, or empty, and yet go on."`
			NextCursor string      `json:"next_cursor,omitempty"`
		}
	}
	auditCursor struct {
		By   string                     `json:"b"`
		What string                     `json:"w"`
		From map[string]map[int32]int64 `json:"f"`
	}
)

func (a *API) auditRoutes() {
	register(a, huma.Operation{
		OperationID: "audit-records", Method: http.MethodGet, Path: "/v1/audit", Summary: "What staff did, with who, why, before and after (auditor)", Tags: []string{"audit"},
		Metadata: access(RoleAuditor), Responses: a.problems(codeInvalid, codeCursorInvalid),
	}, func(ctx context.Context, in *recordsInput) (*recordsOutput, error) {
		q := AuditQuery{By: in.By, What: in.What, Limit: in.Limit}
		if in.Cursor != "" {
			var at auditCursor
			if !a.signer.open(purposeAudit, in.Cursor, &at) || at.By != in.By || at.What != in.What {
				return nil, invalid(codeCursorInvalid, "query.cursor")
			}
			q.From = at.From
		}
		page, err := a.auditor.AuditRecords(ctx, q)
		if err != nil {
			return nil, err
		}
		out := &recordsOutput{}
		out.Body.Records = []AuditBody{}
		for i := range page.Records {
			r := &page.Records[i]
			out.Body.Records = append(out.Body.Records, AuditBody{
				At: r.At.UTC(), By: r.By, What: r.What, Outcome: r.Outcome, Of: r.Of, Member: r.Member, Reason: r.Reason, Before: r.Before, After: r.After,
			})
		}
		if page.Next != nil {
			out.Body.NextCursor, err = a.signer.sign(purposeAudit, auditCursor{in.By, in.What, page.Next})
		}
		return out, err
	})
}
