package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"jifen/topics"
)

func (w *world) Settings(context.Context) (topics.SettingsVersion, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.retailer.Revision == 0 {
		w.retailer.Settings = topics.DefaultSettings()
	}
	return w.retailer, w.fails
}

func (w *world) SetSettings(_ context.Context, revision int64, actor string, next topics.Settings) (topics.SettingsVersion, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if revision != w.retailer.Revision {
		return w.retailer, ErrChanged
	}
	w.retailer = topics.SettingsVersion{Revision: revision + 1, By: actor, Settings: next}
	return w.retailer, w.fails
}

func TestAnybodyReadsWhatTheRetailerSays(t *testing.T) {
	s := serve(t)
	a := s.get("/v1/retailer", "").expect(t, 200, "")
	if a.json(t)["name"].(map[string]any)["en"] != "Points Mall" || !strings.Contains(a.header.Get("Cache-Control"), "max-age") {
		t.Errorf("%s %v", a.body, a.header)
	}
	s.get("/v1/settings", "").expect(t, 401, "unauthorized")
}

func TestSettingsAreChangedAsTheyWereSeen(t *testing.T) {
	s := serve(t)
	tok := s.token("mia", RoleMarketing)
	put := func(match, body string) answer {
		return s.send(http.MethodPut, "/v1/settings", tok, body, "If-Match", match)
	}
	first := s.get("/v1/settings", tok).expect(t, 200, "")
	next := strings.Replace(first.body, "Points Mall", "Gifts", 1)
	s.send(http.MethodPut, "/v1/settings", tok, next).expect(t, 428, "precondition_required")
	a := put(first.header.Get("ETag"), next).expect(t, 200, "")
	if a.header.Get("ETag") == first.header.Get("ETag") || s.retailer.By != "mia" {
		t.Errorf("%v by %s", a.header, s.retailer.By)
	}
	put(first.header.Get("ETag"), next).expect(t, 412, "precondition_failed")
	put("nonsense", next).expect(t, 412, "precondition_failed")
	if got := s.get("/v1/retailer", "").expect(t, 200, "").body; got != next {
		t.Errorf("%s, want %s", got, next)
	}
	for _, role := range []Role{RoleMember, RoleMerchant, RoleSupport, RoleAuditor} {
		s.get("/v1/settings", s.token("x", role)).expect(t, 403, "forbidden")
		s.send(http.MethodPut, "/v1/settings", s.token("x", role), next, "If-Match", a.header.Get("ETag")).expect(t, 403, "forbidden")
	}
	var bad topics.Settings
	if err := json.Unmarshal([]byte(next), &bad); err != nil {
		t.Fatal(err)
	}
	bad.Logo, bad.Colours.Accent = "http://x", "blue"
	text, err := json.Marshal(bad)
	if err != nil {
		t.Fatal(err)
	}
	got := put(a.header.Get("ETag"), string(text)).expect(t, 422, "invalid")
	if !strings.Contains(got.body, "body.logo") || !strings.Contains(got.body, "body.colours.accent") {
		t.Errorf("%s", got.body)
	}
	if got := put(a.header.Get("ETag"), strings.Replace(next, `"stores"`, `"shops":1,"stores"`, 1)).expect(t, 422, "invalid"); !strings.Contains(got.body, "shops") {
		t.Errorf("%s", got.body)
	}
}
