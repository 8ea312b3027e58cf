package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

func rated(t *testing.T, r Rates) func(method, member, ip, forwarded string) answer {
	t.Helper()
	s := serveWorld(t, newWorld(), func(o *Options) { o.Rates = r })
	m := &matrix{server: s}
	return func(method, member, ip, forwarded string) answer {
		r := httptest.NewRequest(method, "/v1/me/balance", nil)
		if method == http.MethodPost {
			r = httptest.NewRequest(method, "/v1/quotes", nil)
		}
		r.RemoteAddr = ip + ":1"
		r.Header.Set("Authorization", "Bearer "+s.token(member, RoleMember))
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		return m.ask(r)
	}
}

// refusedAfter asks until it is refused, and checks how.
func refusedAfter(t *testing.T, most int, ask func() answer) int {
	t.Helper()
	for n := range most {
		a := ask()
		if a.status != 429 {
			continue
		}
		a.expect(t, 429, "too_many_requests")
		if wait, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || wait < 1 || wait > 2 {
			t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
		}
		return n
	}
	return most
}

func TestWhoAsksTooOftenWaits(t *testing.T) {
	ask := rated(t, Rates{MemberReads: Rate{1, 5}, MemberWrites: Rate{1, 3}})
	for _, x := range []struct {
		method, member string
		want           int
	}{{"GET", "m1", 5}, {"POST", "m1", 3}, {"GET", "m2", 5}} {
		if n := refusedAfter(t, 20, func() answer { return ask(x.method, x.member, "192.0.2.1", "") }); n < x.want || n > x.want+2 {
			t.Errorf("%s by %s: refused after %d, want %d", x.method, x.member, n, x.want)
		}
	}
	free := rated(t, Rates{})
	if n := refusedAfter(t, 100, func() answer { return free("GET", "m1", "192.0.2.1", "") }); n != 100 {
		t.Errorf("without a bound: refused after %d", n)
	}
}

// TestAddressesAreNotMadeUp: only a trusted proxy says who is behind it.
func TestAddressesAreNotMadeUp(t *testing.T) {
	ask := rated(t, Rates{IPReads: Rate{1, 4}, Proxies: []string{"192.0.2.0/24"}})
	next := 0
	other := func() string { next++; return "198.51.100." + strconv.Itoa(next) }
	if n := refusedAfter(t, 20, func() answer { return ask("GET", "m"+strconv.Itoa(next), "203.0.113.9", other()) }); n < 4 || n > 6 {
		t.Errorf("a client that makes addresses up: refused after %d", n)
	}
	if n := refusedAfter(t, 20, func() answer { return ask("GET", "m1", "192.0.2.1", other()) }); n != 20 {
		t.Errorf("clients of a proxy: refused after %d", n)
	}
	if n := refusedAfter(t, 20, func() answer { return ask("GET", "m1", "192.0.2.1", "198.51.100.250") }); n < 4 || n > 6 {
		t.Errorf("one client of a proxy: refused after %d", n)
	}
}

func TestBucketsFillAgain(t *testing.T) {
	l, now := newLimiter(Rate{2, 2}), time.Unix(1000, 0)
	for n, want := range []time.Duration{0, 0, time.Second / 2, time.Second / 2} {
		if got := l.wait("m", now); got != want {
			t.Errorf("request %d waits %s, want %s", n, got, want)
		}
	}
	if got := l.wait("m", now.Add(time.Second)); got != 0 {
		t.Errorf("a second later: %s", got)
	}
}
