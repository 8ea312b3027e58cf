package httpapi

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (w *world) BalanceAt(_ context.Context, member string, at Instants) (Balance, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.balances[member]
	b.AsOf, b.KnownAt, b.NextExpiries = at.AsOf, at.KnownAt, nil
	return b, w.fails
}

func (w *world) Expiries(_ context.Context, member string, until time.Time) (Calendar, error) {
	zone := time.FixedZone("", 8*3600)
	return Calendar{
		Member: member, AsOf: programNow, Until: until, Awaiting: 8, Lasting: 5, Debt: 1,
		Expiries:    []Expiry{{100, time.Date(2026, 7, 1, 0, 0, 0, 0, zone)}},
		Activations: []Activation{{9, time.Date(2026, 6, 8, 10, 0, 0, 0, zone)}},
	}, w.fails
}

func TestBalanceAtAnotherInstantSaysWhichOnes(t *testing.T) {
	s := serve(t)
	q := url.Values{"as_of": {"2026-05-01T00:00:00+08:00"}, "known_at": {"2026-05-02T00:00:00Z"}}.Encode()
	want := map[string]any{
		"member": "m1", "available": 6000.0, "pending": 7.0, "frozen": 0.0, "debt": 0.0, "tier": "gold", "next_expiries": []any{},
		"as_of": "2026-04-30T16:00:00Z", "known_at": "2026-05-02T00:00:00Z",
	}
	for path, tok := range map[string]string{"/v1/me/balance?": s.token("m1", RoleMember), "/v1/members/m1/balance?": s.token("ann", RoleSupport)} {
		if diff := cmp.Diff(s.get(path+q, tok).expect(t, 200, "").json(t), want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", path, diff)
		}
	}
	known := s.get("/v1/me/balance?known_at=2026-05-02T00:00:00Z", s.token("m1", RoleMember)).expect(t, 200, "").json(t)
	if known["as_of"] != "2026-06-01T02:00:00Z" {
		t.Errorf("as of the clock: %v", known)
	}
	s.get("/v1/members/nobody/balance?"+q, s.token("ann", RoleSupport)).expect(t, 404, "not_found")
	s.get("/v1/members/m1/balance?"+q, s.token("m1", RoleMember)).expect(t, 403, "forbidden")
	s.fails = fmt.Errorf("clickhouse: %w", ErrUnavailable)
	s.get("/v1/me/balance?"+q, s.token("m1", RoleMember)).expect(t, 503, "unavailable")
}

func TestInstantsThatNobodyCanKnowAreRefused(t *testing.T) {
	s := serve(t)
	tok := s.token("m1", RoleMember)
	for q, location := range map[string]string{
		"known_at=2026-06-01T02:00:01Z":                               "query.known_at",
		"as_of=2026-07-01T00:00:00Z&known_at=2026-05-01T00:00:00Z":    "query.known_at",
		"as_of=2036-06-01T02:00:01Z":                                  "query.as_of",
		"as_of=tomorrow":                                              "query.as_of",
		"as_of=2026-05-01":                                            "query.as_of",
		"as_of=2026-05-01T00:00:00Z&known_at=2026-05-32T00:00:00.00Z": "query.known_at",
	} {
		p := s.get("/v1/me/balance?"+q, tok, "Accept-Language", "zh").expect(t, 422, "invalid").json(t)
		faults, _ := p["errors"].([]any)
		if len(faults) != 1 || faults[0].(map[string]any)["location"] != location {
			t.Errorf("%s: %v", q, p)
		}
	}
	s.get("/v1/me/balance?as_of=2036-06-01T02:00:00Z", tok).expect(t, 200, "")
}

func TestExpiriesNameTheLastDayInTheProgramsZone(t *testing.T) {
	s := serve(t)
	want := map[string]any{
		"member": "m1", "as_of": "2026-06-01T02:00:00Z", "until": "2026-09-01T02:00:00Z", "awaiting_completion": 8.0, "lasting": 5.0, "debt": 1.0,
		"expiries":    []any{map[string]any{"points": 100.0, "expires_at": "2026-06-30T16:00:00Z", "last_day": "2026-06-30"}},
		"activations": []any{map[string]any{"points": 9.0, "active_at": "2026-06-08T02:00:00Z"}},
	}
	for path, tok := range map[string]string{"/v1/me/expiries?months=3": s.token("m1", RoleMember), "/v1/members/m1/expiries?months=3": s.token("ann", RoleSupport)} {
		if diff := cmp.Diff(s.get(path, tok).expect(t, 200, "").json(t), want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", path, diff)
		}
	}
	s.get("/v1/members/nobody/expiries", s.token("ann", RoleSupport)).expect(t, 404, "not_found")
	s.get("/v1/me/expiries?months=0", s.token("m1", RoleMember)).expect(t, 422, "invalid")
}
