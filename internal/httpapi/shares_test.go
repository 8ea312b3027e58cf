package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"jifen/topics"
)

// TestShareIsSigned: the token says who shared what and when, by the program's clock.
func TestShareIsSigned(t *testing.T) {
	w := newWorld()
	w.shares = topics.ShareKeys{{ID: "k", Secret: []byte(strings.Repeat("s", 32))}}
	s := serveWorld(t, w)
	share := func(who Role, body string) answer {
		return s.send(http.MethodPost, "/v1/shares", s.token("会员 1", who), body)
	}
	token, _ := share(RoleMember, `{"product":"A-1","platform":"wechat"}`).expect(t, http.StatusCreated, "").json(t)["token"].(string)
	got, err := w.shares.Read(token)
	if err != nil || got.Sharer != "会员 1" || got.Product != "A-1" || !got.IssuedAt.Equal(programNow) {
		t.Errorf("%q says %v, %v", token, got, err)
	}
	share(RoleSupport, `{"product":"A-1","platform":"wechat"}`).expect(t, http.StatusForbidden, codeForbidden)
	for _, body := range []string{
		`{"product":"A-1"}`, `{"platform":"wechat"}`, `{"product":"","platform":"wechat"}`, `{"product":"A\u0007","platform":"wechat"}`,
		`{"product":"A-1","platform":"\u001f"}`, `{"product":"` + strings.Repeat("p", 129) + `","platform":"wechat"}`,
	} {
		share(RoleMember, body).expect(t, http.StatusUnprocessableEntity, codeInvalid)
	}
}

// TestShareWithoutKeysIsRefused: an unsigned token would be worth nothing.
func TestShareWithoutKeysIsRefused(t *testing.T) {
	s := serveWorld(t, newWorld())
	s.send(http.MethodPost, "/v1/shares", s.token("m", RoleMember), `{"product":"A-1","platform":"wechat"}`).
		expect(t, http.StatusUnprocessableEntity, codeNotSupported)
}
