package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// desk is the rulebook in memory: a document is good unless it says "bad".
type desk struct {
	versions []RuleVersion
	texts    map[string]string
	tried    string
	language string
}

func newDesk() *desk {
	return &desk{
		versions: []RuleVersion{
			{Name: "retail", Version: "1", From: programNow.AddDate(0, -1, 0), State: "in_force"},
			{Name: "retail", Version: "2", From: programNow.AddDate(0, 1, 0), State: "coming"},
		},
		texts: map[string]string{"1": "good one"},
	}
}

func faulty(yaml string) error {
	if strings.Contains(yaml, "bad") {
		return RuleFaults{{Line: 3, Column: 7, Message: "spec.currency: there is no currency \"XX\"", Expected: "an ISO 4217 code"}}
	}
	return nil
}

func (d *desk) Versions(context.Context) ([]RuleVersion, error) { return d.versions, nil }

func (d *desk) Text(_ context.Context, version string) (string, error) {
	if text, ok := d.texts[version]; ok {
		return text, nil
	}
	return "", ErrNotFound
}

func (d *desk) Publish(_ context.Context, yaml string) (RuleVersion, bool, error) {
	if err := faulty(yaml); err != nil {
		return RuleVersion{}, false, err
	}
	_, known := d.texts["3"]
	d.texts["3"] = yaml
	return RuleVersion{Name: "retail", Version: "3", From: programNow.Add(time.Hour), State: "coming"}, !known, nil
}

func (d *desk) Lint(yaml string) (RuleVersion, error) {
	return RuleVersion{Name: "retail", Version: "3", From: programNow}, faulty(yaml)
}

func (d *desk) Try(_ context.Context, yaml string, events []byte, language string) (RuleTrial, error) {
	if string(events) == "7" {
		return RuleTrial{}, &RefusedEventError{Reason: "DECODE", Message: "no event"}
	}
	d.tried, d.language = string(events), language
	return RuleTrial{Version: "3", Steps: []TrialStep{}}, faulty(yaml)
}

func (d *desk) Compare(_ context.Context, yaml, against string) (RuleComparison, error) {
	if against == "none" {
		return RuleComparison{}, ErrNotFound
	}
	return RuleComparison{Against: "1", Changes: []RuleChange{{Change: "added", Thing: "rule", ID: "x", Fields: []RuleFields{}}}}, faulty(yaml)
}

func TestRulesAreReadByStaffAndWrittenByMarketing(t *testing.T) {
	s := serve(t)
	marketing := s.token("mia", RoleMarketing)
	for _, role := range []Role{RoleMarketing, RoleMerchant, RoleSupport, RoleApprover, RoleOperator, RoleAuditor} {
		got := s.get("/v1/rules", s.token("x", role)).expect(t, 200, "").json(t)
		first := got["versions"].([]any)[0].(map[string]any)
		if first["version"] != "2" || first["state"] != "coming" {
			t.Errorf("%s: the latest is %v", role, first)
		}
		if role == RoleMarketing {
			continue
		}
		for _, step := range []string{"lint", "test", "diff", "publish"} {
			s.send(http.MethodPost, "/v1/rules/"+step, s.token("x", role), `{"yaml":"good","event":{}}`).expect(t, 403, "forbidden")
		}
	}
	s.get("/v1/rules", s.token("m1", RoleMember)).expect(t, 403, "forbidden")
	if got := s.get("/v1/rules/1", marketing).expect(t, 200, "").json(t); got["yaml"] != "good one" {
		t.Errorf("text %v", got)
	}
	s.get("/v1/rules/none", marketing).expect(t, 404, "not_found")
	if got := s.get("/v1/rules/schema", marketing).expect(t, 200, ""); got.body != `{"type":"object"}`+"\n" && got.body != `{"type":"object"}` {
		t.Errorf("schema %q", got.body)
	}
}

func TestFaultsOfARulebookHaveLineAndColumn(t *testing.T) {
	s := serve(t)
	post := func(step, body string) answer {
		return s.send(http.MethodPost, "/v1/rules/"+step, s.token("mia", RoleMarketing), body)
	}
	got := post("lint", `{"yaml":"bad"}`).expect(t, 200, "").json(t)
	want := []any{map[string]any{"line": 3.0, "column": 7.0, "message": `spec.currency: there is no currency "XX"`, "expected": "an ISO 4217 code"}}
	if d := cmp.Diff(got["faults"], any(want)); d != "" {
		t.Errorf("lint (-got +want):\n%s", d)
	}
	if got := post("lint", `{"yaml":"good"}`).expect(t, 200, "").json(t); fmt.Sprint(got["faults"], got["version"]) != "[]3" {
		t.Errorf("lint of a good one: %v", got)
	}
	for _, step := range []string{"publish", "diff", "test"} {
		body := `{"yaml":"bad"}`
		if step == "test" {
			body = `{"yaml":"bad","event":{}}`
		}
		p := post(step, body).expect(t, 422, "rules_invalid").json(t)
		if at := p["errors"].([]any)[0].(map[string]any)["location"]; at != "line 3, column 7" {
			t.Errorf("%s: %v", step, p)
		}
	}
	if s.desk.texts["3"] != "" {
		t.Error("a bad one was published")
	}
}

func TestARulebookIsPublishedOnce(t *testing.T) {
	s := serve(t)
	publish := func() answer {
		return s.send(http.MethodPost, "/v1/rules/publish", s.token("mia", RoleMarketing), `{"yaml":"good","why":"T-1"}`)
	}
	publish().expect(t, 201, "")
	if r := s.lastAct(); r.What != "publish-rules" || r.Reason != "T-1" || !strings.Contains(string(r.After), `"version"`) {
		t.Errorf("audit: %+v, after %s", r, r.After)
	}
	publish().expect(t, 200, "")
	s.send(http.MethodPost, "/v1/rules/publish", s.token("mia", RoleMarketing), `{"yaml":""}`).expect(t, 422, "invalid")
}

func TestEventsAreTriedAsTheyWereSent(t *testing.T) {
	s := serve(t)
	post := func(step, body string, headers ...string) answer {
		return s.send(http.MethodPost, "/v1/rules/"+step, s.token("mia", RoleMarketing), body, headers...)
	}
	post("test", `{"yaml":"good","event":{"n":12345678901234567890}}`, "Accept-Language", "en").expect(t, 200, "")
	if s.desk.tried != `{"n":12345678901234567890}` || s.desk.language != "en" {
		t.Errorf("tried %s in %s", s.desk.tried, s.desk.language)
	}
	post("test", `{"yaml":"good","event":7}`).expect(t, 422, "event_refused")
	post("diff", `{"yaml":"good","against":"none"}`).expect(t, 422, "invalid")
	if got := post("diff", `{"yaml":"good"}`).expect(t, 200, "").json(t); got["against"] != "1" {
		t.Errorf("diff %v", got)
	}
}
