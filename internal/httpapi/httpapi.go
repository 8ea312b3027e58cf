// Package httpapi is the door of members, staff and merchants: routes, tokens, problems. It decides nothing about points: it asks its ports.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"jifen/topics"
)

const (
	docsPath        = "/docs"
	signingKeyBytes = 32 // at least
)

// Options are what the API needs.
type Options struct {
	Accounts    Accounts
	Items       Items
	Mall        Mall
	Catalogue   Catalogue
	Redemptions Redemptions
	Steps       Steps
	History     History
	Acts        Acts
	Late        LateEvents
	Retro       RetroRuns
	Timeline    Timeline
	Orders      Orders
	Boards      Leaderboards
	Console     Console
	Settings    Settings
	Messages    Messages
	Codes       Codes
	Contacts    Contacts
	Ratings     Ratings
	Visits      Visits
	Auditor     Auditor
	Verifier    *Verifier
	SigningKey  []byte           // of quotes and cursors; the same in every process that serves
	Shares      topics.ShareKeys // of share tokens; none: there are no shares
	Clock       func() time.Time // the program's clock; tokens go by the wall clock
	Limits      Limits
	Metrics     prometheus.Registerer
	Log         *slog.Logger
	Version     string

	Rates        Rates
	APIKeys      []string // of services: id:sha256:role+role
	Sessions     SessionOptions
	Pages        fs.FS    // the built pages of mall, console and badge; nil: none
	EmbedOrigins []string // of the shops whose pages may embed the mall
}

// API answers HTTP requests.
type API struct {
	accounts    Accounts
	items       Items
	mall        Mall
	catalogue   Catalogue
	redemptions Redemptions
	steps       Steps
	history     History
	acts        Acts
	late        LateEvents
	retro       RetroRuns
	timeline    Timeline
	orders      Orders
	boards      Leaderboards
	console     Console
	settings    Settings
	messages    Messages
	codes       Codes
	contacts    Contacts
	ratings     Ratings
	visits      Visits
	verifier    *Verifier
	signer      signer
	shares      topics.ShareKeys
	clock       func() time.Time
	limits      Limits
	metrics     *metrics
	log         *slog.Logger
	flights     singleflight.Group // one request to the pipeline per redemption id and body at a time

	apiKeys      apiKeys
	sessions     *sessions
	byIP         pace
	byCaller     pace
	proxies      []string
	auditor      Auditor
	quiet        *slog.Logger // for what is logged elsewhere
	pages        *pages
	embedOrigins []string
	declared     map[string]bool // operations whose roles are known, as method and OpenAPI path
	faults       []error         // of operations that register refused

	problemSchema *huma.Schema
	huma          huma.API
	handler       http.Handler
	listener      net.Listener
}

// New makes the API; Handler serves it, or Listen and Run.
func New(o Options) (*API, error) {
	if len(o.SigningKey) < signingKeyBytes {
		return nil, fmt.Errorf("http: the signing key needs at least %d bytes", signingKeyBytes)
	}
	l := o.Limits
	if l.ReadHeaderTimeout <= 0 || l.RequestTimeout <= l.RedemptionWait || l.IdleTimeout <= 0 || l.ShutdownTimeout <= 0 || l.BodyBytesMax <= 0 || l.RedemptionWait <= 0 || l.QuoteValidity <= 0 {
		return nil, errors.New("http: every limit must be above 0, and the request time-out above the redemption wait")
	}
	m, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, err
	}
	a := &API{
		accounts:     o.Accounts,
		items:        o.Items,
		mall:         o.Mall,
		catalogue:    o.Catalogue,
		redemptions:  o.Redemptions,
		history:      o.History,
		timeline:     o.Timeline,
		orders:       o.Orders,
		boards:       o.Boards,
		late:         o.Late,
		acts:         o.Acts,
		retro:        o.Retro,
		verifier:     o.Verifier,
		embedOrigins: o.EmbedOrigins,
		console:      o.Console,
		signer:       signer{key: o.SigningKey},
		shares:       o.Shares,
		clock:        o.Clock,
		limits:       l,
		metrics:      m,
		log:          o.Log,
		declared:     map[string]bool{},
		settings:     o.Settings,
		messages:     o.Messages,
		codes:        o.Codes,
		steps:        o.Steps,
		contacts:     o.Contacts,
		ratings:      o.Ratings,
		visits:       o.Visits,
	}
	if err := a.guard(o); err != nil {
		return nil, err
	}
	engine, err := a.engine()
	if err != nil {
		return nil, err
	}
	a.huma = humagin.New(engine, humaConfig(o.Version))
	a.problemSchema = a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	a.routes()
	a.sessionRoutes(engine)
	if err := a.documentation(engine); err != nil {
		return nil, err
	}
	if err := a.undeclared(engine.Routes()); err != nil {
		return nil, err
	}
	a.handler = engine
	return a, nil
}

// routes adds every operation; each says who may use it.
func (a *API) routes() {
	a.memberRoutes()
	a.auditRoutes()
	a.timelineRoutes()
	a.refundRoutes()
	a.leaderboardRoutes()
	a.messageRoutes()
	a.visitRoutes()
	a.itemRoutes()
	a.redemptionRoutes()
	a.stepRoutes()
	a.fulfilmentRoutes()
	a.codeRoutes()
	a.shareRoutes()
	a.lateRoutes()
	a.retroRoutes()
	a.actRoutes()
	a.actQueueRoutes()
	a.ruleRoutes()
	a.settingsRoutes()
	a.deadLetterRoutes()
	a.operationsRoutes()
	a.reportRoutes()
	a.contactRoutes()
	a.ratingRoutes()
}

// engine has what every request goes through, and answers what is no route: a page, or nothing.
func (a *API) engine() (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode) // or gin writes its routes to stdout, which is for data
	engine := gin.New()
	engine.HandleMethodNotAllowed, engine.RedirectTrailingSlash, engine.UseRawPath = true, false, true
	if err := engine.SetTrustedProxies(a.proxies); err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	engine.Use(a.metrics.observe, a.identify, a.recovered, secure, a.shareReads, a.limitIP, a.limitBody)
	engine.NoRoute(func(c *gin.Context) {
		if !a.pages.serve(c) {
			writeFault(c, &fault{code: codeNotFound})
		}
	})
	engine.NoMethod(func(c *gin.Context) { writeFault(c, &fault{code: codeMethod}) })
	return engine, nil
}

// Handler serves the API.
func (a *API) Handler() http.Handler { return a.handler }

// Listen takes the address at once, so that a port in use is a fault at start.
func (a *API) Listen(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("http: %w", err)
	}
	a.listener = l
	return nil
}

// Addr is the address in use after Listen.
func (a *API) Addr() string { return a.listener.Addr().String() }

// Run serves until ctx ends, then lets running requests end. Listen comes first.
func (a *API) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: a.handler, ReadHeaderTimeout: a.limits.ReadHeaderTimeout, IdleTimeout: a.limits.IdleTimeout,
		ReadTimeout: a.limits.ReadHeaderTimeout + a.limits.RequestTimeout, WriteTimeout: a.limits.ReadHeaderTimeout + 2*a.limits.RequestTimeout,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(a.listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("http: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.limits.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close() // the requests had their time
		return fmt.Errorf("http: requests cut off at shutdown: %w", err)
	}
	return nil
}
