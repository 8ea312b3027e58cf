package httpapi

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"jifen/internal/devstack/issuer"
	"jifen/internal/login"
)

// console is a browser in front of the API and a real OpenID provider.
type console struct {
	*server
	browser *http.Client
	issuer  *issuer.Issuer
	now     time.Time
}

func openConsole(t *testing.T) *console {
	t.Helper()
	users := map[string][]string{"mia": {"shop-merchants"}, "sue": {"shop-support", "shop-nobody"}, "eve": {"shop-nobody"}, "max": {"customers"}}
	provider, err := issuer.Start(users)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := provider.Close(); err != nil {
			t.Error(err)
		}
	})
	door := login.New(login.Config{
		Issuer: provider.URL, ClientID: issuer.ClientID, ClientSecret: issuer.ClientSecret, IDClaim: "sub", RolesClaim: issuer.RolesClaim,
		RolesMap: map[string][]string{"shop-merchants": {"merchant"}, "shop-support": {"support", "approver"}, "customers": {"member", "root"}},
	})
	s := serveWorld(t, matrixWorld(), func(o *Options) {
		o.Pages, o.Sessions = builtPages(), SessionOptions{Login: door, Max: 8 * time.Hour, Idle: time.Hour}
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &console{server: s, issuer: provider, browser: &http.Client{Jar: jar}, now: time.Now()}
	s.api.sessions.now = func() time.Time { return c.now }
	return c
}

// visit follows redirects, as a browser does, and says where it ended.
func (c *console) visit(method, at string, form url.Values, headers ...string) (answer, string) {
	c.t.Helper()
	if strings.HasPrefix(at, "/") {
		at = c.url + at
	}
	r, err := http.NewRequest(method, at, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.browser.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}, strings.TrimPrefix(resp.Request.URL.String(), c.url)
}

// logIn goes through the provider's page and returns where the browser ended.
func (c *console) logIn(user, to string) string {
	c.t.Helper()
	page, _ := c.visit(http.MethodGet, "/console/login?to="+url.QueryEscape(to), nil)
	request := regexp.MustCompile(`name="authRequestID" value="([^"]+)"`).FindStringSubmatch(page.body)
	if request == nil {
		c.t.Fatalf("no login page: %d %s", page.status, page.body)
	}
	_, at := c.visit(http.MethodPost, c.issuer.URL+"/login/username", url.Values{"authRequestID": {request[1]}, "user": {user}})
	return at
}

func (c *console) cookies() []*http.Cookie {
	u, _ := url.Parse(c.url)
	return c.browser.Jar.Cookies(u)
}

// TestStaffLogInThroughTheirProvider: discovery, PKCE, tokens and user info of a real provider.
func TestStaffLogInThroughTheirProvider(t *testing.T) {
	c := openConsole(t)
	if a, _ := c.visit(http.MethodGet, "/v1/session", nil); a.status != 401 {
		t.Fatalf("before: %d", a.status)
	}
	if at := c.logIn("sue", "/console/#/members"); at != "/console/#/members" {
		t.Errorf("ended at %s", at)
	}
	a, _ := c.visit(http.MethodGet, "/v1/session", nil, "Accept-Language", "en")
	if b := a.expect(t, 200, "").body; !strings.Contains(b, `"id":"sue","roles":["approver","support"],"language":"en"`) {
		t.Errorf("session %s", b)
	}
	a, _ = c.visit(http.MethodGet, "/v1/members/m1/balance", nil)
	a.expect(t, 200, "")
	a, _ = c.visit(http.MethodGet, "/v1/me/balance", nil)
	a.expect(t, 403, "forbidden")
	a, _ = c.visit(http.MethodPost, "/console/logout", nil)
	a.expect(t, 204, "")
	a, _ = c.visit(http.MethodGet, "/v1/session", nil)
	a.expect(t, 401, "unauthorized")
	if left := c.cookies(); len(left) != 0 {
		t.Errorf("cookies %v", left)
	}
}

func TestWhoHasNoRoleHereDoesNotGetIn(t *testing.T) {
	c := openConsole(t)
	for _, user := range []string{"eve", "max"} { // of no role; of roles that no provider gives
		if at := c.logIn(user, "/console/"); at != loginDenied {
			t.Errorf("%s ended at %s", user, at)
		}
		if a, _ := c.visit(http.MethodGet, "/v1/session", nil); a.status != 401 {
			t.Errorf("%s: %s", user, a.body)
		}
	}
}

// TestLoginsEndWhereTheyBegan: no open redirect, no callback without its login, none twice.
func TestLoginsEndWhereTheyBegan(t *testing.T) {
	c := openConsole(t)
	for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "/console/\\..\\x", "/", "", "/console/login?to=/console/", "javascript:alert(1)"} {
		if at := c.logIn("mia", to); at != "/console/" {
			t.Errorf("to %q: ended at %s", to, at)
		}
	}
	c.visit(http.MethodPost, "/console/logout", nil)
	for _, query := range []string{"", "?code=x", "?state=x&code=x", "?error=access_denied"} {
		if _, at := c.visit(http.MethodGet, "/console/callback"+query, nil); at != loginFailed {
			t.Errorf("callback%s: ended at %s", query, at)
		}
	}
	var callback string
	c.browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == callbackPath && callback == "" {
			callback = r.URL.RequestURI()
			return http.ErrUseLastResponse
		}
		return nil
	}
	c.logIn("mia", "/console/")
	victim := c.browser.Jar
	c.browser.Jar, _ = cookiejar.New(nil)
	if _, at := c.visit(http.MethodGet, callback, nil); at != loginFailed { // another browser: login CSRF
		t.Errorf("another browser ended at %s", at)
	}
	c.browser.Jar = victim
	if _, at := c.visit(http.MethodGet, callback, nil); at != "/console/" {
		t.Errorf("ended at %s", at)
	}
	c.visit(http.MethodPost, "/console/logout", nil)
	if _, at := c.visit(http.MethodGet, callback, nil); at != loginFailed {
		t.Errorf("a second time: ended at %s", at)
	}
}

func TestSessionsEnd(t *testing.T) {
	c := openConsole(t)
	start := c.now
	c.logIn("mia", "/console/")
	status := func(after time.Duration) int {
		c.now = start.Add(after)
		a, _ := c.visit(http.MethodGet, "/v1/session", nil)
		return a.status
	}
	for h := range 15 { // used every half hour it lives on, to the end
		if got := status(time.Duration(h) * 30 * time.Minute); got != 200 {
			t.Fatalf("after %d half hours: %d", h, got)
		}
	}
	if got := status(8*time.Hour + time.Second); got != 401 {
		t.Errorf("after its end: %d", got)
	}
	start = c.now
	c.logIn("mia", "/console/")
	if got := status(time.Hour + time.Second); got != 401 {
		t.Errorf("unused for more than an hour: %d", got)
	}
}

// TestSessionsAreOursAlone: a cookie that was changed, made up, made for something else or planted beside another is none.
func TestSessionsAreOursAlone(t *testing.T) {
	c := openConsole(t)
	c.logIn("mia", "/console/")
	good := c.cookies()[0]
	if good.Name != sessionCookie || strings.Contains(good.Value, "mia") {
		t.Fatalf("cookie %v", good)
	}
	ask := func(cookie string) int { return c.get("/v1/session", "", "Cookie", cookie).status }
	if got := ask(good.Name + "=" + good.Value); got != 200 {
		t.Fatalf("as it is: %d", got)
	}
	changed := []byte(good.Value)
	changed[len(changed)/2] ^= 1
	other := openConsole(t)
	other.logIn("mia", "/console/")
	for name, cookie := range map[string]string{
		"changed": good.Name + "=" + string(changed), "cut": good.Name + "=" + good.Value[:20], "empty": good.Name + "=", "planted": good.Name + "=" + good.Value + "; " + good.Name + "=x",
		"twice": good.Name + "=" + good.Value + "; " + good.Name + "=" + good.Value, "as a login": attemptCookie + "=" + good.Value, "without a prefix over TLS": hostPrefix + good.Name + "=" + good.Value,
	} {
		if got := ask(cookie); got != 401 {
			t.Errorf("%s: %d", name, got)
		}
	}
	var another *sessions
	var err error
	if another, err = newSessions([]byte(strings.Repeat("o", 32)), c.api.sessions.SessionOptions); err != nil {
		t.Fatal(err)
	}
	c.api.sessions.seal = another.seal
	if got := ask(good.Name + "=" + good.Value); got != 401 {
		t.Errorf("another key: %d", got)
	}
}

// TestSessionCookiesAreForTheHostOverTLS: everywhere but on this machine.
func TestSessionCookiesAreForTheHostOverTLS(t *testing.T) {
	c := openConsole(t)
	c.api.sessions.Redirect = "https://points.example/console/callback"
	c.browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	r, err := http.NewRequest(http.MethodGet, c.url+"/console/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "points.example"
	resp, err := c.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	set := resp.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-" + attemptCookie + "=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(set, want) {
			t.Errorf("no %s in %s", want, set)
		}
	}
	if at := resp.Header.Get("Location"); !strings.Contains(at, url.QueryEscape(c.api.sessions.Redirect)) || !strings.Contains(at, "code_challenge_method=S256") || !strings.Contains(at, "nonce=") {
		t.Errorf("to the provider: %s", at)
	}
	c.api.sessions.Redirect = ""
	r.URL.Path = "/console/login"
	if resp, err = c.browser.Do(r); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 404 {
		t.Errorf("a redirect made of a Host header: %d", resp.StatusCode)
	}
}

// TestOtherSitesCannotUseASession: every unsafe operation, with the cookie that the browser sends by itself.
func TestOtherSitesCannotUseASession(t *testing.T) {
	c := openConsole(t)
	c.logIn("sue", "/console/")
	cookie := c.cookies()[0]
	d, n := openDocument(t, c.server), 0
	for path, methods := range d.Paths {
		for method, op := range methods {
			if method == "get" {
				continue
			}
			for _, site := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}} {
				r := d.request(t, method, path, op, own, true)
				r.Host = "127.0.0.1"
				r.AddCookie(cookie)
				for name, v := range site {
					r.Header.Set(name, v)
				}
				m := &matrix{server: c.server}
				if a := m.ask(r); a.status != 403 || !strings.Contains(a.body, "cross_origin") {
					t.Errorf("%s %s from %v: %d %s", method, path, site, a.status, a.body)
				}
				n++
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d requests", n)
	}
	a, _ := c.visit(http.MethodPost, "/console/logout", nil, "Sec-Fetch-Site", "cross-site")
	a.expect(t, 403, "cross_origin")
	r, err := http.NewRequest(http.MethodPost, c.url+"/v1/members/m1/adjustments", strings.NewReader(oneAdjust))
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]string{"Content-Type": "application/json", "Idempotency-Key": "k", "Sec-Fetch-Site": "same-origin", "Origin": c.url} {
		r.Header.Set(name, v)
	}
	resp, err := c.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 201 {
		t.Errorf("from our own page: %d", resp.StatusCode)
	}
}

func TestAProviderThatIsDownIsSaid(t *testing.T) {
	c := openConsole(t)
	c.api.sessions.Login = login.New(login.Config{Issuer: "http://127.0.0.1:1", ClientID: "x"})
	c.get("/console/login", "").expect(t, 503, "unavailable")
	c.api.sessions.Login = nil
	c.get("/console/login", "").expect(t, 404, "not_found")
}
