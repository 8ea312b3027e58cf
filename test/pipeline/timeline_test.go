package pipeline_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"jifen/internal/httpapi"
)

// balancesAt are all balances as of an instant, by what was known at another one, seen from now.
func (in *installation) balancesAt(now, asOf, knownAt string) map[string]balance {
	in.t.Helper()
	args := []string{"balances", "-o", "json", "--set", "program.now=" + now, "--as-of", asOf}
	if knownAt != "" {
		args = append(args, "--known-at", knownAt)
	}
	all := map[string]balance{}
	for line := range strings.Lines(in.must(args...)) {
		var b balance
		if err := json.Unmarshal([]byte(line), &b); err != nil {
			in.t.Fatal(err)
		}
		all[b.Member] = b
	}
	return all
}

// timelineVectors are those of §10 that ask for another instant: an order of 06-01 that came on 06-03.
func timelineVectors(t *testing.T) {
	v := program(t, "book.yaml", true)
	const came, now = "2026-06-03T09:00:00+08:00", "2026-06-05T12:00:00+08:00"
	v.running = v.run(came, "credits,balances,analytics")
	v.send(paid("2026-06-01 10:00:00", "F3", "F3", line{"basic", 100000}))
	v.send(paid("2026-06-02 10:00:00", "why", "W", line{"basic", 29900}, line{"basic", 700})) // C1's ¥299 and something small
	v.spend("why", "W-spend", 20)
	v.send(refunded("2026-06-02 11:00:00", "why", "W", "W", 29900))
	v.audited() // ClickHouse has it, too
	v.stop()
	api := v.serve(now)
	path := func(asOf, knownAt string) string {
		q := url.Values{"as_of": {asOf}}
		if knownAt != "" {
			q.Set("known_at", knownAt)
		}
		return "/v1/me/balance?" + q.Encode()
	}
	t.Run("F3", func(t *testing.T) {
		const asOf, before, after = "2026-06-02T12:00:00+08:00", "2026-06-02T12:00:00+08:00", "2026-06-04T00:00:00+08:00"
		equal(t, "known on 06-02", v.balancesAt(now, asOf, before), map[string]balance{})
		equal(t, "known on 06-04", v.balancesAt(now, asOf, after)["F3"], balance{Member: "F3", Available: 100, Tier: "normal"})
		api.has(api.get("F3", path(asOf, before)), "available tier as_of known_at", 0, "normal", "2026-06-02T04:00:00Z", "2026-06-02T04:00:00Z")
		api.has(api.get("F3", path(asOf, after)), "available as_of known_at", 100, "2026-06-02T04:00:00Z", "2026-06-03T16:00:00Z")
		api.has(api.get("F3", path("2026-06-01T09:59:59+08:00", after)), "available", 0)
	})
	t.Run("F3/ahead", func(t *testing.T) { // the clock will take them on 2027-06-02
		api.has(api.get("F3", path("2027-06-01T23:59:59+08:00", "")), "available known_at", 100, nil)
		api.has(api.get("F3", path("2027-06-02T00:00:00+08:00", "")), "available", 0)
		equal(t, "jifen balances", v.balancesAt(now, "2027-06-02T00:00:00+08:00", "")["F3"], balance{Member: "F3", Tier: "normal"})
		api.has(api.get("F3", "/v1/me/expiries"), "expiries lasting", "[map[expires_at:2027-06-01T16:00:00Z last_day:2027-06-01 points:100]]", 0)
		api.has(api.get("F3", "/v1/me/expiries?months=11"), "expiries lasting", "[]", 100)
	})
	t.Run("why", func(t *testing.T) { // "Why 30?", and where they went (R65)
		var told []string
		for _, e := range api.get("why", "/v1/me/entries")["entries"].([]any) {
			told = append(told, e.(map[string]any)["explanation"].(string))
		}
		equal(t, "newest first", told, []string{
			"order W: 30 points taken back after a return; rule spend-basic (version 2024-01); what is kept earns 0; 10 from lot 1; 20 as debt",
			"order W: return recorded",
			"redeemed none × 1; 20 points each (tier normal); 20 from lot 1",
			"order W; rule spend-basic (version 2024-01); 306.00 CNY spent, 1 point for every full 10.00 CNY, 30 steps; 30 points; " +
				"lot 1, valid until 2027-06-02; since then 20 spent, 10 taken back after returns, 0 left",
		})
	})
	t.Run("F3/refused", func(t *testing.T) {
		status, problem := api.call("F3", httpapi.RoleMember, http.MethodGet, path("2026-06-02T00:00:00Z", "2026-06-06T00:00:00Z"), "")
		equal(t, "known in the future", status, http.StatusUnprocessableEntity)
		api.has(problem, "code", "invalid")
		if _, faults, code := v.call("balances", "--as-of", "yesterday"); code != 2 || !strings.Contains(faults, "--as-of") {
			t.Errorf("exit code %d: %s", code, faults)
		}
		if err := v.engine.Stop(); err != nil {
			t.Fatal(err)
		}
		status, problem = api.call("F3", httpapi.RoleMember, http.MethodGet, path("2026-06-02T00:00:00Z", ""), "")
		equal(t, "without ClickHouse", status, http.StatusServiceUnavailable)
		api.has(problem, "code", "unavailable")
		api.has(api.get("F3", "/v1/me/balance"), "available", 100)
	})
}
