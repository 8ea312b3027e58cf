package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func (w *world) PutRating(_ context.Context, member, redemption string, stars int, comment string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.decided[member+redemption]
	switch {
	case !ok:
		return ErrNotFound
	case r.Outcome != "applied":
		return ErrNotRateable
	}
	w.kept.ratings = slices.DeleteFunc(w.kept.ratings, func(x Rating) bool { return x.Redemption == redemption })
	at := programNow.Add(time.Duration(len(w.kept.ratings)) * time.Minute)
	w.kept.ratings = append([]Rating{{Member: member, Redemption: redemption, Item: r.Item, Stars: stars, Comment: comment, At: at}}, w.kept.ratings...)
	return w.fails
}

func (w *world) Ratings(_ context.Context, item string, starsMax int, after RatingPlace, limit int) (out []Rating, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.kept.ratings {
		if (item == "" || r.Item == item) && r.Stars <= starsMax && (after.At == 0 || r.At.UnixMilli() < after.At) && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, w.fails
}

func (w *world) RatingOf(_ context.Context, item string) (sum RatingSum, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.kept.ratings {
		if r.Item == item {
			sum.Count, sum.Stars = sum.Count+1, sum.Stars+int64(r.Stars)
		}
	}
	return sum, sum.Count > 0
}

func TestMembersRateWhatTheyRedeemed(t *testing.T) {
	s := serve(t)
	for i := range 3 {
		id := fmt.Sprint("r-", i)
		s.decided["m1"+id] = Redemption{ID: id, Member: "m1", Item: "night", Outcome: "applied"}
	}
	s.decided["m1r-x"] = Redemption{ID: "r-x", Member: "m1", Item: "night", Outcome: "sold_out"}
	tok := s.token("m1", RoleMember)
	rate := func(id, body string) answer {
		return s.send(http.MethodPut, "/v1/redemptions/"+id+"/rating", tok, body)
	}
	rate("r-0", `{"stars":5,"comment":"好"}`).expect(t, 204, "")
	rate("r-1", `{"stars":4}`).expect(t, 204, "")
	rate("r-2", `{"stars":1,"comment":"broken\non arrival"}`).expect(t, 204, "")
	rate("r-x", `{"stars":5}`).expect(t, 409, "not_rateable")
	rate("r-9", `{"stars":5}`).expect(t, 404, "not_found")
	s.send(http.MethodPut, "/v1/redemptions/r-0/rating", s.token("m2", RoleMember), `{"stars":1}`).expect(t, 404, "not_found")
	for _, bad := range []string{`{"stars":0}`, `{"stars":6}`, `{"stars":4.5}`, `{}`, `{"stars":3,"comment":"` + strings.Repeat("x", 1001) + `"}`, `{"stars":3,"comment":"\u0007"}`} {
		rate("r-0", bad).expect(t, 422, "invalid")
	}
	first := s.get("/v1/items/night/ratings?limit=2", tok).expect(t, 200, "").json(t)
	list := first["ratings"].([]any)
	if len(list) != 2 || list[0].(map[string]any)["member"] != "m***" || list[0].(map[string]any)["stars"] != 1.0 || first["average"] != "3.3" || first["count"] != 3.0 {
		t.Errorf("%v", first)
	}
	cursor := first["next_cursor"].(string)
	rest := s.get("/v1/items/night/ratings?limit=2&cursor="+cursor, tok).expect(t, 200, "").json(t)
	if list = rest["ratings"].([]any); len(list) != 1 || list[0].(map[string]any)["comment"] != "好" || rest["next_cursor"] != nil {
		t.Errorf("%v", rest)
	}
	s.get("/v1/items/night/ratings?cursor=x", tok).expect(t, 422, "cursor_invalid")
	s.get("/v1/items/none/ratings", tok).expect(t, 404, "not_found")
	s.get("/v1/ratings?cursor="+cursor, s.token("max", RoleMerchant)).expect(t, 422, "cursor_invalid")
	low := s.get("/v1/ratings?stars_max=2", s.token("max", RoleMerchant)).expect(t, 200, "").json(t)["ratings"].([]any)
	if len(low) != 1 || low[0].(map[string]any)["member"] != "m1" || low[0].(map[string]any)["redemption"] != "r-2" {
		t.Errorf("%v", low)
	}
	s.get("/v1/ratings", tok).expect(t, 403, "forbidden")
}

func TestAverageIsExact(t *testing.T) {
	for sum, want := range map[RatingSum]string{{2, 9}: "4.5", {3, 10}: "3.3", {3, 14}: "4.6", {1, 5}: "5.0", {0, 0}: ""} {
		if got := sum.Average(); got != want {
			t.Errorf("%v: %s, want %s", sum, got, want)
		}
	}
}
