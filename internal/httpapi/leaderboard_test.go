package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (w *world) Leaderboard(_ context.Context, period int32, top int, member string) (Leaderboard, error) {
	if w.fails != nil {
		return Leaderboard{}, w.fails
	}
	if period == 2024 {
		return Leaderboard{}, ErrNotFound
	}
	l := Leaderboard{AsOf: programNow, Visible: true, Ranks: []Rank{{1, "anna", int64(period)}, {1, member, int64(period)}, {3, "会员7", 5}, {3, "b", 5}}[:min(top, 4)]}
	if member == "m1" {
		l.Own = Rank{1, "m1", int64(period)}
	}
	return l, nil
}

func (w *world) ShowMember(_ context.Context, member string, visible bool) (bool, error) {
	return member == "m1" && !visible, w.fails
}

func TestLeaderboardMasksNamesAndSharesRanks(t *testing.T) {
	s := serve(t)
	rank := func(n float64, name string, points float64) map[string]any {
		return map[string]any{"rank": n, "member": name, "points": points}
	}
	me := rank(1, "m***", 202605)
	me["me"] = true
	want := map[string]any{
		"period": "2026-05", "as_of": "2026-06-01T02:00:00Z", "me": map[string]any{"rank": 1.0, "points": 202605.0, "visible": true},
		"entries": []any{rank(1, "a***a", 202605), me, rank(3, "会***7", 5), rank(3, "b***", 5)},
	}
	if diff := cmp.Diff(s.get("/v1/leaderboard?period=2026-05", s.token("m1", RoleMember)).expect(t, 200, "").json(t), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	all := s.get("/v1/leaderboard?period=2026&top=1", s.token("ann", RoleSupport)).expect(t, 200, "").json(t)
	if all["me"] != nil || len(all["entries"].([]any)) != 1 || all["entries"].([]any)[0].(map[string]any)["points"] != 2026.0 {
		t.Errorf("for staff: %v", all)
	}
	for _, q := range []string{"", "period=2026-13", "period=202605", "period=2026-05-01", "period=2026-05&top=0", "period=2026-05&top=201"} {
		s.get("/v1/leaderboard?"+q, s.token("m1", RoleMember)).expect(t, 422, "invalid")
	}
	s.get("/v1/leaderboard?period=2024", s.token("m1", RoleMember)).expect(t, 404, "not_found")
	s.get("/v1/leaderboard?period=2026", s.token("ed", RoleMerchant)).expect(t, 403, "forbidden")
}

func TestMembersDecideWhetherTheyAreOnLeaderboards(t *testing.T) {
	s := serve(t)
	post := func(who, body string, role Role) answer {
		return s.send(http.MethodPost, "/v1/me/leaderboard", s.token(who, role), body)
	}
	if got := post("m1", `{"visible":false}`, RoleMember).expect(t, 200, "").json(t); got["visible"] != false {
		t.Errorf("answer %v", got)
	}
	post("m2", `{"visible":false}`, RoleMember).expect(t, 202, "")
	post("m1", `{}`, RoleMember).expect(t, 422, "invalid")
	post("m1", `{"visible":"no"}`, RoleMember).expect(t, 422, "invalid")
	post("ann", `{"visible":false}`, RoleSupport).expect(t, 403, "forbidden")
	s.fails = fmt.Errorf("kafka: %w", ErrUnavailable)
	post("m1", `{"visible":false}`, RoleMember).expect(t, 503, "unavailable")
}
