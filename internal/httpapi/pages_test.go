package httpapi

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

const shopOrigin = "https://shop.example"

// builtPages are files such as the build makes.
func builtPages() fstest.MapFS {
	file := func(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content)} }
	return fstest.MapFS{
		"index.html": file("<!doctype html><title>mall</title>"), "console/index.html": file("<!doctype html><title>console</title>"),
		"badge.js": file("console.log('badge')"), "assets/app-DkQ3x_9z.js": file(strings.Repeat("export const a = 1;\n", 200)),
		"pictures/mug.svg": file("<svg xmlns='http://www.w3.org/2000/svg'/>"),
	}
}

func servePages(t *testing.T, origins ...string) *server {
	t.Helper()
	s := serveWorld(t, newWorld(), func(o *Options) { o.Pages, o.EmbedOrigins = builtPages(), origins })
	return s
}

func TestPagesNeedNoTokenAndNothingElseIsServed(t *testing.T) {
	s := servePages(t)
	for path, want := range map[string]string{
		"/": "mall", "/index.html": "mall", "/console/": "console", "/badge.js": "badge", "/assets/app-DkQ3x_9z.js": "export", "/pictures/mug.svg": "svg",
	} {
		a := s.get(path, "").expect(t, 200, "")
		if !strings.Contains(a.body, want) {
			t.Errorf("%s: %s", path, a.body)
		}
		if c := a.header.Get("Cache-Control"); c != map[bool]string{true: "public, max-age=31536000, immutable", false: "no-cache"}[strings.HasPrefix(path, "/assets/")] {
			t.Errorf("%s: Cache-Control %s", path, c)
		}
		s.send(http.MethodPost, path, "", "").expect(t, 405, "method_not_allowed")
		if a := s.send(http.MethodHead, path, "", ""); a.status != 200 || a.body != "" {
			t.Errorf("HEAD %s: %d %q", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/other", "/assets/", "/assets", "/console/x", "/../web.go", "/%2e%2e/web.go", "/index.html/", "//", "/assets/app-DkQ3x_9z.js.map"} {
		s.get(path, "").expect(t, 404, "not_found")
	}
	s.get("/v1/me/balance", "").expect(t, 401, "unauthorized")
	if n := testutil.CollectAndCount(s.api.metrics.requests); n > 12 {
		t.Errorf("%d series: a client can make up labels", n)
	}
}

func TestPagesAreCompressedAndRevalidated(t *testing.T) {
	s := servePages(t)
	const path = "/assets/app-DkQ3x_9z.js"
	plain := s.get(path, "", "Accept-Encoding", "identity").expect(t, 200, "")
	tags := map[string]bool{plain.header.Get("ETag"): true}
	for accept, want := range map[string]string{"gzip": "gzip", "gzip, deflate, br;q=0.9": "br", "br;q=0, gzip": "gzip", "gzip;q=0.000": "", "GZIP": "gzip", "deflate": ""} {
		a := s.get(path, "", "Accept-Encoding", accept).expect(t, 200, "")
		if got := a.header.Get("Content-Encoding"); got != want || a.header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("%s: %q, want %q; Vary %s", accept, got, want, a.header.Get("Vary"))
		}
		tags[a.header.Get("ETag")] = true
		if got := decompressed(t, want, a.body); got != plain.body || want != "" && len(a.body) >= len(plain.body)/4 {
			t.Errorf("%s: %d bytes of %d make %d", accept, len(a.body), len(plain.body), len(got))
		}
		if b := s.get(path, "", "Accept-Encoding", accept, "If-None-Match", a.header.Get("ETag")); b.status != 304 || b.body != "" {
			t.Errorf("%s: revalidated as %d", accept, b.status)
		}
	}
	if len(tags) != 3 {
		t.Errorf("ETags of three encodings: %v", tags)
	}
}

func decompressed(t *testing.T, encoding, body string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	switch encoding {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestOnlyNamedShopsEmbedTheMall: R32. The console is embedded by nobody.
func TestOnlyNamedShopsEmbedTheMall(t *testing.T) {
	for _, origins := range [][]string{nil, {shopOrigin, "http://localhost:5173"}} {
		s := servePages(t, origins...)
		for path, mall := range map[string]bool{"/": true, "/console/": false} {
			h := s.get(path, "", "X-Forwarded-Proto", "https").expect(t, 200, "").header
			csp, ancestors := h.Get("Content-Security-Policy"), "'none'"
			if mall && len(origins) > 0 {
				ancestors = strings.Join(origins, " ")
			}
			if !strings.Contains(csp, "frame-ancestors "+ancestors) || !strings.Contains(csp, "script-src 'self';") || strings.Contains(csp, "unsafe-eval") {
				t.Errorf("%s with %v: %s", path, origins, csp)
			}
			if framed := h.Get("X-Frame-Options"); (framed == "DENY") != (ancestors == "'none'") {
				t.Errorf("%s with %v: X-Frame-Options %q", path, origins, framed)
			}
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
			} {
				if h.Get(name) != want {
					t.Errorf("%s: %s %q", path, name, h.Get(name))
				}
			}
			if h.Get("Permissions-Policy") == "" {
				t.Errorf("%s: no Permissions-Policy", path)
			}
		}
		if got := s.get("/badge.js", "").header.Get("Cross-Origin-Resource-Policy"); got != "cross-origin" {
			t.Errorf("badge: %s", got)
		}
	}
	for _, bad := range []string{"*", "https://*.shop.example", "https://shop.example/", "shop.example", "https://shop.example; script-src *", "javascript:x", "https://Shop.example", "https://a@b.example", "https://"} {
		if _, err := newPages(nil, []string{bad}); err == nil {
			t.Errorf("origin %q accepted", bad)
		}
	}
}

func TestTheBadgeReadsTheBalanceFromNamedShopsOnly(t *testing.T) {
	s := servePages(t, shopOrigin)
	tok := s.token("m1", RoleMember)
	preflight := func(path, origin string) answer {
		return s.send(http.MethodOptions, path, "", "", "Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
	}
	a := preflight("/v1/me/balance", shopOrigin).expect(t, 204, "")
	if a.header.Get("Access-Control-Allow-Origin") != shopOrigin || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") || a.header.Get("Access-Control-Allow-Methods") != "GET" {
		t.Errorf("preflight: %v", a.header)
	}
	for _, x := range []struct{ path, origin, want string }{
		{"/v1/me/balance", shopOrigin, shopOrigin}, {"/v1/me/balance", "https://evil.example", ""}, {"/v1/me/balance", "null", ""}, {"/v1/me/entries", shopOrigin, ""},
	} {
		a := s.get(x.path, tok, "Origin", x.origin).expect(t, 200, "")
		if got := a.header.Get("Access-Control-Allow-Origin"); got != x.want || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s from %s: %q", x.path, x.origin, got)
		}
		if p := preflight(x.path, x.origin); (p.header.Get("Access-Control-Allow-Origin") != "") != (x.want != "") {
			t.Errorf("preflight of %s from %s: %d %v", x.path, x.origin, p.status, p.header)
		}
	}
	if vary := s.get("/v1/me/balance", tok).header.Values("Vary"); !strings.Contains(strings.Join(vary, ","), "Origin") {
		t.Errorf("Vary %v", vary)
	}
}
