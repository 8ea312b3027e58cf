package httpapi

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/topics"
)

// inbox is a port of messages in memory.
type inbox struct {
	mail map[string]*Inbox
	err  error
}

func (i *inbox) Inbox(_ context.Context, member string) (Inbox, error) {
	if m := i.mail[member]; m != nil {
		return *m, i.err
	}
	return Inbox{}, i.err
}

func (i *inbox) ReadUntil(_ context.Context, member string, until time.Time) error {
	if m := i.mail[member]; m != nil {
		m.Read = until
	}
	return i.err
}

func messages(n int) (all []topics.Message) {
	for ; n > 0; n-- {
		all = append(all, topics.Message{
			ID: fmt.Sprint("n", n), Kind: topics.NoticeExpiry, At: programNow.Add(-time.Duration(10-n/2) * time.Hour), Text: topics.Words{Zh: fmt.Sprint("文", n), En: fmt.Sprint("text ", n)},
		})
	}
	return all
}

func TestMessagesAreReadPageByPage(t *testing.T) {
	s := serve(t)
	s.mail["m1"] = &Inbox{Messages: messages(5), Read: programNow.Add(-9 * time.Hour)}
	tok, path, seen := s.token("m1", RoleMember), "/v1/me/messages?limit=2", ""
	for path != "" {
		a := s.get(path, tok).expect(t, 200, "").json(t)
		if a["unread"] != 2.0 {
			t.Errorf("unread %v", a["unread"])
		}
		for _, m := range a["messages"].([]any) {
			seen += fmt.Sprint(m.(map[string]any)["id"], m.(map[string]any)["read"], " ")
		}
		next, _ := a["next_cursor"].(string)
		if path = ""; next != "" {
			path = "/v1/me/messages?limit=2&cursor=" + next
			s.get(path, s.token("m2", RoleMember)).expect(t, 422, "cursor_invalid")
			s.get(strings.Replace(path, "messages", "entries", 1), tok).expect(t, 422, "cursor_invalid")
		}
	}
	if d := cmp.Diff(seen, "n5false n4false n3true n2true n1true "); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	got := s.get("/v1/me/messages?limit=1", tok, "Accept-Language", "en").expect(t, 200, "").json(t)["messages"].([]any)[0]
	if d := cmp.Diff(got, any(map[string]any{
		"id": "n5", "kind": "expiry", "title": "Points about to expire", "text": "text 5", "at": "2026-05-31T18:00:00Z", "read": false,
	})); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	if a := s.get("/v1/me/messages", s.token("m2", RoleMember)).expect(t, 200, "").json(t); fmt.Sprint(a["messages"], a["unread"]) != "[] 0" {
		t.Errorf("no messages: %v", a)
	}
	s.get("/v1/me/messages", s.token("sue", RoleSupport)).expect(t, 403, "forbidden")
}

// TestWhatIsReadIsNotYetToCome: a mark in the future counts as now, so that later messages are unread.
func TestWhatIsReadIsNotYetToCome(t *testing.T) {
	s := serve(t)
	s.mail["m1"] = &Inbox{Messages: messages(5)}
	tok := s.token("m1", RoleMember)
	s.send("POST", "/v1/me/messages/read", tok, `{"until":"2026-05-31T18:00:00Z"}`).expect(t, 204, "")
	if got := s.mail["m1"].Read; !got.Equal(programNow.Add(-8 * time.Hour)) {
		t.Errorf("read until %v", got)
	}
	s.send("POST", "/v1/me/messages/read", tok, `{"until":"2036-01-01T00:00:00+08:00"}`).expect(t, 204, "")
	if got := s.mail["m1"].Read; !got.Equal(programNow) {
		t.Errorf("read until %v", got)
	}
	for _, body := range []string{`{}`, `{"until":"yesterday"}`, `{"until":"2026-05-31T18:00:00Z","member":"m2"}`} {
		s.send("POST", "/v1/me/messages/read", tok, body).expect(t, 422, "invalid")
	}
	s.err = ErrErased
	s.get("/v1/me/messages", tok).expect(t, 410, "erased")
}
