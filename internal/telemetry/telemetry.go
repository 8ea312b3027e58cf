// Package telemetry is how a running process shows itself: logs (slog), metrics (Prometheus) and health on an admin port.
package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// NewLogger makes the logger. Level is debug, info, warn or error; format is text, json, or auto: text on a terminal (coloured unless NO_COLOR is set), else JSON.
func NewLogger(w io.Writer, level, format string, noColor bool) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level %q: %w", level, err)
	}
	terminal := isTerminal(w)
	switch {
	case format == "text", format == "auto" && terminal:
		return slog.New(tint.NewTextHandler(w, &tint.Options{Level: l, NoColor: noColor || !terminal, TimeFormat: "15:04:05.000"})), nil
	case format == "json", format == "auto":
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l})), nil
	}
	return nil, fmt.Errorf("log format %q: want auto, text or json", format)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// NewRegistry makes the registry that /metrics serves: Go's runtime, the process and jifen_build_info.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "jifen_build_info", Help: "1; the labels say what runs.", ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()},
	})
	build.Set(1)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build)
	return r
}
