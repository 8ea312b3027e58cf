package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"jifen/ledger"
	"jifen/topics"
)

// world is every port in memory; its owner decides on its own goroutine, as the pipeline does.
type world struct {
	mu           sync.Mutex
	balances     map[string]Balance
	catalog      map[string]Item
	decided      map[string]Redemption // by member + id
	entries      []Entry
	requests     []RedemptionRequest
	waiting      map[string][]chan struct{}
	shares       topics.ShareKeys
	fails        error // of every port
	hold         bool  // requests are not decided
	explode      bool
	retailer     topics.SettingsVersion
	decide       func(RedemptionRequest) Redemption // nil: apply
	acts         map[string][]Act                   // by member
	named        int                                // times that items were read for their names
	figures      map[string]ItemFigures
	campaignDays []CampaignDay
	noNames      error // of that read alone
	asked        []ActRequest
	result       func(ActRequest) Act
	book         *topics.Rulebook
	taken        map[string]int64 // by item
	standing     *ledger.TierStanding
	definitions  map[string]Definition
	changes      []ItemChange
	desk         *desk
	letters      *letters
	ops          *ops
	steps        []StepRequest
	stepEnds     string // as which outcome; empty: applied
	kept         keptWorld
}

var programNow = time.Date(2026, 6, 1, 2, 0, 0, 0, time.UTC)

func newWorld() *world {
	return &world{
		balances: map[string]Balance{"m1": {
			Member: "m1", Available: 6000, Pending: 7, Tier: "gold", AsOf: programNow, Known: true,
			NextExpiries: []Expiry{{Points: 100, ExpiresAt: time.Date(2026, 7, 1, 0, 0, 0, 0, time.FixedZone("", 8*3600))}},
		}},
		catalog: map[string]Item{"night": {
			ID: "night", NameZH: "酒店一晚", NameEN: "Hotel night", Kind: "service", PriceVersion: 3, BasePrice: 10000,
			TierPrices: map[string]int64{"silver": 8000, "gold": 6000}, OnSale: true, Free: 5,
		}},
		definitions: map[string]Definition{}, decided: map[string]Redemption{}, waiting: map[string][]chan struct{}{}, desk: newDesk(), letters: &letters{}, ops: &ops{},
	}
}

func (w *world) Balance(_ context.Context, member string) (Balance, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.explode {
		none := make([]string, 0)
		none[len(member)] = member
	}
	b, ok := w.balances[member]
	if !ok {
		b = Balance{Member: member, Tier: "normal", AsOf: programNow}
	}
	return b, w.fails
}

func (w *world) Tiers(_ context.Context, member string) (Tiers, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b, ok := w.balances[member]; ok {
		return Tiers{Member: member, Tier: b.Tier, AsOf: b.AsOf, Known: true, Stale: b.Stale, Spans: []TierSpan{
			{Tier: "silver", From: programNow.AddDate(0, -6, 0)}, {Tier: "gold", From: programNow.AddDate(0, -1, 0)},
		}}, w.fails
	}
	return Tiers{Member: member, Tier: "normal", AsOf: programNow}, w.fails
}

func (w *world) Plan(_ context.Context, _ string, points int64) ([]LotUse, error) {
	return []LotUse{{Lot: "7", Points: points, ExpiresAt: programNow.AddDate(1, 0, 0)}}, w.fails
}

func (w *world) Item(_ context.Context, id string) (Item, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i, ok := w.catalog[id]
	if !ok {
		return Item{}, fmt.Errorf("item: %w", ErrNotFound)
	}
	return i, w.fails
}

func (w *world) ItemsOf(_ context.Context, ids []string) (map[string]Item, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.named++
	if err := errors.Join(w.fails, w.noNames); err != nil {
		return nil, err
	}
	out := map[string]Item{}
	for _, id := range ids {
		if i, ok := w.catalog[id]; ok {
			out[id] = i
		}
	}
	return out, nil
}

func (w *world) Items(context.Context) ([]Item, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Item
	for _, i := range w.catalog {
		out = append(out, i)
	}
	return out, w.fails
}

func (w *world) Find(_ context.Context, member, id string) (Redemption, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fails != nil {
		return Redemption{}, w.fails
	}
	r, ok := w.decided[member+id]
	if !ok {
		return Redemption{}, ErrNotFound
	}
	return r, nil
}

func (w *world) Request(_ context.Context, r RedemptionRequest) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, r)
	if !w.hold {
		go w.own(r)
	}
	return w.fails
}

// own decides as the owners would: the first request of an id counts.
func (w *world) own(r RedemptionRequest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := r.Member + r.ID
	if _, ok := w.decided[key]; !ok {
		if w.decide != nil {
			w.decided[key] = w.decide(r)
		} else {
			w.decided[key] = w.apply(r)
		}
	}
	for _, c := range w.waiting[key] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (w *world) apply(r RedemptionRequest) Redemption {
	out := Redemption{ID: r.ID, Member: r.Member, Item: r.Item, Quantity: r.Quantity, BodyHash: r.BodyHash, PriceVersion: 3, Outcome: "applied", CreatedAt: programNow}
	item, b := w.catalog[r.Item], w.balances[r.Member]
	out.Points = item.Price(b.Tier) * r.Quantity
	switch {
	case item.Free < r.Quantity:
		out.Outcome, out.Points = "sold_out", 0
	case b.Available < out.Points:
		out.Outcome, out.Points = "insufficient_points", 0
	default:
		item.Free -= r.Quantity
		b.Available -= out.Points
		w.catalog[r.Item], w.balances[r.Member] = item, b
	}
	return out
}

func (w *world) Await(_ context.Context, member, id string) (<-chan struct{}, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := make(chan struct{}, 1)
	w.waiting[member+id] = append(w.waiting[member+id], c)
	return c, func() {}
}

func (w *world) Entries(_ context.Context, _ string, limit int, before uint64) (Page, error) {
	p := Page{AsOf: programNow}
	for _, e := range w.entries {
		if (before == 0 || e.Seq < before) && len(p.Entries) < limit {
			p.Entries = append(p.Entries, e)
		}
	}
	if errors.Is(w.fails, ErrErased) { // the ledger keeps what it has
		return p, nil
	}
	return p, w.fails
}

// server is an API over a world, reached through real HTTP.
type server struct {
	*world
	*inbox
	*visitors
	t      *testing.T
	url    string
	issuer *DevIssuer
	api    *API
	reg    *prometheus.Registry
	log    *bytes.Buffer
}

func serve(t *testing.T) *server {
	t.Helper()
	return serveWorld(t, newWorld())
}

// serveWorld serves a world; change may change the options.
func serveWorld(t *testing.T, w *world, change ...func(*Options)) *server {
	t.Helper()
	issuer, err := NewDevIssuer()
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := issuer.Verifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &server{world: w, inbox: &inbox{mail: map[string]*Inbox{}}, visitors: &visitors{}, t: t, issuer: issuer, reg: prometheus.NewRegistry(), log: &bytes.Buffer{}}
	o := Options{
		Shares: w.shares,
		Console: Console{
			Rulebooks:   w.desk,
			RuleDesk:    w.desk,
			RuleSchema:  []byte(`{"type":"object"}`),
			DeadLetters: w.letters,
			Operations:  w.ops,
			Reports:     w,
		},
		Accounts:    s.world,
		Items:       s.world,
		Mall:        s.world,
		Catalogue:   s.world,
		Redemptions: s.world,
		History:     s.world,
		Timeline:    s.world,
		Acts:        s.world,
		Orders:      s.world,
		Boards:      s.world,
		Settings:    s.world,
		Contacts:    Contacts{Book: s.world, Reaches: s.world, Sent: s.world},
		Ratings:     s.world,
		Verifier:    verifier,
		SigningKey:  []byte(strings.Repeat("k", 32)),
		Clock:       func() time.Time { return programNow },
		Metrics:     s.reg,
		Log:         slog.New(slog.NewTextHandler(s.log, nil)),
		Version:     "test",
		Messages:    s.inbox,
		Codes:       &codesWorld{},
		Steps:       w,
		Visits:      s.visitors,
		Late:        lateWorld{},
		Retro:       retroWorld{},
		Auditor:     &auditWorld{},
		Limits: Limits{
			ReadHeaderTimeout: time.Second, RequestTimeout: 5 * time.Second, IdleTimeout: time.Second, ShutdownTimeout: time.Second,
			BodyBytesMax: 4096, RedemptionWait: 300 * time.Millisecond, QuoteValidity: 15 * time.Minute,
		},
	}
	for _, c := range change {
		c(&o)
	}
	s.api, err = New(o)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.api.Handler())
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return m
}

// expect checks status and, of a problem, its code and shape.
func (a answer) expect(t *testing.T, status int, code string) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if code == "" {
		return a
	}
	p := a.json(t)
	if p["code"] != code || p["type"] != "urn:jifen:problem:"+code || p["status"] != float64(status) || p["title"] == "" || a.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("not a problem %s (%s): %s", code, a.header.Get("Content-Type"), a.body)
	}
	return a
}

func (s *server) token(id string, roles ...Role) string {
	s.t.Helper()
	tok, err := s.issuer.Token(id, time.Hour, roles...)
	if err != nil {
		s.t.Fatal(err)
	}
	return tok
}

func (s *server) send(method, path, token, body string, headers ...string) answer {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return answer{}
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Error(err)
		return answer{}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.documented(req, resp)
	return answer{resp.StatusCode, resp.Header, string(b)}
}

func (s *server) get(path, token string, headers ...string) answer {
	return s.send(http.MethodGet, path, token, "", headers...)
}

func (s *server) redeem(member, key, body string) answer {
	return s.send(http.MethodPost, "/v1/redemptions", s.token(member, RoleMember), body, "Idempotency-Key", key)
}
