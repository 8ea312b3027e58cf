package httpapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// matrixWorld has two members, each with an object of every kind.
func matrixWorld() *world {
	w := newWorld()
	w.balances["m2"] = Balance{Member: "m2", Available: 50, Tier: "silver", AsOf: programNow, Known: true}
	w.acts = map[string][]Act{}
	w.kept = keptWorld{books: map[string][]BookAddress{"m1": {{ID: "m1-1"}}, "m2": {{ID: "m2-1"}}}, sent: map[string]Address{"m1r-own": {City: "上海"}, "m2r-foreign": {City: "上海"}}}
	for member, suffix := range map[string]string{"m1": "own", "m2": "foreign"} {
		id := "r-" + suffix
		w.decided[member+id] = Redemption{ID: id, Member: member, Item: "night", Quantity: 1, Points: 10, PriceVersion: 3, Outcome: "applied", CreatedAt: programNow, Life: &Life{
			State: "delivered", Returns: []RedemptionReturn{{ID: "own-1"}}, Problems: []RedemptionProblem{{ID: "own-1"}},
		}}
		w.acts[member] = []Act{
			{ActRequest: ActRequest{ID: "f-" + suffix, Member: member, Actor: "sue", What: whatFreeze, Account: true}, Outcome: "applied", State: "open", At: programNow},
			{ActRequest: ActRequest{ID: "a-" + suffix, Member: member, Actor: "sue", What: whatAdjust, Points: 5}, Outcome: "proposed", State: "proposed", At: programNow},
		}
	}
	w.result = func(r ActRequest) Act { return Act{ActRequest: r, Outcome: "applied", State: "open", At: programNow} }
	return w
}

type matrix struct {
	*server
	document *document
	cells    int
}

// TestEveryRouteAnswersEveryRoleAsDeclared is the matrix of every route × every role and no token × {own, another member's,
// none}. Routes come from the OpenAPI document, and New lets no other be (TestWhatSaysNothingOfItsRolesIsRefused), so none
// can be missing; what is asked comes from the schema, so a new route is covered as it is.
func TestEveryRouteAnswersEveryRoleAsDeclared(t *testing.T) {
	operations := 0
	s := serveWorld(t, matrixWorld())
	m := &matrix{server: s, document: openDocument(t, s)}
	for path, methods := range m.document.Paths {
		for method, op := range methods {
			operations++
			t.Run(method+" "+path, func(t *testing.T) { m.route(t, method, path, op) })
		}
	}
	for _, route := range open() {
		method, path, _ := strings.Cut(strings.Replace(route, "*file", "", 1), " ")
		r := httptest.NewRequest(method, path, nil)
		m.check(t, m.ask(r), anyone, true)
	}
	t.Logf("%d operations, %d cells", operations, m.cells)
	if want := len(s.api.declared); operations != want || operations < 30 {
		t.Errorf("%d operations in the document, %d declared", operations, want)
	}
}

func (m *matrix) route(t *testing.T, method, path string, op operation) {
	if err := checkAccess(op.Roles); err != nil {
		t.Fatal(err)
	}
	public := slices.Contains(op.Roles, anyone)
	if public != (op.Security != nil && len(*op.Security) == 0) {
		t.Errorf("the document says of security: %v", op.Security)
	}
	for _, role := range append(roles(), "root", "", anyone) {
		answers := map[object]answer{}
		for _, o := range []object{own, foreign, nobodys} {
			r := m.document.request(t, method, path, op, o, role != RoleMember)
			id, tokenRole := "m1", role
			if role != RoleMember {
				id = "staff-" + string(role)
			}
			if role != anyone {
				r.Header.Set("Authorization", "Bearer "+m.token(id, tokenRole))
			}
			answers[o] = m.ask(r)
			m.check(t, answers[o], role, public || slices.Contains(op.Roles, role))
		}
		if role == RoleMember && slices.Contains(op.Roles, role) && private(path) {
			m.foreign(t, path, answers)
		}
	}
	m.bothTokensAndNone(t, method, path, op, public)
}

// check compares an answer with what the route declares: who may not is told so, whatever they ask for.
func (m *matrix) check(t *testing.T, a answer, role Role, allowed bool) {
	t.Helper()
	m.cells++
	want := map[bool]int{true: 403, false: 401}[role != anyone]
	refused := a.status == 401 || a.status == 403
	switch {
	case allowed && (refused || a.status >= 500):
		t.Errorf("role %q is allowed: %d %s", role, a.status, a.body)
	case !allowed && a.status != want:
		t.Errorf("role %q is not allowed: %d, want %d: %s", role, a.status, want, a.body)
	}
}

// foreign: another member's object is answered as one that there is not.
func (m *matrix) foreign(t *testing.T, path string, answers map[object]answer) {
	t.Helper()
	for _, o := range []object{foreign, nobodys} {
		if a := answers[o]; a.status != 404 {
			t.Errorf("a member asks for %s: %d %s", o, a.status, a.body)
		}
	}
	if title(answers[foreign]) != title(answers[nobodys]) {
		t.Errorf("another member's object can be told from none: %s and %s", answers[foreign].body, answers[nobodys].body)
	}
	parts := strings.Split(path, "/")
	i := slices.IndexFunc(parts, func(p string) bool { return strings.HasPrefix(p, "{") })
	if ids(parts[i-1], own) != "own-1" && answers[own].status == 404 {
		t.Errorf("a member asks for their own: %s", answers[own].body)
	}
}

// bothTokensAndNone: a token in the query, in a cookie or twice is none.
func (m *matrix) bothTokensAndNone(t *testing.T, method, path string, op operation, public bool) {
	good := m.token("m1", op.Roles...)
	for _, dress := range []func(*http.Request){
		func(r *http.Request) { r.URL.RawQuery += "&access_token=" + good },
		func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "token", Value: good}) },
		func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer " + good, "Bearer " + good} },
		func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+good[:len(good)-3]) },
	} {
		r := m.document.request(t, method, path, op, own, false)
		dress(r)
		if a := m.ask(r); !public && a.status != 401 {
			t.Errorf("no valid token: %d %s", a.status, a.body)
		}
		m.cells++
	}
}

func (m *matrix) ask(r *http.Request) answer {
	w := httptest.NewRecorder()
	m.api.Handler().ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

func title(a answer) any {
	var p Problem
	_ = json.Unmarshal([]byte(a.body), &p)
	return p.Code + p.Title
}
