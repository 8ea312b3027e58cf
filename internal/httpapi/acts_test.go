package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func (w *world) Acts(_ context.Context, member string) ([]Act, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.acts[member], w.fails
}

func (w *world) RequestAct(_ context.Context, r ActRequest) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, r)
	if !w.hold && w.fails == nil {
		if w.acts == nil {
			w.acts = map[string][]Act{}
		}
		w.acts[r.Member] = append(w.acts[r.Member], w.result(r))
	}
	return w.fails
}

// results are acts that the member's shard decides as it is told.
func (s *server) results(outcome, state string) {
	s.result = func(r ActRequest) Act { return Act{ActRequest: r, Outcome: outcome, State: state, At: programNow} }
}

func (s *server) post(path, token, key, body string) answer {
	return s.send(http.MethodPost, path, token, body, "Idempotency-Key", key)
}

const (
	oneFreeze = `{"scope":"lots","lots":[1],"reason":"velocity","evidence":"case-1","review_by":"2026-07-01T00:00:00Z"}`
	oneAdjust = `{"points":-50,"reason":"goodwill","evidence":"ticket-7"}`
)

// TestActsAreDoneByTheTokensBearer: the actor is never in the body, and roles are denied unless they are named.
func TestActsAreDoneByTheTokensBearer(t *testing.T) {
	s := serve(t)
	s.results("applied", "open")
	sue := s.token("sue", RoleSupport)
	b := s.post("/v1/members/m1/freezes", sue, "k", oneFreeze).expect(t, 201, "").json(t)
	if b["state"] != "open" || b["actor"] != "sue" || fmt.Sprint(b["lots"]) != "[1]" || b["scope"] != "lots" || b["evidence"] != "case-1" {
		t.Errorf("freeze %v", b)
	}
	asked := s.asked[0]
	if asked.Actor != "sue" || asked.Member != "m1" || asked.What != "freeze" || !asked.ReviewBy.Equal(programNow.AddDate(0, 0, 30).Add(-2*time.Hour)) {
		t.Errorf("asked for %+v", asked)
	}
	s.post("/v1/members/m1/freezes", sue, "k2", strings.Replace(oneFreeze, "{", `{"actor":"ron",`, 1)).expect(t, 422, "invalid")
	for path, body := range map[string]string{
		"/v1/members/m1/freezes": oneFreeze, "/v1/members/m1/freezes/f/release": `{"reason":"cleared"}`,
		"/v1/members/m1/adjustments": oneAdjust, "/v1/members/m1/adjustments/a/approve": "", "/v1/members/m1/adjustments/a/decline": `{"reason":"unfounded"}`,
	} {
		for _, role := range []Role{RoleMember, RoleStaff, RoleMerchant, RoleAuditor, RoleService, "root"} {
			s.post(path, s.token("m1", role), "k3", body).expect(t, 403, "forbidden")
		}
		s.post(path, s.token("pat", RoleApprover), "", body).expect(t, 400, "idempotency_key_missing")
	}
	for _, step := range []string{"approve", "decline"} {
		s.post("/v1/members/m1/adjustments/a/"+step, sue, "k4", `{"reason":"x"}`).expect(t, 403, "forbidden")
	}
	s.post("/v1/me/freezes/f/appeal", sue, "k5", `{"reference":"letter"}`).expect(t, 403, "forbidden")
	if len(s.asked) != 1 {
		t.Errorf("%d requests", len(s.asked))
	}
}

// TestActsHaveOneAnswerAKey: sent again it asks for nothing; with another body it is a conflict; not decided in time it is 202.
func TestActsHaveOneAnswerAKey(t *testing.T) {
	s := serve(t)
	s.results("proposed", "proposed")
	sue := s.token("sue", RoleSupport)
	for range 2 {
		b := s.post("/v1/members/m1/adjustments", sue, "k", oneAdjust).expect(t, 201, "").json(t)
		if b["state"] != "proposed" || b["points"] != -50.0 {
			t.Errorf("adjustment %v", b)
		}
	}
	s.post("/v1/members/m1/adjustments", sue, "k", strings.Replace(oneAdjust, "-50", "-51", 1)).expect(t, 422, "idempotency_conflict")
	if len(s.asked) != 1 {
		t.Errorf("%d requests", len(s.asked))
	}
	s.post("/v1/members/m1/adjustments", s.token("ron", RoleSupport), "k", oneAdjust).expect(t, 201, "") // somebody else's key
	s.hold = true
	a := s.post("/v1/members/m1/adjustments", sue, "k6", oneAdjust).expect(t, 202, "")
	if a.json(t)["state"] != "pending" || a.header.Get("Location") != "/v1/members/m1/adjustments" || a.header.Get("Retry-After") != "1" {
		t.Errorf("%v %s", a.header, a.body)
	}
	s.fails = ErrUnavailable
	s.post("/v1/members/m1/adjustments", sue, "k7", oneAdjust).expect(t, 503, "unavailable")
}

// TestRefusedActsAreProblems, each with its status.
func TestRefusedActsAreProblems(t *testing.T) {
	for outcome, status := range map[string]int{"same_person": 409, "decided": 409, "limit_reached": 409, "not_found": 404} {
		s := serve(t)
		s.results(outcome, "")
		s.post("/v1/members/m1/adjustments/a/approve", s.token("pat", RoleApprover), "k", "").expect(t, status, outcome)
	}
	s := serve(t)
	sue := s.token("sue", RoleSupport)
	for _, body := range []string{
		strings.Replace(oneFreeze, "velocity", "Ana called", 1), strings.Replace(oneFreeze, "case-1", "see her mail", 1),
		strings.Replace(oneFreeze, "2026-07", "2026-05", 1), strings.Replace(oneFreeze, `"lots",`, `"account",`, 1),
		strings.Replace(oneFreeze, `"lots",`, `"all",`, 1), strings.Replace(oneFreeze, `[1]`, `[-1]`, 1),
	} {
		s.post("/v1/members/m1/freezes", sue, "k", body).expect(t, 422, "invalid")
	}
	for _, body := range []string{
		`{"reason":"goodwill","evidence":"t"}`, `{"points":5,"freeze":"f","reason":"goodwill","evidence":"t"}`,
		`{"points":1000000000001,"reason":"goodwill","evidence":"t"}`, `{"points":1.5,"reason":"goodwill","evidence":"t"}`,
	} {
		s.post("/v1/members/m1/adjustments", sue, "k", body).expect(t, 422, "invalid")
	}
	s.post("/v1/members/nobody/freezes", sue, "k", oneFreeze).expect(t, 404, "not_found")
	if len(s.asked) != 0 {
		t.Errorf("asked for %+v", s.asked)
	}
}

// TestMembersSeeAndAppealTheirFreezes, without who froze and by what evidence; once each.
func TestMembersSeeAndAppealTheirFreezes(t *testing.T) {
	s := serve(t)
	s.acts = map[string][]Act{"m1": {
		{ActRequest: ActRequest{ID: "old", What: "freeze", Account: true, Actor: "sue", Reason: "velocity"}, Outcome: "applied", State: "released", At: programNow},
		{ActRequest: ActRequest{ID: "f", What: "freeze", Lots: []uint32{3}, Actor: "sue", Evidence: "case-1", Reason: "velocity"}, Outcome: "applied", State: "open", At: programNow, Overdue: true},
		{ActRequest: ActRequest{ID: "no", What: "freeze", Actor: "sue"}, Outcome: "not_found"},
	}}
	member := s.token("m1", RoleMember)
	body := s.get("/v1/me/freezes", member).expect(t, 200, "").body
	if strings.Contains(body, "sue") || strings.Contains(body, "case-1") || strings.Contains(body, `"no"`) || strings.Index(body, `"f"`) > strings.Index(body, `"old"`) {
		t.Errorf("freezes %s", body)
	}
	staff := s.get("/v1/members/m1/freezes", s.token("sue", RoleSupport)).expect(t, 200, "").body
	if !strings.Contains(staff, `"actor":"sue"`) || !strings.Contains(staff, `"overdue":true`) {
		t.Errorf("freezes %s", staff)
	}
	s.get("/v1/members/m1/freezes", member).expect(t, 403, "forbidden")
	s.result = func(r ActRequest) Act {
		s.acts["m1"][1].Appeal = r.Evidence
		return Act{ActRequest: r, Outcome: "applied"}
	}
	letter := `{"reference":"letter-1"}`
	s.post("/v1/me/freezes/nothing/appeal", member, "k", letter).expect(t, 404, "not_found")
	s.post("/v1/me/freezes/old/appeal", member, "k", letter).expect(t, 409, "decided")
	for range 2 {
		if b := s.post("/v1/me/freezes/f/appeal", member, "k", letter).expect(t, 201, "").json(t); b["appeal"] != "letter-1" || b["id"] != "f" {
			t.Errorf("appealed %v", b)
		}
	}
	s.post("/v1/me/freezes/f/appeal", member, "k2", letter).expect(t, 409, "limit_reached")
	if len(s.asked) != 1 {
		t.Errorf("%d requests", len(s.asked))
	}
}
