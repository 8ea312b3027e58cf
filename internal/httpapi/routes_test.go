package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"jifen/topics"
)

func TestBalanceHasTheContractsShape(t *testing.T) {
	s := serve(t)
	want := map[string]any{
		"member": "m1", "available": 6000.0, "pending": 7.0, "frozen": 0.0, "debt": 0.0, "tier": "gold", "as_of": "2026-06-01T02:00:00Z",
		"next_expiries": []any{map[string]any{"points": 100.0, "expires_at": "2026-06-30T16:00:00Z"}},
	}
	for path, tok := range map[string]string{"/v1/me/balance": s.token("m1", RoleMember), "/v1/members/m1/balance": s.token("ann", RoleSupport)} {
		a := s.get(path, tok).expect(t, 200, "")
		if diff := cmp.Diff(a.json(t), want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", path, diff)
		}
		if ct := a.header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("Content-Type %s", ct)
		}
	}
	got := s.get("/v1/me/balance", s.token("new", RoleMember)).expect(t, 200, "").json(t)
	if got["available"] != 0.0 || got["tier"] != "normal" || fmt.Sprint(got["next_expiries"]) != "[]" {
		t.Errorf("a member without entries: %v", got)
	}
}

func TestTiersAreNewestFirst(t *testing.T) {
	s := serve(t)
	want := map[string]any{
		"member": "m1", "tier": "gold", "as_of": "2026-06-01T02:00:00Z", "tiers": []any{
			map[string]any{"tier": "gold", "from": "2026-05-01T02:00:00Z"},
			map[string]any{"tier": "silver", "from": "2025-12-01T02:00:00Z", "to": "2026-05-01T02:00:00Z"},
		},
	}
	for path, tok := range map[string]string{"/v1/me/tiers": s.token("m1", RoleMember), "/v1/members/m1/tiers": s.token("ann", RoleSupport)} {
		if diff := cmp.Diff(s.get(path, tok).expect(t, 200, "").json(t), want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", path, diff)
		}
	}
	got := s.get("/v1/me/tiers", s.token("new", RoleMember)).expect(t, 200, "").json(t)
	if got["tier"] != "normal" || fmt.Sprint(got["tiers"]) != "[]" {
		t.Errorf("a member without entries: %v", got)
	}
}

func TestMemberIdsAreAnyPrintableCharacters(t *testing.T) {
	s := serve(t)
	s.balances["a/b c?d"] = Balance{Member: "a/b c?d", Known: true}
	s.balances["会员1"] = Balance{Member: "会员1", Known: true}
	tok := s.token("ann", RoleSupport)
	s.get("/v1/members/%E4%BC%9A%E5%91%981/balance", tok).expect(t, 200, "")
	s.get("/v1/members/a%2Fb%20c%3Fd/balance", tok).expect(t, 200, "")
}

func manyEntries(n int) []Entry {
	var out []Entry
	for seq := n; seq > 0; seq-- {
		out = append(out, Entry{
			ID: fmt.Sprint("e", seq), Seq: uint64(seq), Points: 43, OccurredAt: programNow, RecordedAt: programNow.Add(time.Second),
			Lots: []LotUse{{Lot: "1", Points: 43}}, Why: Why{Kind: "granted", Rule: "spend-basic", Version: "2026-05", Mode: "fixed", Points: 43, Desired: 43, Awarded: 43},
		})
	}
	return out
}

func TestHistoryIsReadPageByPage(t *testing.T) {
	s := serve(t)
	s.entries = manyEntries(5)
	tok, path, seqs := s.token("m1", RoleMember), "/v1/me/entries?limit=2", ""
	for page := 0; path != ""; page++ {
		a := s.get(path, tok).expect(t, 200, "").json(t)
		for _, e := range a["entries"].([]any) {
			seqs += fmt.Sprint(e.(map[string]any)["seq"], " ")
		}
		next, _ := a["next_cursor"].(string)
		if path = ""; next != "" {
			path = "/v1/me/entries?limit=2&cursor=" + next
			s.get(path, s.token("m2", RoleMember)).expect(t, 422, "cursor_invalid")
			s.get(path+"x", tok).expect(t, 422, "cursor_invalid")
			s.get(strings.Replace(path, "/me/", "/members/m1/", 1), s.token("ann", RoleSupport)).expect(t, 200, "")
		}
	}
	if seqs != "5 4 3 2 1 " {
		t.Errorf("seqs %s", seqs)
	}
	a := s.get("/v1/me/entries?limit=1", tok, "Accept-Language", "en").expect(t, 200, "").json(t)
	want := map[string]any{
		"id": "e5", "seq": 5.0, "kind": "granted", "points": 43.0, "occurred_at": "2026-06-01T02:00:00Z", "recorded_at": "2026-06-01T02:00:01Z", "rule": "spend-basic",
		"version": "2026-05", "explanation": "rule spend-basic (version 2026-05); 43 points, fixed; 43 points", "lots": []any{map[string]any{"lot": "1", "points": 43.0}},
	}
	if diff := cmp.Diff(a["entries"].([]any)[0], any(want)); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	for _, q := range []string{"limit=0", "limit=201", "limit=x", "cursor=x", "unknown=1"} {
		if a := s.get("/v1/me/entries?"+q, tok); a.status != 422 || !strings.Contains(a.body, `"location":"query.`) {
			t.Errorf("%s: %d %s", q, a.status, a.body)
		}
	}
	s.entries = nil
	if got := s.get("/v1/me/entries", tok).expect(t, 200, "").json(t); fmt.Sprint(got["entries"]) != "[]" {
		t.Errorf("no history: %v", got)
	}
}

func TestItemsHaveTheCallersPriceAndLanguage(t *testing.T) {
	s := serve(t)
	s.catalog["gone"] = Item{ID: "gone", NameEN: "Gone"}
	s.balances["m2"] = Balance{Member: "m2", Tier: "silver"}
	for tok, want := range map[string]float64{s.token("m1", RoleMember): 6000, s.token("m2", RoleMember): 8000, s.token("m3", RoleMember): 10000, s.token("ann", RoleSupport): 10000} {
		a := s.get("/v1/items/night", tok).expect(t, 200, "").json(t) // X1
		if a["points"] != want || a["name"] != "酒店一晚" || a["stock"] != 5.0 {
			t.Errorf("item %v, want %v points", a, want)
		}
	}
	list := s.get("/v1/items", s.token("m1", RoleMember), "Accept-Language", "en-GB").expect(t, 200, "").json(t)["items"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["name"] != "Hotel night" {
		t.Errorf("items %v", list)
	}
	s.get("/v1/items/none", s.token("m1", RoleMember)).expect(t, 404, "not_found")
	s.send(http.MethodPost, "/v1/quotes", s.token("m1", RoleMember), `{"item":"none","quantity":1}`).expect(t, 404, "not_found")
	s.redeem("m1", "k", `{"item":"none","quantity":1}`).expect(t, 404, "not_found")
}

func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	s := serve(t)
	a := s.get("/openapi.json", "").expect(t, 200, "")
	var spec struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Parameters []struct {
				Name     string
				Required bool
			}
			Responses map[string]any
		}
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal([]byte(a.body), &spec); err != nil {
		t.Fatal(err)
	}
	if spec.OpenAPI != "3.1.0" || spec.Components.Schemas["Problem"] == nil || spec.Components.Schemas["ErrorModel"] != nil {
		t.Errorf("version %s, schemas %v", spec.OpenAPI, spec.Components.Schemas)
	}
	for _, path := range []string{"/v1/me/balance", "/v1/me/entries", "/v1/me/expiries", "/v1/members/{id}/expiries", "/v1/members/{id}/balance", "/v1/members/{id}/entries", "/v1/items", "/v1/items/{id}", "/v1/quotes", "/v1/redemptions", "/v1/redemptions/{id}", "/v1/orders/{id}/refund-preview", "/v1/leaderboard", "/v1/me/leaderboard"} {
		if spec.Paths[path] == nil {
			t.Errorf("no %s", path)
		}
	}
	post := spec.Paths["/v1/redemptions"]["post"]
	if len(post.Parameters) != 1 || !post.Parameters[0].Required {
		t.Errorf("Idempotency-Key: %v", post.Parameters)
	}
	for _, status := range []string{"201", "202", "400", "401", "409", "422", "503"} {
		if post.Responses[status] == nil {
			t.Errorf("no %s", status)
		}
	}
	for _, ref := range regexp.MustCompile(`"#/components/schemas/(\w+)"`).FindAllStringSubmatch(a.body, -1) {
		if spec.Components.Schemas[ref[1]] == nil {
			t.Errorf("dangling reference %s", ref[1])
		}
	}
	var asYAML map[string]any
	if err := yaml.Unmarshal([]byte(s.get("/openapi.yaml", "").expect(t, 200, "").body), &asYAML); err != nil || asYAML["openapi"] != "3.1.0" {
		t.Errorf("yaml: %v", err)
	}
}

// TestAsyncAPIIsServedBesideIt: the contract of the topics, in both forms the same.
func TestAsyncAPIIsServedBesideIt(t *testing.T) {
	s := serve(t)
	text := s.get("/asyncapi.yaml", "").expect(t, 200, "").body
	if text != string(topics.AsyncAPI) {
		t.Error("another YAML than that of topics")
	}
	var asJSON, asYAML any
	if err := json.Unmarshal([]byte(s.get("/asyncapi.json", "").expect(t, 200, "").body), &asJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(text), &asYAML); err != nil {
		t.Fatal(err)
	}
	have, err := json.Marshal(asYAML)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(have, &asYAML); err != nil { // numbers of one kind
		t.Fatal(err)
	}
	if d := cmp.Diff(asYAML, asJSON); d != "" {
		t.Errorf("(-yaml +json):\n%s", d)
	}
}

// TestDocsLoadNothingFromElsewhere, and no script stands in the page.
func TestDocsLoadNothingFromElsewhere(t *testing.T) {
	s := serve(t)
	page := s.get("/docs", "").expect(t, 200, "").body
	links := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 3 {
		t.Fatalf("no assets in %s", page)
	}
	for _, l := range links {
		if !strings.HasPrefix(l[1], "/docs/") {
			t.Errorf("external %s", l[1])
			continue
		}
		s.get(l[1], "").expect(t, 200, "")
	}
	if regexp.MustCompile(`["'(]\s*(https?:)?//[a-z]|<script>|<script [^>]*>[^<]|\son[a-z]+=`).MatchString(page) {
		t.Errorf("the page has scripts in it, or asks others:\n%s", page)
	}
	if start := s.get("/docs/start.js", "").expect(t, 200, ""); !strings.Contains(start.body, "'/openapi.json'") || strings.Contains(start.header.Get("Content-Security-Policy"), "script-src 'self' 'unsafe") {
		t.Errorf("it starts by %s under %s", start.body, start.header.Get("Content-Security-Policy"))
	}
}

func TestMetricsHaveClosedLabels(t *testing.T) {
	s := serve(t)
	s.get("/v1/items/night", s.token("m1", RoleMember))
	s.get("/v1/items/other", s.token("m1", RoleMember))
	s.send("WHATEVER", "/made/up", "", "")
	s.redeem("m1", "k", oneNight)
	s.redeem("m2", "k", oneNight)
	want := `# HELP jifen_http_redemptions_total Answers to redemption requests, by outcome.
# TYPE jifen_http_redemptions_total counter
jifen_http_redemptions_total{outcome="applied"} 1
jifen_http_redemptions_total{outcome="insufficient_points"} 1
# HELP jifen_http_requests_total Requests answered.
# TYPE jifen_http_requests_total counter
jifen_http_requests_total{method="GET",route="/v1/items/:id",status="200"} 1
jifen_http_requests_total{method="GET",route="/v1/items/:id",status="404"} 1
jifen_http_requests_total{method="POST",route="/v1/redemptions",status="201"} 1
jifen_http_requests_total{method="POST",route="/v1/redemptions",status="409"} 1
jifen_http_requests_total{method="none",route="none",status="404"} 1
`
	if err := testutil.GatherAndCompare(s.reg, strings.NewReader(want), "jifen_http_requests_total", "jifen_http_redemptions_total"); err != nil {
		t.Error(err)
	}
}

func TestServerRunsUntilItsContextEnds(t *testing.T) {
	s := serve(t)
	if err := s.api.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.api.Run(ctx) }()
	s.url = "http://" + s.api.Addr()
	s.get("/v1/items", s.token("m1", RoleMember)).expect(t, 200, "")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestShortSigningKeysAndMissingLimitsAreRefused(t *testing.T) {
	s := serve(t)
	for _, o := range []Options{{SigningKey: make([]byte, 31), Limits: s.api.limits}, {SigningKey: make([]byte, 32)}} {
		o.Metrics, o.Log = prometheus.NewRegistry(), slog.New(slog.DiscardHandler)
		if _, err := New(o); err == nil {
			t.Error("accepted")
		}
	}
}
