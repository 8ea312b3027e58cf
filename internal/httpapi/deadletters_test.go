package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// letters are dead letters in memory: two pages of them.
type letters struct {
	asked    LetterQuery
	replayed []string
}

func (l *letters) DeadLetters(_ context.Context, q LetterQuery) (LetterPage, error) {
	l.asked = q
	if q.From != nil {
		return LetterPage{Letters: []DeadLetter{{ID: "shop.orders.v1:0:1", Topic: "shop.orders.v1", At: programNow, Value: []byte{0xff, 0}, Bytes: 2, State: "replayed"}}}, nil
	}
	text := strings.Repeat("a", 9) + "\xe5\x95" // 啊, cut
	return LetterPage{
		Letters: []DeadLetter{{ID: "shop.orders.v1:0:2", Topic: "shop.orders.v1", Offset: 2, At: programNow, Reason: "RANGE", Message: "why", Group: "jifen.credits", Key: []byte("m1"), Value: []byte(text), Bytes: 40}},
		Next:    map[string]map[int32]int64{"dlq.shop.orders.v1": {0: 2}},
	}, nil
}

func (l *letters) ReplayLetters(_ context.Context, ids []string) ([]LetterFate, error) {
	var out []LetterFate
	for i, id := range ids {
		fate := LetterFate{ID: id, Fate: "replayed"}
		if i > 0 {
			fate.Fate = "too_old"
		}
		out, l.replayed = append(out, fate), append(l.replayed, id)
	}
	return out, nil
}

func TestDeadLettersArePagedByOperatorsAndSupport(t *testing.T) {
	s := serve(t)
	for _, role := range []Role{RoleMember, RoleMerchant, RoleMarketing, RoleAuditor, RoleApprover} {
		s.get("/v1/dead-letters", s.token("x", role)).expect(t, 403, "forbidden")
	}
	tok := s.token("ann", RoleSupport)
	got := s.get("/v1/dead-letters?reason=RANGE&limit=1", tok).expect(t, 200, "").json(t)
	want := map[string]any{
		"id": "shop.orders.v1:0:2", "topic": "shop.orders.v1", "partition": 0.0, "offset": 2.0, "at": "2026-06-01T02:00:00Z", "reason": "RANGE", "message": "why",
		"group": "jifen.credits", "key": "m1", "value": "aaaaaaaaa", "encoding": "text", "bytes": 40.0, "replayed": false,
	}
	if d := cmp.Diff(got["dead_letters"], any([]any{want})); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	if s.letters.asked.Reason != "RANGE" || s.letters.asked.Limit != 1 {
		t.Errorf("asked %+v", s.letters.asked)
	}
	cursor := "&cursor=" + got["next_cursor"].(string)
	got = s.get("/v1/dead-letters?reason=RANGE"+cursor, tok).expect(t, 200, "").json(t)
	last := got["dead_letters"].([]any)[0].(map[string]any)
	if fmt.Sprint(last["value"], last["encoding"], last["replayed"], got["next_cursor"]) != "/wA=base64true <nil>" || s.letters.asked.From["dlq.shop.orders.v1"][0] != 2 {
		t.Errorf("second page %v, asked %+v", got, s.letters.asked)
	}
	s.get("/v1/dead-letters?reason=OTHER"+cursor, tok).expect(t, 422, "cursor_invalid")
	s.get("/v1/dead-letters?reason=RANGE"+cursor+"x", tok).expect(t, 422, "cursor_invalid")
}

func TestDeadLettersAreReplayedByOperators(t *testing.T) {
	s := serve(t)
	post := func(role Role, body string) answer {
		return s.send(http.MethodPost, "/v1/dead-letters/replay", s.token("op", role), body)
	}
	post(RoleSupport, `{"ids":["a"],"reason":"T-1"}`).expect(t, 403, "forbidden")
	post(RoleOperator, `{"ids":["a"]}`).expect(t, 422, "invalid")
	post(RoleOperator, `{"ids":[],"reason":"T-1"}`).expect(t, 422, "invalid")
	if len(s.letters.replayed) > 0 {
		t.Errorf("replayed %v", s.letters.replayed)
	}
	got := post(RoleOperator, `{"ids":["a","b"],"reason":"T-1"}`).expect(t, 200, "").json(t)
	if fmt.Sprint(got["replayed"], got["results"]) != "1 [map[fate:replayed id:a] map[fate:too_old id:b]]" {
		t.Errorf("results %v", got)
	}
}
