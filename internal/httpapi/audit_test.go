package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// auditWorld keeps records in memory.
type auditWorld struct {
	mu      sync.Mutex
	records []AuditRecord
	fails   error
}

func (w *auditWorld) Audit(_ context.Context, r AuditRecord) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fails == nil {
		w.records = append(w.records, r)
	}
	return w.fails
}

// AuditRecords has pages of as many as are asked for; where one ended is the offset.
func (w *auditWorld) AuditRecords(_ context.Context, q AuditQuery) (AuditPage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := len(w.records)
	if q.From != nil {
		at = int(q.From["audit"][0])
	}
	var p AuditPage
	for ; at > 0 && len(p.Records) < q.Limit; at-- {
		if r := w.records[at-1]; (q.By == "" || r.By == q.By) && (q.What == "" || r.What == q.What) {
			p.Records = append(p.Records, r)
		}
	}
	if at > 0 {
		p.Next = map[string]map[int32]int64{"audit": {0: int64(at)}}
	}
	return p, w.fails
}

// lastAct is the audit's newest record.
func (s *server) lastAct() AuditRecord {
	log := s.api.auditor.(*auditWorld)
	log.mu.Lock()
	defer log.mu.Unlock()
	return log.records[len(log.records)-1]
}

// TestEveryActOfStaffIsRecorded: every unsafe operation that staff may use, whatever becomes of it.
func TestEveryActOfStaffIsRecorded(t *testing.T) {
	s := serveWorld(t, matrixWorld())
	log := s.api.auditor.(*auditWorld)
	d, ours := openDocument(t, s), 0
	for path, methods := range d.Paths {
		for method, op := range methods {
			staff := slices.DeleteFunc(slices.Clone(op.Roles), func(r Role) bool { return r == RoleMember || r == anyone })
			switch {
			case method == "get" || len(staff) == 0:
				if op.Audit != "" {
					t.Errorf("%s %s: x-audit %q", method, path, op.Audit)
				}
			case op.Audit == auditOurs:
				ours++
				m := &matrix{server: s, document: d}
				m.recorded(t, log, method, path, op, staff[0])
			case op.Audit != auditElsewhere && op.Audit != auditNone:
				t.Errorf("%s %s: x-audit %q", method, path, op.Audit)
			}
		}
	}
	if ours < 8 {
		t.Errorf("only %d operations", ours)
	}
}

func (m *matrix) recorded(t *testing.T, log *auditWorld, method, path string, op operation, role Role) {
	t.Helper()
	log.records = nil
	r := m.document.request(t, method, path, op, own, true)
	r.Header.Set("Authorization", "Bearer "+m.token("ann", role))
	a := m.ask(r)
	if len(log.records) != 2 {
		t.Errorf("%s %s: %d records of an act that ended with %d %s", method, path, len(log.records), a.status, a.body)
		return
	}
	asked, ended := log.records[0], log.records[1]
	if asked.Outcome != "asked" || ended.Outcome == "asked" || (ended.Outcome == "applied") != (a.status < 300) {
		t.Errorf("%s %s: %q and %q for %d %s", method, path, asked.Outcome, ended.Outcome, a.status, a.body)
	}
	for _, r := range log.records {
		if r.By != "ann" || r.What != op.OperationID || !strings.HasPrefix(r.Of, "/v1/") || r.At.IsZero() {
			t.Errorf("%s %s: %+v", method, path, r)
		}
	}
	log.records, log.fails = nil, ErrUnavailable
	defer func() { log.fails = nil }()
	r = m.document.request(t, method, path, op, own, true)
	r.Header.Set("Authorization", "Bearer "+m.token("ann", role))
	if a := m.ask(r); a.status != 503 {
		t.Errorf("%s %s: without a record: %d %s", method, path, a.status, a.body)
	}
}

func TestTheAuditIsReadByAuditorsPageByPage(t *testing.T) {
	s := serve(t)
	log := s.api.auditor.(*auditWorld)
	for n := range 5 {
		log.records = append(log.records, AuditRecord{
			By: []string{"ann", "bob"}[n%2], What: "publish-rules", Outcome: "applied", At: programNow, Of: fmt.Sprint("version ", n), Reason: "ticket", Before: []byte(`{"a":1}`), After: []byte(`[2]`),
		})
	}
	tok, path, seen := s.token("aud", RoleAuditor), "/v1/audit?by=ann&limit=1", ""
	for path != "" {
		page := s.get(path, tok).expect(t, 200, "").json(t)
		for _, r := range page["records"].([]any) {
			seen += fmt.Sprint(r.(map[string]any)["of"], ";")
		}
		next, _ := page["next_cursor"].(string)
		if path = ""; next != "" {
			path = "/v1/audit?by=ann&limit=1&cursor=" + next
			s.get("/v1/audit?by=bob&cursor="+next, tok).expect(t, 422, "cursor_invalid")
		}
	}
	if seen != "version 4;version 2;version 0;" {
		t.Errorf("seen %s", seen)
	}
	if b := s.get("/v1/audit?limit=1", tok).body; !strings.Contains(b, `"before":{"a":1},"after":[2]`) {
		t.Errorf("record %s", b)
	}
	s.send(http.MethodPost, "/v1/audit", tok, "{}").expect(t, 405, "method_not_allowed")
}
