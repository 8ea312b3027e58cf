package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// document is the part of the OpenAPI document that says how to ask and who may.
type document struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	OperationID string `json:"operationId"`
	Roles       []Role `json:"x-roles"`
	Audit       string `json:"x-audit"`
	Security    *[]map[string][]string
	Parameters  []struct {
		Name, In string
		Required bool
		Schema   schema
	}
	RequestBody *struct {
		Content map[string]struct{ Schema schema }
	}
}

type schema struct {
	Ref              string `json:"$ref"`
	Type             any
	Format           string
	Enum             []any
	Default          any
	Minimum          *float64
	ExclusiveMinimum *float64
	MinLength        int
	MinItems         int
	Required         []string
	Properties       map[string]schema
	Items            *schema
	OneOf, AnyOf     []schema
	Examples         []any
}

func openDocument(t *testing.T, s *server) *document {
	t.Helper()
	var d document
	if err := json.Unmarshal([]byte(s.get("/openapi.json", "").expect(t, 200, "").body), &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// value makes the plainest value that a schema allows.
func (d *document) value(s schema, name string) any {
	if s.Ref != "" {
		return d.value(d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")], name)
	}
	kind, _ := s.Type.(string)
	if kinds, ok := s.Type.([]any); ok && len(kinds) > 0 {
		kind, _ = kinds[0].(string)
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.OneOf) > 0:
		return d.value(s.OneOf[0], name)
	case len(s.AnyOf) > 0:
		return d.value(s.AnyOf[0], name)
	}
	switch kind {
	case "object":
		out := map[string]any{}
		for _, p := range s.Required {
			out[p] = d.value(s.Properties[p], p)
		}
		return out
	case "array":
		out := []any{}
		for range s.MinItems {
			out = append(out, d.value(*s.Items, name))
		}
		return out
	case "integer", "number":
		if s.Minimum != nil {
			return max(*s.Minimum, 1)
		}
		return 1
	case "boolean":
		return true
	}
	return text1(s, name)
}

func text1(s schema, name string) string {
	switch {
	case s.Format == "date-time":
		return programNow.Add(24 * time.Hour).Format(time.RFC3339)
	case s.Format == "uri":
		return "https://shop.example/x"
	case s.Format == "email":
		return "a@shop.example"
	case name == "item":
		return "night"
	case name == "order":
		return "O1"
	case name == "lines":
		return "1:10"
	}
	return strings.Repeat("x", max(s.MinLength, 1))
}

// object is whose object a request is about.
type object string

const (
	own     object = "own"
	foreign object = "another member's"
	nobodys object = "none"
)

// ids are the objects of m1 and m2 in the test world, by the segment of the path that they stand behind. A segment that is
// not here has none, so whoever asks for one is told that there is none.
func ids(segment string, o object) string {
	known := map[string]map[object]string{
		"members": {own: "m1", foreign: "m2"}, "redemptions": {own: "r-own", foreign: "r-foreign"}, "orders": {own: "O1", foreign: "O9"},
		"freezes": {own: "f-own", foreign: "f-foreign"}, "adjustments": {own: "a-own", foreign: "a-foreign"},
		"items": {own: "night", foreign: "night"}, "catalogue": {own: "night", foreign: "night"},
	}
	if id := known[segment][o]; id != "" {
		return id
	}
	return map[object]string{own: "own-1", foreign: "foreign-1", nobodys: "none-1"}[o]
}

// shared are the segments whose objects are no member's.
var shared = []string{"items", "catalogue", "campaigns", "rules"}

// private says whether an operation is about an object that a member has.
func private(path string) bool {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") && !slices.Contains(shared, parts[i-1]) {
			return true
		}
	}
	return false
}

// request makes a request for an operation about an object: the least that its schema asks for.
func (d *document) request(t *testing.T, method, path string, op operation, o object, staff bool) *http.Request {
	t.Helper()
	parts, query, header := strings.Split(path, "/"), url.Values{}, http.Header{}
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[i] = ids(parts[i-1], o)
		}
	}
	for _, p := range op.Parameters {
		switch {
		case p.In == "query" && p.Name == "member" && (staff || o == foreign):
			query.Set(p.Name, ids("members", o))
		case p.In == "query" && p.Required:
			query.Set(p.Name, fmt.Sprint(d.value(p.Schema, p.Name)))
		case p.In == "header" && p.Name == "If-Match":
			header.Set(p.Name, "*")
		case p.In == "header" && p.Required:
			header.Set(p.Name, fmt.Sprintf("%s-%s-%s", op.OperationID, o, t.Name()))
		}
	}
	body := ""
	if op.RequestBody != nil {
		for kind, content := range op.RequestBody.Content {
			header.Set("Content-Type", kind)
			body = "x"
			if strings.Contains(kind, "json") {
				text, err := json.Marshal(d.value(content.Schema, ""))
				if err != nil {
					t.Fatal(err)
				}
				body = string(text)
			}
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(method), strings.Join(parts, "/")+"?"+query.Encode(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	return r
}
