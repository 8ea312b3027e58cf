package httpapi

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Order knows O1 of m1, of which line "1" keeps 100 and "a:b" 50; O2, of two sources; and O3, of which nothing is left.
func (w *world) Order(_ context.Context, member, source, id string) (Order, error) {
	o := Order{Member: member, Source: "/s", ID: id, Lines: []OrderLine{{"1", 100}, {"a:b", 50}, {"gone", 0}}}
	switch {
	case w.fails != nil:
		return Order{}, w.fails
	case member != "m1", id != "O1" && id != "O2" && id != "O3":
		return Order{}, ErrNotFound
	case id == "O2" && source == "":
		return Order{}, ErrAmbiguous
	case id == "O3":
		o.Lines = []OrderLine{{"1", 0}}
	}
	return o, nil
}

func (w *world) PreviewRefund(_ context.Context, _ Order, lines []OrderLine, language string) (RefundPreview, error) {
	return RefundPreview{
		Currency: "CNY", Before: Balance{Available: 20, Tier: "gold"}, After: Balance{Debt: 3, Tier: "gold", AsOf: programNow},
		Grants: []GrantReversal{{
			Rule: "basic", Version: "1", KeptPoints: 2, Before: 1, Desired: 30, Taken: 27,
			Sources: []Source{{"available", "4", 20}, {"breakage", "4", 4}, {"debt", "", 3}},
			Lines:   []LinePoints{{"1", 20}, {"a:b", 10}},
		}},
		Entries: []PreviewedEntry{{"reversed", -23, fmt.Sprint(language, lines)}},
	}, w.fails
}

func TestRefundPreviewSaysWhatIsTakenFromWhere(t *testing.T) {
	s := serve(t)
	want := map[string]any{
		"order": "O1", "source": "/s", "member": "m1", "currency": "CNY", "as_of": "2026-06-01T02:00:00Z",
		"lines": []any{map[string]any{"line": "1", "net": 60.0, "kept": 40.0}, map[string]any{"line": "a:b", "net": 50.0, "kept": 0.0}, map[string]any{"line": "1", "net": 40.0, "kept": 0.0}},
		"grants": []any{map[string]any{
			"rule": "basic", "version": "1", "kept_points": 2.0, "taken_before": 1.0, "points": 27.0, "let_go": 3.0, "from": []any{
				map[string]any{"account": "available", "lot": "4", "points": 20.0},
				map[string]any{"account": "expired", "lot": "4", "points": 4.0},
				map[string]any{"account": "debt", "points": 3.0},
			},
			"lines": []any{map[string]any{"line": "1", "points": 20.0}, map[string]any{"line": "a:b", "points": 10.0}},
		}},
		"before":  map[string]any{"available": 20.0, "pending": 0.0, "frozen": 0.0, "debt": 0.0, "tier": "gold"},
		"after":   map[string]any{"available": 0.0, "pending": 0.0, "frozen": 0.0, "debt": 3.0, "tier": "gold"},
		"entries": []any{map[string]any{"kind": "reversed", "points": -23.0, "explanation": "en[{1 60} {a:b 50} {1 40}]"}},
	}
	path := "/v1/orders/O1/refund-preview?lines=" + url.QueryEscape("1:60,a:b:50,1:40")
	for path, tok := range map[string]string{path: s.token("m1", RoleMember), path + "&member=m1": s.token("ann", RoleSupport)} {
		if diff := cmp.Diff(s.get(path, tok, "Accept-Language", "en").expect(t, 200, "").json(t), want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", path, diff)
		}
	}
	all := s.get("/v1/orders/O2/refund-preview?source=/s", s.token("m1", RoleMember)).expect(t, 200, "").json(t)
	if got := all["entries"].([]any)[0].(map[string]any)["explanation"]; got != "zh-CN[{1 100} {a:b 50}]" {
		t.Errorf("all that is kept: %v", got)
	}
}

func TestRefundPreviewRefusesWhatTheOrderDoesNotHave(t *testing.T) {
	s := serve(t)
	member, support := s.token("m1", RoleMember), s.token("ann", RoleSupport)
	for _, lines := range []string{"1", "1:", "1:0", "1:-5", "1:1.5", "2:10", "1:101", "1:60,1:41", ",", "gone:1", "1:99999999999999999999"} {
		p := s.get("/v1/orders/O1/refund-preview?lines="+lines, member).expect(t, 422, "invalid").json(t)
		if e := p["errors"].([]any)[0].(map[string]any); e["location"] != "query.lines" || e["message"] == "" {
			t.Errorf("%s: %v", lines, p)
		}
	}
	s.get("/v1/orders/O2/refund-preview", member).expect(t, 409, "order_ambiguous")
	s.get("/v1/orders/O3/refund-preview", member).expect(t, 409, "fully_refunded")
	s.get("/v1/orders/O1/refund-preview", s.token("m2", RoleMember)).expect(t, 404, "not_found")
	s.get("/v1/orders/O1/refund-preview?member=m1", s.token("m2", RoleMember)).expect(t, 404, "not_found")
	s.get("/v1/orders/O1/refund-preview", support).expect(t, 422, "invalid")
	s.get("/v1/orders/O1/refund-preview?member=m2", support).expect(t, 404, "not_found")
	s.get("/v1/orders/O1/refund-preview?member=m1", s.token("ed", RoleMerchant)).expect(t, 403, "forbidden")
	s.fails = fmt.Errorf("redis: %w", ErrUnavailable)
	s.get("/v1/orders/O1/refund-preview", member).expect(t, 503, "unavailable")
}
