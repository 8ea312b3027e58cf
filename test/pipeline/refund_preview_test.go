package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"jifen/internal/httpapi"
)

// splitVector is E6: a silver member's 43 points are split over the lines that earned them, and a return changes nothing of it.
func splitVector(t *testing.T) {
	v := program(t, "book.yaml", false)
	const now = "2026-05-27T12:00:00+08:00"
	v.clock(now)
	v.send(silver("E6"), paid("2026-05-26 11:00:55", "E6", "E6", line{"basic", 19900}, line{"other", 50000}, line{"basic", 10000}))
	api := v.serve(now)
	t.Run("E6", func(t *testing.T) {
		for range 2 {
			grants := api.get("E6", "/v1/orders/E6/refund-preview?lines=3:1000")["grants"].([]any)
			equal(t, "grants", len(grants), 1)
			equal(t, "lines", text(t, grants[0].(map[string]any)["lines"]), `[{"line":"1","points":29},{"line":"3","points":14}]`)
			v.send(refunded("2026-05-27 10:00:00", "E6", "E6", "E6", 0, 0, 5000))
		}
	})
	v.audited()
}

// TestRefundPreviewIsWhatTheRefundDoes asks first and returns then: E1's order in part (C1), all of it after a spend, so that
// debt is left (C4), and once more what is nobody's any more. Asking changes nothing.
func TestRefundPreviewIsWhatTheRefundDoes(t *testing.T) {
	v := program(t, "book.yaml", false)
	const now = "2026-06-10T12:00:00+08:00"
	v.clock(now)
	e1 := []line{{"basic", 29900}, {"new", 45500}}
	for _, m := range []string{"C1", "C4"} {
		v.send(paid("2026-01-02 10:00:00", m, "silver-"+m, line{"other", 600000}), paid("2026-05-26 11:00:55", m, m, e1...))
	}
	v.spend("C4", "C4-spend", 150)
	api, before := v.serve(now), v.entryIDs()
	for _, c := range []struct {
		member, query, after string
		refund               event
	}{
		{
			"C1", "?lines=2:45500", `{"available":43,"debt":0,"frozen":0,"pending":0,"tier":"silver"}`,
			refunded("2026-06-10 12:00:00", "C1", "C1", "C1", 0, 45500),
		},
		{
			"C4", "", `{"available":0,"debt":150,"frozen":0,"pending":0,"tier":"silver"}`,
			refunded("2026-06-10 12:00:00", "C4", "C4", "C4", 29900, 45500),
		},
	} {
		t.Run(c.member, func(t *testing.T) {
			preview := api.get(c.member, "/v1/orders/"+c.member+"/refund-preview"+c.query)
			equal(t, "after", text(t, preview["after"]), c.after)
			equal(t, "nothing happened", v.entryIDs(), before)
			v.send(c.refund)
			equal(t, "balance", text(t, map[string]any{
				"available": v.balances(now)[c.member].Available, "pending": v.balances(now)[c.member].Pending, "frozen": 0,
				"debt": v.balances(now)[c.member].Debt, "tier": v.balances(now)[c.member].Tier,
			}), c.after)
			var took []string
			for _, e := range v.booked(c.member, "REVERSED") {
				took = append(took, fmt.Sprint(e["rule"], " ", e["postings"]))
			}
			var said []string
			for _, g := range preview["grants"].([]any) {
				g := g.(map[string]any)
				postings := []any{map[string]any{"account": "REVERSED_POINTS", "points": fmt.Sprint(g["points"])}}
				for _, s := range g["from"].([]any) {
					s := s.(map[string]any)
					p := map[string]any{"account": strings.ToUpper(s["account"].(string)), "points": "-" + fmt.Sprint(s["points"])}
					if lot, ok := s["lot"].(string); ok {
						p["lot"] = json.Number(lot)
					}
					postings = append(postings, p)
				}
				said = append(said, fmt.Sprint(g["rule"], " ", postings))
			}
			equal(t, "taken", took, said)
			before = v.entryIDs()
		})
	}
	status, problem := api.call("C4", httpapi.RoleMember, http.MethodGet, "/v1/orders/C4/refund-preview", "")
	equal(t, "everything came back", status, http.StatusConflict)
	api.has(problem, "code", "fully_refunded")
	status, _ = api.call("C1", httpapi.RoleMember, http.MethodGet, "/v1/orders/C4/refund-preview", "")
	equal(t, "another member's order", status, http.StatusNotFound)
	v.audited()
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
