package pipeline_test

import (
	"fmt"
	"net/http"
	"testing"

	"jifen/internal/httpapi"
	"jifen/topics"
)

// waiting are the members, and what of theirs, on the pages of a list of what waits for staff, one member a page.
func (a *api) waiting(path, list, what string) (all []string) {
	a.t.Helper()
	for cursor := ""; ; {
		status, page := a.call("pat", httpapi.RoleApprover, http.MethodGet, path+"?limit=1"+cursor, "")
		if status != http.StatusOK {
			a.t.Fatalf("%s: %d %v", path, status, page)
		}
		for _, x := range page[list].([]any) {
			x := x.(map[string]any)
			all = append(all, fmt.Sprint(page["members"], " ", x["member"], " ", x[what]))
		}
		next, more := page["next_cursor"].(string)
		if !more {
			return all
		}
		cursor = "&cursor=" + next
	}
}

// TestStaffFindWhatWaitsForThem: adjustments of all members that wait for a second person, and open freezes by their review
// dates, after Redis was emptied and members were merged, too, until each is decided.
func TestStaffFindWhatWaitsForThem(t *testing.T) {
	const now = "2026-02-20T12:00:00+08:00"
	v := program(t, "book.yaml", false)
	v.running = v.run(now, "credits,balances")
	v.send(nights("2026-02-01 10:00:00", "n1", "ana", 1), nights("2026-02-01 10:00:00", "n2", "ben", 2), nights("2026-02-01 10:00:00", "n3", "cat", 2))
	a := v.serve(now)
	propose := func(member string, points int) string {
		body := fmt.Sprintf(`{"points":%d,"reason":"goodwill","evidence":"t"}`, points)
		return a.post("sue", httpapi.RoleSupport, fmt.Sprint(member, points), "/v1/members/"+member+"/adjustments", body, 201)["id"].(string)
	}
	hold := func(member, by string) string {
		body := `{"scope":"account","reason":"velocity","evidence":"t","review_by":"` + by + `"}`
		return a.post("sue", httpapi.RoleSupport, member+by, "/v1/members/"+member+"/freezes", body, 201)["id"].(string)
	}
	late := propose("ben", 2001) // ben's waits for longer than ana's
	propose("ana", 3001)
	propose("ana", 3002)
	propose("cat", 5) // done at once
	hold("ana", "2026-04-10T00:00:00Z")
	soon := hold("ben", "2026-04-01T00:00:00Z")
	hold("ben", "2026-05-01T00:00:00Z")
	proposed := func() []string { return a.waiting("/v1/adjustments", "adjustments", "points") }
	frozen := func() []string { return a.waiting("/v1/freezes", "freezes", "review_by") }
	ana, ben := "2026-04-10T00:00:00Z", "2026-05-01T00:00:00Z"
	check := func(what string) {
		t.Helper()
		equal(t, what+": adjustments", proposed(), []string{"2 ben 2001", "2 ana 3001", "2 ana 3002"})
		equal(t, what+": freezes", frozen(), []string{"2 ben 2026-04-01T00:00:00Z", "2 ben " + ben, "2 ana " + ana})
	}
	check("asked for")
	_, page := a.call("pat", httpapi.RoleApprover, http.MethodGet, "/v1/adjustments?limit=1", "")
	for _, cursor := range []string{page["next_cursor"].(string), "x"} { // that of another list, none at all
		status, got := a.call("pat", httpapi.RoleApprover, http.MethodGet, "/v1/freezes?cursor="+cursor, "")
		equal(t, "cursor", []any{status, got["code"]}, []any{422, "cursor_invalid"})
	}
	v.flush()
	v.send(nights("2026-02-19 10:00:00", "n4", "ana", 1), nights("2026-02-19 10:00:00", "n5", "ben", 1), nights("2026-02-19 10:00:00", "n6", "cat", 1))
	v.drained()
	check("after Redis was emptied")
	v.audited()

	a.post("pat", httpapi.RoleApprover, "k1", "/v1/members/ben/adjustments/"+late+"/approve", "", 201)
	a.post("sue", httpapi.RoleSupport, "k2", "/v1/members/ben/freezes/"+soon+"/release", `{"reason":"cleared"}`, 201)
	v.drained()
	equal(t, "approved", proposed(), []string{"1 ana 3001", "1 ana 3002"})
	equal(t, "released", frozen(), []string{"2 ana " + ana, "2 ben " + ben})
	v.send(at("2026-02-20 11:00:00", "merged", topics.TypeMerged, map[string]any{"member": "cat", "from": "ana"}))
	v.drained()
	equal(t, "merged", proposed(), []string{"1 cat 3001", "1 cat 3002"})
	equal(t, "merged", frozen(), []string{"2 cat " + ana, "2 ben " + ben})
	v.audited()
}
