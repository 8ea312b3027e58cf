package bench

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"jifen/internal/devstack"
)

// versions of what was measured.
func (b *bed) versions(ctx context.Context) map[string]string {
	v := map[string]string{
		"go": runtime.Version(), "platform": fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
		"kafka": "kfake", "clickhouse": "unknown", "redis": "unknown",
	}
	if b.Kafka == RealKafka {
		v["kafka"] = kafkaVersion(ctx)
	}
	if out, err := exec.CommandContext(ctx, "redis-server", "--version").Output(); err == nil {
		for _, word := range strings.Fields(string(out)) {
			if version, ok := strings.CutPrefix(word, "v="); ok {
				v["redis"] = version
			}
		}
	}
	if version, err := b.query(ctx, "SELECT version()"); err == nil {
		v["clickhouse"] = version
	}
	return v
}

// kafkaVersion is the broker's, by the name of its jar.
func kafkaVersion(ctx context.Context) string {
	lib, err := devstack.FetchKafka(ctx)
	if err != nil {
		return "unknown"
	}
	jars, err := filepath.Glob(filepath.Join(lib, "kafka_*.jar"))
	if err != nil || len(jars) != 1 {
		return "unknown"
	}
	_, version, _ := strings.Cut(strings.TrimSuffix(filepath.Base(jars[0]), ".jar"), "-")
	return "Apache Kafka " + version
}

// query asks the engine over its HTTP interface.
func (b *bed) query(ctx context.Context, query string) (string, error) {
	at := "http://" + b.stack.Engine.Addr() + "/?database=jifen&query=" + url.QueryEscape(query)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", fmt.Errorf("ask the engine: %w", err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", fmt.Errorf("ask the engine: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1000))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	if err != nil {
		return "", fmt.Errorf("ask the engine: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// Print writes the tables.
func (r *Report) Print(w io.Writer) error {
	var text string
	if len(r.Arms) > 0 {
		text += r.costs() + "\n"
	}
	if len(r.Latencies) > 0 {
		text += r.waits() + "\n"
	}
	if len(r.Arms) > 0 && len(r.Arms[0].Sums) > 1 {
		text += fmt.Sprintf("medians of %d rounds, of sums the least and the most besides; ", len(r.Arms[0].Sums))
	}
	text += fmt.Sprintf("%d orders, members 1 to %d by zipf %.2f, seed %d; %d shards; ledger entries %d (with the warm-up), audit differences %d\n",
		r.Events, r.Members, r.Zipf, r.Seed, r.Shards, r.Entries, r.Differences)
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		text += name + " " + r.Versions[name] + "; "
	}
	text = strings.TrimSuffix(text, "; ") + "\n"
	for _, f := range r.Faults {
		text += "does not count: " + f + "\n"
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// costs is the table of the arms.
func (r *Report) costs() string {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.SetCaption("orders of %d bytes", r.OrderBytes)
	t.AppendHeader(table.Row{"CPU-µs per event", "jifen", "redis", "clickhouse", "sum", "× library", "broker", "events/s", "load"})
	for _, a := range r.Arms {
		row := table.Row{a.Name}
		for _, process := range []string{"jifen", "redis", "clickhouse"} {
			cell := ""
			if us, ok := a.CPU[process]; ok {
				cell = fmt.Sprintf("%.1f", us)
			}
			row = append(row, cell)
		}
		t.AppendRow(append(row, a.sum(), a.ratio(), fmt.Sprintf("%.1f", a.Broker), fmt.Sprintf("%.0f", a.Rate), fmt.Sprintf("%.1f", a.Load)))
	}
	return t.Render()
}

// sum is the sum as the table has it: of several rounds the median, the least and the most.
func (a Arm) sum() string {
	if len(a.Sums) < 2 {
		return fmt.Sprintf("%.1f", a.Sum)
	}
	return fmt.Sprintf("%.1f (%.1f–%.1f)", a.Sum, slices.Min(a.Sums), slices.Max(a.Sums))
}

// ratio is the ratio as the table has it.
func (a Arm) ratio() string {
	if a.Ratio == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a.Ratio)
}

// waits is the table of the latencies.
func (r *Report) waits() string {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"latency", "number", "p50 ms", "p99 ms", "max ms", "drained orders/s"})
	for _, l := range r.Latencies {
		drain := ""
		if l.Drain > 0 {
			drain = fmt.Sprintf("%.0f", l.Drain)
		}
		t.AppendRow(table.Row{l.Name, l.Number, fmt.Sprintf("%.1f", l.P50), fmt.Sprintf("%.1f", l.P99), fmt.Sprintf("%.1f", l.Most), drain})
	}
	return t.Render()
}
