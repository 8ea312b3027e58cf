package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"jifen/internal/httpapi"
)

// TestRulesArePublishedOverTheAPI: a version is checked, tried, compared and published over HTTP, and rules from its time
// on; what `jifen rules publish` refuses is refused here, too, at its line.
func TestRulesArePublishedOverTheAPI(t *testing.T) {
	in := install(t, false)
	text, err := os.ReadFile(testdata(t, "book.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	first := string(text)
	in.run(ownNow, "credits,balances")
	a := in.serve(ownNow)
	post := func(step string, body map[string]any) (int, map[string]any) {
		t.Helper()
		sent, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return a.call("mia", httpapi.RoleMarketing, http.MethodPost, "/v1/rules/"+step, string(sent))
	}
	refused := func(step, yaml, want string) {
		t.Helper()
		status, got := post(step, map[string]any{"yaml": yaml})
		if where := fmt.Sprint(status, " ", got["code"], " ", got["errors"]); !strings.Contains(where, want) {
			t.Errorf("%s: %s, want %s", step, where, want)
		}
	}
	status, got := post("diff", map[string]any{"yaml": first})
	if status != http.StatusOK || got["against"] != "" || len(got["changes"].([]any)) == 0 {
		t.Errorf("against nothing: %d %v", status, got)
	}
	status, got = post("publish", map[string]any{"yaml": first})
	equal(t, "first version", fmt.Sprint(status, got["state"]), "201in_force")
	if status, _ = post("publish", map[string]any{"yaml": first}); status != http.StatusOK {
		t.Errorf("the same again: %d", status)
	}
	double := strings.Replace(first, "points: 1, per: 1000", "points: 2, per: 1000", 1)
	refused("publish", double, "422 rules_invalid [map[location:line 4, column")
	refused("publish", strings.Replace(double, "version: 2024-01", "version: soon", 1), "422 rules_invalid [map[location:line 6, column")
	status, got = post("lint", map[string]any{"yaml": strings.Replace(first, "Asia/Shanghai", "Asia/Nowhere", 1)})
	if fault := got["faults"].([]any)[0].(map[string]any); status != http.StatusOK || fault["line"] != 7.0 {
		t.Errorf("lint: %d %v", status, got)
	}
	second := strings.NewReplacer("version: 2024-01", "version: next", "2024-01-01T00:00:00+08:00", "2026-06-10T12:30:00+08:00").Replace(double)
	status, got = post("diff", map[string]any{"yaml": second})
	if changes := fmt.Sprint(got["changes"]); status != http.StatusOK || got["against"] != "2024-01" || !strings.Contains(changes, "spend-basic") || strings.Contains(changes, "spend-new") {
		t.Errorf("diff: %d %v", status, got)
	}
	order := paid("2026-06-10 12:40:00", "eve", "o1", line{"basic", 20000})
	status, got = post("test", map[string]any{"yaml": second, "event": order})
	step := got["steps"].([]any)[0].(map[string]any)
	entry := step["entries"].([]any)[0].(map[string]any)
	equal(t, "tried", fmt.Sprint(status, " ", step["outcome"], entry["points"], entry["rule"], step["after"].(map[string]any)["available"]), "200 applied40spend-basic40")
	if why := fmt.Sprint(entry["why"]); !strings.Contains(why, "spend-basic") || !strings.Contains(why, "40") {
		t.Errorf("why: %s", why)
	}
	equal(t, "balances after a trial", in.balances(ownNow), map[string]balance{})
	status, got = post("publish", map[string]any{"yaml": second, "why": "T-1"})
	equal(t, "second version", fmt.Sprint(status, got["state"]), "201coming")
	_, got = a.call("mia", httpapi.RoleMarketing, http.MethodGet, "/v1/rules", "")
	states := ""
	for _, v := range got["versions"].([]any) {
		states += fmt.Sprint(v.(map[string]any)["version"], " ", v.(map[string]any)["state"], "; ")
	}
	equal(t, "versions", states, "next coming; 2024-01 in_force; ")
	_, got = a.call("mia", httpapi.RoleMarketing, http.MethodGet, "/v1/rules/next", "")
	equal(t, "document", got["yaml"], any(second))
	_, schema := a.call("mia", httpapi.RoleMarketing, http.MethodGet, "/v1/rules/schema", "")
	if schema["properties"] == nil {
		t.Errorf("schema: %v", schema)
	}
}
