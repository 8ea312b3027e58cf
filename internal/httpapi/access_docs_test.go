package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestDocsAccess writes who may do what, from what the operations declare.
func TestDocsAccess(t *testing.T) {
	s := serve(t)
	var spec struct {
		Paths map[string]map[string]struct {
			Summary string
			Roles   []Role `json:"x-roles"`
		}
	}
	if err := json.Unmarshal([]byte(s.get("/openapi.json", "").expect(t, 200, "").body), &spec); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Who may do what\n\nMade from the program: `go test ./internal/httpapi -run Docs -update`.\n\n" +
		"Whatever is not here is denied: without a valid token it is 401, with another role 403. A member comes from the token; another member's\n" +
		"object is 404, as one that there is not. `anyone` needs no token; so do " + "`" + strings.Join(open(), "`, `") + "` and the pages.\n\n" +
		"| route | roles | what it does |\n|---|---|---|\n")
	for _, path := range slices.Sorted(maps.Keys(spec.Paths)) {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			op, ok := spec.Paths[path][method]
			if !ok {
				continue
			}
			allowed := []string{}
			for _, r := range op.Roles {
				allowed = append(allowed, string(r))
			}
			if len(allowed) == len(roles()) {
				allowed = []string{"any"}
			}
			slices.Sort(allowed)
			fmt.Fprintf(&b, "| `%s %s` | %s | %s |\n", strings.ToUpper(method), path, strings.Join(allowed, ", "), op.Summary)
		}
	}
	const file = "../../docs/reference/access.md"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Errorf("%s is not up to date: go test ./internal/httpapi -run Docs -update", file)
	}
}
