package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics have closed label sets: patterns of routes, never what a client wrote.
type metrics struct {
	requests    *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	redemptions *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jifen_http_requests_total", Help: "Requests answered."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "jifen_http_request_duration_seconds", Help: "From the first byte of a request to the last of its answer.",
			Buckets: []float64{.001, .0025, .005, .01, .02, .03, .05, .1, .15, .25, .5, 1, 2, 5, 10},
		}, []string{"method", "route"}),
		redemptions: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "jifen_http_redemptions_total", Help: "Answers to redemption requests, by outcome."}, []string{"outcome"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.seconds, m.redemptions} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("http metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) observe(c *gin.Context) {
	start := time.Now()
	c.Next()
	method, route := c.Request.Method, c.FullPath()
	switch {
	case c.GetBool(pageRoute):
		route = pageRoute
	case route == "":
		method, route = "none", "none"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(c.Writer.Status())).Inc()
	m.seconds.WithLabelValues(method, route).Observe(time.Since(start).Seconds())
}

// count keeps the metric's labels to the outcomes that the table knows.
func (m *metrics) count(decided *Redemption, err error) {
	outcome := statePending
	var f *fault
	switch {
	case errors.As(err, &f):
		outcome = f.code
	case err != nil:
		outcome = "error"
	case decided != nil:
		outcome = decided.Outcome
	}
	m.redemptions.WithLabelValues(outcome).Inc()
}

// identify gives the request its id, language and deadline.
func (a *API) identify(c *gin.Context) {
	id := c.GetHeader("X-Request-Id")
	if !validRequestID(id) {
		id = rand.Text()
	}
	l := languageOf(c.GetHeader("Accept-Language"))
	h := c.Writer.Header()
	h.Set("X-Request-Id", id)
	h.Set("Content-Language", string(l))
	h.Add("Vary", "Accept-Language")
	ctx, cancel := context.WithTimeout(c.Request.Context(), a.limits.RequestTimeout)
	defer cancel()
	ctx = context.WithValue(context.WithValue(ctx, keyRequestID, id), keyLanguage, l)
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

// validRequestID keeps what a client may put into our logs to plain words.
func validRequestID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	return strings.IndexFunc(id, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("._-", r)
	}) < 0
}

// recovered answers a panic with 500 and logs it once.
func (a *API) recovered(c *gin.Context) {
	defer func() {
		if p := recover(); p != nil {
			a.log.ErrorContext(c.Request.Context(), "request panicked", "panic", fmt.Sprint(p), "request_id", requestID(c.Request.Context()), "stack", string(debug.Stack()))
			if !c.Writer.Written() {
				writeFault(c, &fault{code: codeInternal})
			}
			c.Abort()
		}
	}()
	c.Next()
}

func secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if c.Request.TLS != nil || c.GetHeader("X-Forwarded-Proto") == "https" { // whoever made that header up harms himself alone
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if strings.HasPrefix(c.Request.URL.Path, docsPath) { // Swagger UI styles itself
		h.Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'")
	} else {
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
	}
	c.Next()
}

// limitBody refuses a body that says it is too large; huma counts what does not say.
func (a *API) limitBody(c *gin.Context) {
	most := a.bodyBytesMax(c.FullPath())
	if c.Request.ContentLength > most {
		writeFault(c, &fault{code: codeTooLarge})
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, most+1)
	c.Next()
}

// bodyBytesMax is how large the body of a route may be, whose path is gin's or OpenAPI's: files of codes are larger than all else.
func (a *API) bodyBytesMax(path string) int64 {
	if path == codesPath || path == "/v1/items/:id/codes" {
		return max(a.limits.BodyBytesMax, codesBytesMax)
	}
	return a.limits.BodyBytesMax
}

// writeFault answers with a problem from outside huma's handlers.
func writeFault(c *gin.Context, f *fault) {
	if f.GetStatus() == http.StatusServiceUnavailable {
		c.Header("Retry-After", retryAfterSeconds)
	}
	c.Header("Content-Type", f.ContentType(""))
	c.Status(f.GetStatus())
	_ = json.NewEncoder(c.Writer).Encode(f.problem(c.Request.Context())) // a client that hung up needs no answer
	c.Abort()
}
