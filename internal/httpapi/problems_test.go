package httpapi

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestEveryErrorIsAProblem(t *testing.T) {
	s := serve(t)
	tok := s.token("m1", RoleMember)
	s.get("/", "").expect(t, 404, "not_found")
	s.get("/v1/nothing", tok).expect(t, 404, "not_found")
	if a := s.send(http.MethodDelete, "/v1/me/balance", tok, "").expect(t, 405, "method_not_allowed"); a.header.Get("Allow") != "GET" {
		t.Errorf("Allow %q", a.header.Get("Allow"))
	}
	s.redeem("m1", "k", `{"item"`).expect(t, 400, "bad_request")
	s.redeem("m1", "k", "").expect(t, 400, "bad_request")
	s.redeem("m1", "k", `{"item":"`+strings.Repeat("x", 5000)+`"}`).expect(t, 413, "body_too_large")
	s.send(http.MethodPost, "/v1/redemptions", tok, "<xml/>", "Idempotency-Key", "k", "Content-Type", "text/xml").expect(t, 415, "unsupported_media_type")
	for body, location := range map[string]string{
		`{"quantity":1}`: "body", `{"item":"night"}`: "body", `{"item":"night","quantity":0}`: "body.quantity", `{"item":"night","quantity":1.5}`: "body.quantity", `{"item":"night","quantity":"1"}`: "body.quantity",
		`{"item":7,"quantity":1}`: "body.item", `{"item":"","quantity":1}`: "body.item", `{"item":"night","quantity":1,"x":1}`: "body.x", `{"item":"night","quantity":10001}`: "body.quantity", `[]`: "body",
	} {
		a := s.redeem("m1", "k", body).expect(t, 422, "invalid")
		if !strings.Contains(a.body, `"location":"`+location+`"`) {
			t.Errorf("%s: no %s in %s", body, location, a.body)
		}
	}
	s.redeem("m1", "k", `{"item":"night","quantity":1,"address":{"city":"x"}}`).expect(t, 422, "invalid")
	if len(s.requests) != 0 {
		t.Error("bad input reached the pipeline")
	}
}

func TestChunkedBodyIsLimitedToo(t *testing.T) {
	s := serve(t)
	req, err := http.NewRequest(http.MethodPost, s.url+"/v1/quotes", struct{ *bytes.Reader }{bytes.NewReader(bytes.Repeat([]byte(" "), 5000))})
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = -1
	req.Header.Set("Authorization", "Bearer "+s.token("m1", RoleMember))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestProblemsSpeakTheReadersLanguage(t *testing.T) {
	s := serve(t)
	for header, want := range map[string]string{"": "未登录", "zh": "未登录", "zh-TW,en;q=0.5": "未登录", "en": "Unauthorized", "en-US,zh;q=0.3": "Unauthorized", "fr": "未登录", "fr,en;q=0.1": "Unauthorized", "!!": "未登录"} {
		a := s.get("/v1/me/balance", "", "Accept-Language", header).expect(t, 401, "unauthorized")
		if got := a.json(t)["title"]; got != want {
			t.Errorf("%q: %v, want %s", header, got, want)
		}
		if a.header.Get("Content-Language") == "" || a.header.Get("Vary") != "Accept-Language" {
			t.Errorf("headers %v", a.header)
		}
	}
	a := s.redeem("m1", "k", `{"quantity":0}`)
	if !strings.Contains(a.body, "缺少必填字段 item") || !strings.Contains(a.body, "数值应 >= 1") {
		t.Errorf("details are not translated: %s", a.body)
	}
	for body, want := range map[string]string{
		`{"item":"night","quantity":2.0}`:  "[map[location:body.quantity message:应为整数]]",
		`{"item":"night","quantity":true}`: "[map[location:body.quantity message:应为整数]]",
	} {
		if got := fmt.Sprint(s.redeem("m1", "k", body).expect(t, 422, "invalid").json(t)["errors"]); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	for path, want := range map[string]string{
		"/v1/items?kind=x": `应为以下之一： "physical, virtual, service, bundle"`, "/v1/items?affordable=x": "应为布尔值", "/v1/items?x=1": "未知查询参数",
	} {
		if a := s.get(path, s.token("m1", RoleMember)).expect(t, 422, "invalid").json(t)["errors"]; !strings.Contains(fmt.Sprint(a), want) {
			t.Errorf("%s: %v, want %s", path, a, want)
		}
	}
}

func TestInsideOfFailuresStaysInside(t *testing.T) {
	s := serve(t)
	s.fails = fmt.Errorf("dial 10.0.0.7: secret")
	tok := s.token("m1", RoleMember)
	for _, a := range []answer{s.get("/v1/me/balance", tok), s.get("/v1/items", tok), s.redeem("m1", "k", oneNight)} {
		if a.expect(t, 500, "internal"); strings.Contains(a.body, "secret") {
			t.Errorf("the answer shows %s", a.body)
		}
	}
	s.fails, s.explode = nil, true
	a := s.get("/v1/me/balance", tok, "X-Request-Id", "abc-1").expect(t, 500, "internal")
	s.redeem("m1", "k", oneNight).expect(t, 500, "internal")
	if a.header.Get("X-Request-Id") != "abc-1" || !strings.Contains(s.log.String(), "abc-1") || !strings.Contains(s.log.String(), "secret") {
		t.Errorf("id %q, log %s", a.header.Get("X-Request-Id"), s.log)
	}
	if id := s.get("/", "", "X-Request-Id", "a b\"").header.Get("X-Request-Id"); id == "" || strings.Contains(id, " ") {
		t.Errorf("request id %q", id)
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := serve(t)
	h := s.get("/v1/items", s.token("m1", RoleMember)).header
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
