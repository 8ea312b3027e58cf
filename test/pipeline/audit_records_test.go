package pipeline_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"jifen/internal/httpapi"
)

// TestAuditorsReadWhatStaffDid: acts of the API before and after they are done, refused ones, too, page by page.
func TestAuditorsReadWhatStaffDid(t *testing.T) {
	v := program(t, "book.yaml", false)
	a := v.serve(raceNow)
	const run = `{"version":"none","from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","why":"case-7"}`
	for n := range 3 {
		who := fmt.Sprint("otto", n)
		if status, answer := a.call(who, httpapi.RoleOperator, http.MethodPost, "/v1/retro-runs", run); status != http.StatusUnprocessableEntity {
			t.Fatalf("%d %v", status, answer)
		}
	}
	var seen []string
	for path := "/v1/audit?limit=2&what=propose-retro-run"; path != ""; {
		status, page := a.call("aud", httpapi.RoleAuditor, http.MethodGet, path, "")
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, page)
		}
		for _, r := range page["records"].([]any) {
			x := r.(map[string]any)
			seen = append(seen, fmt.Sprint(x["by"], " ", x["what"], " ", x["outcome"], " ", x["of"], " ", x["reason"]))
		}
		if path = ""; page["next_cursor"] != nil {
			path = "/v1/audit?limit=2&what=propose-retro-run&cursor=" + url.QueryEscape(page["next_cursor"].(string))
		}
	}
	var want []string
	for n := range 3 {
		for _, outcome := range []string{"asked", "invalid"} {
			want = append(want, fmt.Sprintf("otto%d propose-retro-run %s /v1/retro-runs case-7", n, outcome))
		}
	}
	equal(t, "seen", sortedTexts(seen), want)
}
