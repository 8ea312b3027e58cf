package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/telemetry"
)

func TestLoggerIsJSONOffATerminal(t *testing.T) {
	var b bytes.Buffer
	log, err := telemetry.NewLogger(&b, "warn", "auto", false)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("not shown")
	log.Warn("shown", "shard", 3)
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil || line["msg"] != "shown" || line["shard"] != 3.0 {
		t.Errorf("log line %s: %v", b.String(), err)
	}
	for _, bad := range [][2]string{{"loud", "json"}, {"info", "xml"}} {
		if _, err := telemetry.NewLogger(&b, bad[0], bad[1], false); err == nil {
			t.Errorf("accepted %v", bad)
		}
	}
}

func TestTextLogHasNoColourOffATerminal(t *testing.T) {
	var b bytes.Buffer
	log, err := telemetry.NewLogger(&b, "info", "text", false)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("hello")
	if s := b.String(); !strings.Contains(s, "INF hello") || strings.Contains(s, "\x1b[") {
		t.Errorf("log line %q", s)
	}
}

func TestReadinessListsWhatFails(t *testing.T) {
	h := telemetry.NewHealth()
	admin := httptest.NewServer(telemetry.AdminHandler(h, telemetry.NewRegistry()))
	defer admin.Close()
	redis := h.Condition("redis")
	h.Add("kafka", func(context.Context) error { return errors.New("no broker answers") })

	expect(t, admin.URL+"/livez", 200, `{"status":"ok"}`)
	expect(t, admin.URL+"/startupz", 503, `{"status":"failing","failures":[{"name":"start","error":"starting"}]}`)
	expect(t, admin.URL+"/readyz", 503, `{"status":"failing","failures":[{"name":"kafka","error":"no broker answers"},{"name":"redis","error":"starting"},{"name":"start","error":"starting"}]}`)
	h.Started()
	redis(nil)
	h.Add("kafka", func(context.Context) error { return nil })
	expect(t, admin.URL+"/startupz", 200, `{"status":"ok"}`)
	expect(t, admin.URL+"/readyz", 200, `{"status":"ok"}`)
	redis(errors.New("loading"))
	expect(t, admin.URL+"/readyz", 503, `{"status":"failing","failures":[{"name":"redis","error":"loading"}]}`)
	redis(nil)
	h.Drain()
	expect(t, admin.URL+"/readyz", 503, `{"status":"failing","failures":[{"name":"shutdown","error":"shutting down"}]}`)
	expect(t, admin.URL+"/livez", 200, `{"status":"ok"}`)
}

func TestHangingCheckFailsInsteadOfHangingTheProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := telemetry.NewHealth()
		h.Started()
		release := make(chan struct{})
		h.Add("deaf", func(context.Context) error { <-release; return nil })
		start := time.Now()
		got := h.Failures(t.Context())
		if diff := cmp.Diff(got, []telemetry.Failure{{Name: "deaf", Error: context.DeadlineExceeded.Error()}}); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("took %s", d)
		}
		close(release)
	})
}

func TestMetricsAreServedUntilTheContextEnds(t *testing.T) {
	h := telemetry.NewHealth()
	admin, err := telemetry.NewAdmin("127.0.0.1:0", h, telemetry.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := telemetry.NewAdmin(admin.Addr(), h, telemetry.NewRegistry(), slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a port in use is no fault")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- admin.Run(ctx) }()
	body := get(t, "http://"+admin.Addr()+"/metrics", 200)
	for _, want := range []string{"jifen_build_info{", "go_goroutines", "process_cpu_seconds_total"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in /metrics", want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func expect(t *testing.T, url string, status int, want string) {
	t.Helper()
	if got := strings.TrimSpace(get(t, url, status)); got != want {
		t.Errorf("%s\n got %s\nwant %s", url, got, want)
	}
}

func get(t *testing.T, url string, status int) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Errorf("%s: status %d, want %d", url, resp.StatusCode, status)
	}
	return string(body)
}
