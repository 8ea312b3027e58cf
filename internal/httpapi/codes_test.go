package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// codesWorld has a pool of the item night, which refuses what says so, and the codes of the redemptions of m1 and m2.
type codesWorld struct{ files []CodesUpload }

func (w *codesWorld) LoadCodes(_ context.Context, u CodesUpload) (CodePool, error) {
	switch {
	case u.Item != "night":
		return CodePool{}, ErrNotFound
	case strings.Contains(string(u.File), "BAD"):
		return CodePool{}, CodeFaults{{Line: 2, Problem: "bad_code"}, {Line: 7, Problem: "duplicate", Of: 3}, {Line: 9, Problem: "in_pool"}}
	case strings.Contains(string(u.File), "OTHER"):
		return CodePool{}, ErrOtherContent
	case strings.Contains(string(u.File), "KEYLESS"):
		return CodePool{}, ErrNoVault
	case strings.Contains(string(u.File), "MUCH"):
		return CodePool{}, ErrTooLarge
	}
	w.files = append(w.files, u)
	return CodePool{Loaded: 2, Left: 5, Taken: 1}, nil
}

func (w *codesWorld) Pool(_ context.Context, item string) (CodePool, error) {
	switch item {
	case "night":
		return CodePool{Loaded: 6, Left: 5, Taken: 1, Low: 3}, nil
	case "mug":
		return CodePool{}, ErrNotCodes
	}
	return CodePool{}, ErrNotFound
}

func (w *codesWorld) CodesOf(_ context.Context, member, id string) ([]RedeemedCode, error) {
	if suffix := map[string]string{"m1": "own", "m2": "foreign"}[member]; suffix == "" || id != "r-"+suffix {
		return nil, ErrNotFound
	}
	return []RedeemedCode{{Item: "night", Code: "SECRET-1"}, {Item: "night", Code: "SECRET-2", ExpiresAt: programNow.Add(time.Hour)}}, nil
}

func TestCodesAreLoadedByMerchantsAllOrNone(t *testing.T) {
	w := &codesWorld{}
	s := serveWorld(t, newWorld(), func(o *Options) { o.Codes = w })
	merchant := s.token("mia", RoleMerchant)
	post := func(item, file string, headers ...string) answer {
		return s.send(http.MethodPost, "/v1/items/"+item+"/codes", merchant, file, append([]string{"Content-Type", "text/csv", "Accept-Language", "en"}, headers...)...)
	}
	key := []string{"Idempotency-Key", "k"}
	if got := post("night", "A\nB\n", key...).expect(t, http.StatusCreated, "").json(t); got["loaded"] != 2.0 || got["left"] != 5.0 {
		t.Errorf("answer %v", got)
	}
	post("night", "A\nB\n", key...).expect(t, http.StatusCreated, "")
	post("night", "A\nB\n", "Idempotency-Key", "k2").expect(t, http.StatusCreated, "")
	if f := w.files; len(f) != 3 || f[0].ID != f[1].ID || f[0].ID == f[2].ID || f[0].Actor != "mia" || string(f[0].File) != "A\nB\n" {
		t.Errorf("uploads %+v", f)
	}
	post("night", "A\n").expect(t, http.StatusBadRequest, codeKeyMissing)
	post("nothing", "A\n", key...).expect(t, http.StatusNotFound, codeNotFound)
	post("night", "OTHER\n", key...).expect(t, http.StatusUnprocessableEntity, codeConflict)
	post("night", "KEYLESS\n", key...).expect(t, http.StatusNotImplemented, codeNoVault)
	post("night", "MUCH\n", key...).expect(t, http.StatusRequestEntityTooLarge, codeTooLarge)
	post("night", strings.Repeat("A\n", codesBytesMax/2), key...).expect(t, http.StatusCreated, "")
	post("night", strings.Repeat("A\n", codesBytesMax/2+1), key...).expect(t, http.StatusRequestEntityTooLarge, codeTooLarge)
	p := post("night", "BAD\n", key...).expect(t, http.StatusUnprocessableEntity, codeCodesInvalid).json(t)
	var lines []string
	for _, x := range p["errors"].([]any) {
		m := x.(map[string]any)
		lines = append(lines, m["location"].(string)+": "+m["message"].(string))
	}
	if want := []string{"line 2: a code has 1 to 256 printable characters", "line 7: repeats the code of line 3", "line 9: the code was loaded before"}; !slices.Equal(lines, want) {
		t.Errorf("lines %q, want %q", lines, want)
	}
	if got := s.get("/v1/items/night/codes", merchant).expect(t, http.StatusOK, "").json(t); got["loaded"] != 6.0 || got["left"] != 5.0 || got["taken"] != 1.0 || got["low"] != 3.0 {
		t.Errorf("pool %v", got)
	}
	s.get("/v1/items/mug/codes", merchant).expect(t, http.StatusConflict, codeNotCodes)
	s.get("/v1/items/night/codes", s.token("m1", RoleMember)).expect(t, http.StatusForbidden, codeForbidden)
}

func TestCodesAreForTheirOwnerAlone(t *testing.T) {
	s := serveWorld(t, newWorld(), func(o *Options) { o.Codes = &codesWorld{} })
	a := s.get("/v1/redemptions/r-own/codes", s.token("m1", RoleMember)).expect(t, http.StatusOK, "")
	all, _ := a.json(t)["codes"].([]any)
	if len(all) != 2 || a.header.Get("Cache-Control") != "no-store" || !strings.Contains(a.body, "SECRET-2") || all[0].(map[string]any)["expires"] != nil || all[1].(map[string]any)["expires"] == nil {
		t.Errorf("%s %v", a.body, a.header)
	}
	for who, token := range map[string]string{
		"another member": s.token("m2", RoleMember), "staff": s.token("sue", RoleMerchant, RoleSupport, RoleStaff, RoleOperator, RoleAuditor, RoleApprover),
		"nobody": "",
	} {
		a := s.get("/v1/redemptions/r-own/codes", token)
		if a.status < 400 || strings.Contains(a.body, "SECRET") {
			t.Errorf("%s: %d %s", who, a.status, a.body)
		}
	}
	if strings.Contains(s.log.String(), "SECRET") {
		t.Error("a code stands in the log")
	}
}
