package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// adminTimeout bounds what a client of the admin port may take.
const adminTimeout = 10 * time.Second

// AdminHandler answers /livez (the process runs), /startupz (it has started), /readyz (every check is good; the body lists which fail) and /metrics.
func AdminHandler(h *Health, metrics prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /startupz", func(w http.ResponseWriter, _ *http.Request) {
		if !h.hasStarted() {
			answer(w, []Failure{{Name: "start", Error: ErrStarting.Error()}})
			return
		}
		answer(w, nil)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { answer(w, h.Failures(r.Context())) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	return mux
}

func answer(w http.ResponseWriter, failures []Failure) {
	body := struct {
		Status   string    `json:"status"`
		Failures []Failure `json:"failures,omitempty"`
	}{Status: "ok", Failures: failures}
	status := http.StatusOK
	if len(failures) > 0 {
		body.Status, status = "failing", http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a probe that hung up needs no answer
}

// Admin is the listener of health and metrics.
type Admin struct {
	listener net.Listener
	server   *http.Server
}

// NewAdmin listens on addr at once, so that a port in use is a fault at start.
func NewAdmin(addr string, h *Health, metrics prometheus.Gatherer, log *slog.Logger) (*Admin, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("admin port: %w", err)
	}
	return &Admin{listener: l, server: &http.Server{
		Handler: AdminHandler(h, metrics), ReadHeaderTimeout: adminTimeout, WriteTimeout: adminTimeout, IdleTimeout: adminTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}, nil
}

// Addr is the address in use; useful when the port asked for was 0.
func (a *Admin) Addr() string { return a.listener.Addr().String() }

// Run serves until ctx ends.
func (a *Admin) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if a.server.Shutdown(grace) != nil {
			_ = a.server.Close() // probes are not worth waiting for
		}
	})
	defer stop()
	if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin port: %w", err)
	}
	return nil
}
