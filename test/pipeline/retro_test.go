package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"jifen/internal/httpapi"
)

const retroNow = "2026-06-10T12:00:00+08:00"

// retro runs a subcommand of `jifen retro` at that time, and decodes its answer.
func (v *vectors) retro(args ...string) map[string]any {
	v.t.Helper()
	var out map[string]any
	text := v.must(append([]string{"retro", "-o", "json", "--set", "program.now=" + retroNow}, args...)...)
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		v.t.Fatalf("%v\n%s", err, text)
	}
	v.drained()
	return out
}

// retroVectors is V3 by people and commands: proposed by one, approved by another, applied twice, undone by two.
func retroVectors(t *testing.T) {
	v := program(t, "book.yaml", false)
	v.clock(retroNow)
	v.must("rules", "publish", testdata(t, "book-2027.yaml"), "--set", "program.now="+retroNow)
	outside := paid("2026-06-09 23:59:59", "outside", "outside", line{"basic", 29900})
	order := paid("2026-06-09 10:00:00", "V3", "V3", line{"basic", 29900})
	v.send(order, outside, paid("2026-06-09 10:00:00", "half", "half", line{"basic", 29900}, line{"new", 5000}),
		paid("2026-06-05 10:00:00", "before", "before", line{"basic", 29900}))
	v.send(refunded("2026-06-09 11:00:00", "half", "half", "half", 14950), order) // the order again: one order
	t.Run("V3", func(t *testing.T) { v.retroVector(t) })
	v.audited()
}

func (v *vectors) retroVector(t *testing.T) {
	a := v.serve(retroNow)
	body := `{"version":"2027","from":"2026-06-09T00:00:00+08:00","to":"2026-06-09T23:59:59+08:00","why":"T-1"}`
	try := func(path, who string, role httpapi.Role, body, want string) {
		t.Helper()
		status, got := a.call(who, role, http.MethodPost, "/v1/retro-runs"+path, body)
		if result := fmt.Sprint(status, " ", first(got["code"], got["state"])); result != want {
			t.Errorf("%s as %s: %s, want %s: %v", path, who, result, want, got)
		}
	}
	window := []string{"preview", "--version", "2027", "--from", "2026-06-09T00:00:00+08:00", "--to", "2026-06-09T23:59:59+08:00"}
	preview := v.retro(window...)
	equal(t, "previewed", []any{preview["orders"], preview["members"], preview["up"], preview["down"]}, []any{2.0, 2.0, 8.0 + 4, 0.0})
	why := `{"why":"T-1"}`
	for fault, x := range map[string]string{"version": strings.Replace(body, "2027", "2028", 1), "to": strings.Replace(body, "2026-06-09T23", "2026-07-09T23", 1), "from": strings.Replace(body, "2026-06-09T00", "2026-06-10T00", 1)} {
		status, got := a.call("ann", httpapi.RoleOperator, http.MethodPost, "/v1/retro-runs", x)
		equal(t, fault, fmt.Sprint(status, got["errors"].([]any)[0].(map[string]any)["location"]), "422body."+fault)
	}
	try("", "ann", httpapi.RoleSupport, body, "403 forbidden")
	try("", "ann", httpapi.RoleOperator, body, "201 proposed")
	try("/R1/undo", "ann", httpapi.RoleOperator, why, "409 not_proposed")
	try("/R1/approval", "ann", httpapi.RoleApprover, why, "409 same_person")
	try("/R9/approval", "bob", httpapi.RoleApprover, why, "404 not_found")
	if _, faults, code := v.call("retro", "apply", "R1"); code != 1 || !strings.Contains(faults, "want approved") {
		t.Errorf("apply of what nobody approved: exit code %d: %s", code, faults)
	}
	try("/R1/approval", "bob", httpapi.RoleApprover, why, "200 approved")
	try("/R1/approval", "bob", httpapi.RoleApprover, why, "200 approved")
	try("/R1/refusal", "bob", httpapi.RoleApprover, why, "409 decided")
	v.stands(t, 29, 14+20)
	equal(t, "orders", v.retro("apply", "R1")["orders"], any(2.0))
	v.stands(t, 37, 18+20)
	before := v.entryIDs()
	v.retro("apply", "R1")
	equal(t, "entries of the second run", v.entryIDs(), before)
	preview = v.retro(window...)
	equal(t, "previewed again", []any{preview["up"], preview["down"]}, []any{0.0, 0.0})
	try("/R1/undo", "ann", httpapi.RoleOperator, why, "200 undo_proposed")
	try("/R1/approval", "ann", httpapi.RoleApprover, why, "409 same_person")
	try("/R1/refusal", "bob", httpapi.RoleApprover, why, "200 applied")
	try("/R1/undo", "ann", httpapi.RoleOperator, why, "200 undo_proposed")
	try("/R1/approval", "cid", httpapi.RoleApprover, why, "200 undo_approved")
	v.retro("undo", "R1")
	v.stands(t, 29, 14+20)
	before = v.entryIDs()
	v.retro("undo", "R1")
	equal(t, "entries of the second undoing", v.entryIDs(), before)
	try("/R1/undo", "ann", httpapi.RoleOperator, why, "409 decided")
	if out := v.must("retro", "list"); !strings.Contains(out, "R1") || !strings.Contains(out, "undone") {
		t.Errorf("list: %s", out)
	}
	try("", "ann", httpapi.RoleOperator, body, "201 proposed")
	try("/R2/refusal", "bob", httpapi.RoleApprover, why, "200 declined")
	try("/R2/approval", "bob", httpapi.RoleApprover, why, "409 decided")
}

// stands compares the balances; what lies outside the window never changes.
func (v *vectors) stands(t *testing.T, whole, half int64) {
	t.Helper()
	for member, points := range map[string]int64{"V3": whole, "half": half, "outside": 29, "before": 29} {
		v.has(t, member, retroNow, balance{Available: points, Tier: "normal"})
	}
}
