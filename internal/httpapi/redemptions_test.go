package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/topics"
)

const oneNight = `{"item":"night","quantity":1}`

func TestVector(t *testing.T) {
	t.Run("X5", func(t *testing.T) {
		s := serve(t)
		answers := parallel(50, func(int) answer { return s.redeem("m1", "k", oneNight) })
		for _, a := range answers {
			a.expect(t, 201, "")
			if diff := cmp.Diff(a.body, answers[0].body); diff != "" {
				t.Fatalf("unequal answers:\n%s", diff)
			}
		}
		if n := len(s.requests); n != 1 {
			t.Errorf("%d requests to the pipeline, want 1", n)
		}
		if s.balances["m1"].Available != 0 || s.catalog["night"].Free != 4 {
			t.Errorf("balance %d, stock %d", s.balances["m1"].Available, s.catalog["night"].Free)
		}
	})
}

func parallel(n int, do func(int) answer) []answer {
	answers := make([]answer, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { answers[i] = do(i) })
	}
	wg.Wait()
	return answers
}

// Every answer is the same although the other instance's request has spent the points between the look-up and the pre-check.
func TestSameKeyAtTwoInstancesHasOneAnswer(t *testing.T) {
	one := serve(t)
	two := serveWorld(t, one.world)
	answers := parallel(40, func(i int) answer { return []*server{one, two}[i%2].redeem("m1", "k", oneNight) })
	for _, a := range answers {
		if a.expect(t, 201, ""); a.body != answers[0].body {
			t.Fatalf("unequal answers:\n%s%s", a.body, answers[0].body)
		}
	}
}

func TestRedemptionIsAnsweredWithItsDecision(t *testing.T) {
	s := serve(t)
	a := s.redeem("m1", "k1", oneNight).expect(t, 201, "")
	id := topics.RedemptionID("m1", "k1")
	want := map[string]any{"id": id, "state": "created", "item": "night", "name": "酒店一晚", "kind": "service", "quantity": 1.0, "points": 6000.0, "price_version": 3.0, "created_at": "2026-06-01T02:00:00Z"}
	if diff := cmp.Diff(a.json(t), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if got := a.header.Get("Location"); got != "/v1/redemptions/"+id {
		t.Errorf("Location %q", got)
	}
	found := s.get(a.header.Get("Location"), s.token("m1", RoleMember)).expect(t, 200, "")
	if diff := cmp.Diff(found.json(t), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestSameKeyWithAnotherBodyIs422(t *testing.T) {
	s := serve(t)
	s.catalog["mug"] = Item{ID: "mug", BasePrice: 1, OnSale: true, Free: 1}
	s.redeem("m1", "k", oneNight).expect(t, 201, "")
	s.redeem("m1", "k", `{"item":"mug","quantity":1}`).expect(t, 422, "idempotency_conflict")
	s.redeem("m1", "k", `{"item":"night","quantity":2}`).expect(t, 422, "idempotency_conflict")
	s.redeem("m1", "k", `{"quantity":1,"item":"night"}`).expect(t, 201, "") // the same body in another spelling
	if n := len(s.requests); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestRacingBodiesUnderOneKeyHaveOneWinner(t *testing.T) {
	s := serve(t)
	s.catalog["mug"] = Item{ID: "mug", BasePrice: 1, OnSale: true, Free: 100}
	created := map[string]int{}
	for i, a := range parallel(20, func(i int) answer { return s.redeem("m1", "k", fmt.Sprintf(`{"item":"mug","quantity":%d}`, 1+i%2)) }) {
		switch a.status {
		case 201:
			created[fmt.Sprint(i%2)]++
		case 422:
		default:
			t.Errorf("status %d: %s", a.status, a.body)
		}
	}
	if len(created) != 1 {
		t.Errorf("winners %v, want one body", created)
	}
}

func TestStoredRefusalIsRepeatedForItsKey(t *testing.T) {
	for _, code := range []string{"insufficient_points", "sold_out", "frozen", "limit_reached", "tier_required", "price_changed", "debt", "not_on_sale"} {
		s := serve(t)
		s.decide = func(r RedemptionRequest) Redemption {
			return Redemption{ID: r.ID, Member: r.Member, Item: r.Item, Quantity: r.Quantity, BodyHash: r.BodyHash, Outcome: code, CreatedAt: programNow}
		}
		first := s.redeem("m1", "k", oneNight).expect(t, 409, code)
		if again := s.redeem("m1", "k", oneNight).expect(t, 409, code); again.body != first.body {
			t.Errorf("%s\n%s", first.body, again.body)
		}
		if n := len(s.requests); n != 1 {
			t.Errorf("%s: %d requests", code, n)
		}
		state := s.get("/v1/redemptions/"+topics.RedemptionID("m1", "k"), s.token("m1", RoleMember)).expect(t, 200, "").json(t)
		if state["state"] != "refused" || state["code"] != code || state["points"] != 0.0 {
			t.Errorf("state %v", state)
		}
	}
}

func TestHopelessRequestsAreRefusedAtOnceAndNotStored(t *testing.T) {
	cases := map[string]func(*server){
		"insufficient_points": func(s *server) { s.change(func(b *Balance, _ *Item) { b.Available = 5999 }) },
		"debt":                func(s *server) { s.change(func(b *Balance, _ *Item) { b.Debt = 1 }) },
		"frozen":              func(s *server) { s.change(func(b *Balance, _ *Item) { b.Blocked = true }) },
		"tier_required":       func(s *server) { s.change(func(_ *Balance, i *Item) { i.Tiers = []string{"platinum"} }) },
		"not_on_sale":         func(s *server) { s.change(func(_ *Balance, i *Item) { i.OnSale = false }) },
	}
	for code, arrange := range cases {
		s := serve(t)
		arrange(s)
		s.redeem("m1", "k", oneNight).expect(t, 409, code)
		s.send(http.MethodPost, "/v1/quotes", s.token("m1", RoleMember), oneNight).expect(t, 409, code)
		if len(s.requests) != 0 {
			t.Errorf("%s reached the pipeline", code)
		}
		*s.world = *newWorld()
		s.redeem("m1", "k", oneNight).expect(t, 201, "")
	}
}

// The unit that is gone may be this request's own, taken on its first way: only the owners know. A quote is refused.
func TestSoldOutIsLeftToTheOwners(t *testing.T) {
	s := serve(t)
	s.change(func(_ *Balance, i *Item) { i.Free = 0 })
	s.send(http.MethodPost, "/v1/quotes", s.token("m1", RoleMember), oneNight).expect(t, 409, "sold_out")
	s.decide = func(r RedemptionRequest) Redemption {
		return Redemption{ID: r.ID, Member: r.Member, Item: r.Item, Quantity: 1, BodyHash: r.BodyHash, Outcome: "applied", Points: 6000, CreatedAt: programNow}
	}
	s.redeem("m1", "k", oneNight).expect(t, 201, "")
}

func (s *server) change(f func(*Balance, *Item)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, i := s.balances["m1"], s.catalog["night"]
	f(&b, &i)
	s.balances["m1"], s.catalog["night"] = b, i
}

func TestUndecidedRedemptionIs202AndCanBePolled(t *testing.T) {
	s := serve(t)
	s.hold = true
	start := time.Now()
	a := s.redeem("m1", "k", oneNight).expect(t, 202, "")
	if d := time.Since(start); d < 300*time.Millisecond || d > 3*time.Second {
		t.Errorf("answered after %s", d)
	}
	if a.json(t)["state"] != "pending" || a.header.Get("Retry-After") == "" {
		t.Errorf("%v %s", a.header, a.body)
	}
	place, tok := a.header.Get("Location"), s.token("m1", RoleMember)
	if got := s.get(place, tok).expect(t, 200, "").json(t)["state"]; got != "pending" {
		t.Errorf("state %v", got)
	}
	s.get(place, s.token("m2", RoleMember)).expect(t, 404, "not_found") // a receipt is no key to another's door
	s.own(s.requests[0])
	if got := s.get(place, tok).expect(t, 200, "").json(t)["state"]; got != "created" {
		t.Errorf("state %v", got)
	}
	s.redeem("m1", "k", oneNight).expect(t, 201, "")
}

func TestClientThatHangsUpDoesNotSpoilTheOthers(t *testing.T) {
	s := serve(t)
	s.hold = true
	go s.redeem("m1", "k", oneNight)
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		n := len(s.requests)
		s.mu.Unlock()
		if n == 1 {
			break
		}
	}
	s.own(s.requests[0])
	s.redeem("m1", "k", oneNight).expect(t, 201, "")
}

func TestUnavailableOwnersAre503(t *testing.T) {
	s := serve(t)
	s.fails = fmt.Errorf("redis: %w", ErrUnavailable)
	a := s.redeem("m1", "k", oneNight).expect(t, 503, "unavailable")
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.fails = nil
	s.change(func(b *Balance, _ *Item) { b.Stale = true })
	if a := s.redeem("m1", "k", oneNight).expect(t, 503, "stale"); a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if len(s.requests) != 0 {
		t.Error("decided on a stale state")
	}
	if got := s.get("/v1/me/balance", s.token("m1", RoleMember)).expect(t, 200, "").json(t)["stale"]; got != true {
		t.Errorf("stale balance marked %v", got)
	}
}

// Who goes away while the owners cannot be reached is no news for operators; that they cannot be reached is.
func TestAClientThatWentAwayIsNoWarning(t *testing.T) {
	s := serve(t)
	gone, goes := context.WithCancel(t.Context())
	goes()
	for _, ctx := range []context.Context{gone, t.Context()} {
		if f := s.api.faultOf(ctx, fmt.Errorf("redis: %w", ErrUnavailable)); f.code != codeUnavailable {
			t.Errorf("code %s", f.code)
		}
		if warned := strings.Contains(s.log.String(), "level=WARN"); warned != (ctx.Err() == nil) {
			t.Errorf("gone %v, warned %v", ctx.Err() != nil, warned)
		}
	}
}

func TestIdempotencyKeyIsRequired(t *testing.T) {
	s := serve(t)
	for _, key := range []string{"", strings.Repeat("x", 256), "a\tb", "é"} {
		a := s.redeem("m1", key, oneNight).expect(t, 400, "idempotency_key_missing")
		if !strings.Contains(a.body, `"location":"header.Idempotency-Key"`) {
			t.Errorf("no location in %s", a.body)
		}
	}
	s.redeem("m1", "", `{`).expect(t, 400, "idempotency_key_missing")
}

func TestQuoteIsHonouredForItsMemberItemAndQuantity(t *testing.T) {
	s := serve(t)
	s.catalog["mug"] = Item{ID: "mug", BasePrice: 1, OnSale: true, Free: 9}
	s.balances["m2"] = Balance{Member: "m2", Available: 1e6, Tier: "gold", Known: true}
	q := s.send(http.MethodPost, "/v1/quotes", s.token("m1", RoleMember), oneNight).expect(t, 200, "").json(t)
	token, _ := q["quote"].(string)
	delete(q, "quote")
	want := map[string]any{
		"points": 6000.0, "unit_points": 6000.0, "list_points": 6000.0, "rebate_points": 0.0, "price_version": 3.0, "expires_at": "2026-06-01T02:15:00Z",
		"lots": []any{map[string]any{"lot": "7", "points": 6000.0, "expires_at": "2027-06-01T02:00:00Z"}},
	}
	if diff := cmp.Diff(q, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	body := func(item string, n int, quote string) string {
		b, _ := json.Marshal(map[string]any{"item": item, "quantity": n, "quote": quote})
		return string(b)
	}
	s.redeem("m2", "a", body("night", 1, token)).expect(t, 422, "quote_invalid")
	s.redeem("m1", "b", body("mug", 1, token)).expect(t, 422, "quote_invalid")
	s.redeem("m1", "c", body("night", 2, token)).expect(t, 422, "quote_invalid")
	s.redeem("m1", "d", body("night", 1, token[:len(token)-2])).expect(t, 422, "quote_invalid")
	s.redeem("m1", "d", body("night", 1, "nonsense")).expect(t, 422, "quote_invalid")
	cursorToken, _ := s.api.signer.sign(purposeCursor, quote{Member: "m1", Item: "night", Quantity: 1, ExpiresAt: 1 << 60})
	s.redeem("m1", "e", body("night", 1, cursorToken)).expect(t, 422, "quote_invalid")
	old, _ := s.api.signer.sign(purposeQuote, quote{Member: "m1", Item: "night", Quantity: 1, UnitPoints: 6000, PriceVersion: 3, ExpiresAt: programNow.UnixMilli()})
	s.redeem("m1", "f", body("night", 1, old)).expect(t, 409, "price_changed")
	if len(s.requests) != 0 {
		t.Fatal("an invalid quote reached the pipeline")
	}
	// The price has risen since, beyond the balance: the quote still holds.
	s.change(func(_ *Balance, i *Item) { i.PriceVersion, i.TierPrices = 4, map[string]int64{"gold": 9000} })
	s.redeem("m1", "g", oneNight).expect(t, 409, "insufficient_points")
	s.hold = true
	s.redeem("m1", "g", body("night", 1, token)).expect(t, 202, "")
	if r := s.requests[0]; r.PriceVersion != 3 || !r.QuotedUntil.Equal(programNow.Add(15*time.Minute)) || !r.QuotedAt.Equal(programNow) {
		t.Errorf("request %+v", r)
	}
}

func TestRedemptionOfAnotherMemberDoesNotExist(t *testing.T) {
	s := serve(t)
	place := s.redeem("m1", "k", oneNight).expect(t, 201, "").header.Get("Location")
	s.get(place, s.token("m2", RoleMember)).expect(t, 404, "not_found")
	s.get(place+"?member=m1", s.token("m2", RoleMember)).expect(t, 404, "not_found")
	s.get(place, s.token("ann", RoleMarketing)).expect(t, 403, "forbidden")
	s.get(place+"?member=m1", s.token("ann", RoleSupport)).expect(t, 200, "")
	s.get(place+"?member=m2", s.token("ann", RoleSupport)).expect(t, 404, "not_found")
	if a := s.get(place, s.token("ann", RoleSupport)).expect(t, 422, "invalid"); !strings.Contains(a.body, "query.member") {
		t.Errorf("no location in %s", a.body)
	}
}
