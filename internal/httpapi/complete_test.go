package httpapi

import (
	"cmp"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// documented fails the test when the OpenAPI document does not have what a request for one of its operations was answered.
func (s *server) documented(req *http.Request, resp *http.Response) {
	s.t.Helper()
	op := s.operation(req.Method, req.URL.EscapedPath())
	if op == nil {
		return
	}
	said := op.Responses[strconv.Itoa(resp.StatusCode)]
	if said == nil {
		s.t.Errorf("%s %s was answered with %d, which the document does not have", req.Method, req.URL, resp.StatusCode)
		return
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if said.Content[kind] == nil && (kind != "" || len(said.Content) > 0) {
		s.t.Errorf("%s %s was answered with %d %q, which the document does not have", req.Method, req.URL, resp.StatusCode, kind)
	}
	for name := range said.Headers {
		if said.Headers[name].Required && resp.Header.Get(name) == "" {
			s.t.Errorf("%s %s was answered with %d without %s", req.Method, req.URL, resp.StatusCode, name)
		}
	}
}

// operation is the one that a request is for, if any: where several match, that with the fewest parameters in its path.
func (s *server) operation(method, path string) *huma.Operation {
	var found *huma.Operation
	asked := strings.Split(path, "/")
	for p, item := range s.api.huma.OpenAPI().Paths {
		op, parts := operationOf(item, method), strings.Split(p, "/")
		if op == nil || len(parts) != len(asked) {
			continue
		}
		same := true
		for i := range parts {
			same = same && (parts[i] == asked[i] || strings.HasPrefix(parts[i], "{") && asked[i] != "")
		}
		if same && (found == nil || cmp.Compare(strings.Count(p, "{"), strings.Count(found.Path, "{")) < 0) {
			found = op
		}
	}
	return found
}

// TestTheDocumentHasWhatIsAnsweredBeforeAnyHandler: whatever an operation is for, some requests for it end before it sees them.
func TestTheDocumentHasWhatIsAnsweredBeforeAnyHandler(t *testing.T) {
	s := serve(t)
	for path, item := range s.api.huma.OpenAPI().Paths {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			op := operationOf(item, method)
			if op == nil {
				continue
			}
			want := []int{401, 422, 429, 500, 503}
			if op.RequestBody != nil {
				want = append(want, 400, 408, 413, 415)
			}
			for _, p := range op.Parameters {
				switch p.Name {
				case keyHeader:
					want = append(want, 400)
					if !p.Required || p.Schema.Pattern != keyPattern || *p.Schema.MinLength != 1 || *p.Schema.MaxLength != keyCharsMax {
						t.Errorf("%s %s: the document does not say what a key is", method, path)
					}
				case "If-Match":
					want = append(want, 412, 428)
					if !p.Required {
						t.Errorf("%s %s: the document does not ask for If-Match", method, path)
					}
				}
			}
			for _, status := range want {
				if op.Responses[strconv.Itoa(status)] == nil {
					t.Errorf("%s %s: the document has no %d", method, path, status)
				}
			}
		}
	}
	s.send(http.MethodGet, "/v1/session?unknown=1", s.token("m1", RoleMember), "").expect(t, 422, "invalid")
	for query, want := range map[string]string{"limit=1&limit=x": "query.limit", "limit=&limit=2": "query.limit", "cursor=&limit=1&cursor=": "query.cursor"} {
		a := s.get("/v1/me/messages?"+query, s.token("m1", RoleMember), "Accept-Language", "zh").expect(t, 422, "invalid")
		if !strings.Contains(a.body, `{"location":"`+want+`","message":"重复出现"}`) {
			t.Errorf("%s: %s", query, a.body)
		}
	}
	s.send(http.MethodPatch, "/v1/items/night", s.token("mia", RoleMerchant), `{"price":1}`).expect(t, 428, "precondition_required")
}
