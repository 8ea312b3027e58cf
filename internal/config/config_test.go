package config_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/config"
)

var update = flag.Bool("update", false, "write deploy/jifen.yaml")

const deployed = "../../deploy/jifen.yaml"

func TestDeployedFileSaysWhatTheStructSays(t *testing.T) {
	want := config.Reference()
	if *update {
		if err := os.WriteFile(deployed, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(deployed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Fatalf("run go test ./internal/config -update (-got +want):\n%s", diff)
	}
	c, err := config.Load(config.Sources{File: deployed})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, config.Default()); diff != "" {
		t.Errorf("the file is not the defaults (-got +want):\n%s", diff)
	}
}

func TestStrongerSourceWins(t *testing.T) {
	file := write(t, "f.yaml", "shards: 16\nkafka:\n  brokers: [f:1]\n  client_id: file\n  session_timeout: 9s\nredis:\n")
	c, err := config.Load(config.Sources{
		File:    file,
		Environ: []string{"JIFEN_KAFKA_BROKERS=e:1, e:2", "JIFEN_KAFKA_CLIENT_ID=env", "PATH=/bin", "JIFEN_REDIS_CLUSTER=true"},
		Set:     []string{"kafka.client_id=set", "credits.lag_max=7"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Shards, want.Kafka.Brokers, want.Kafka.ClientID, want.Kafka.SessionTimeout = 16, []string{"e:1", "e:2"}, "set", 9*time.Second
	want.Redis.Cluster, want.Credits.LagMax = true, 7
	if diff := cmp.Diff(c, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	_, err := config.Load(config.Sources{
		File: write(t, "f.yaml", "shards: many\nkafka: {session_timeout: 6, broker: x}\nnonsense: 1\nlog: [a]\n"),
		Set:  []string{"typo=1", "noequals", "http.read_header_timeout=soon"},
	})
	for _, want := range []string{"shards", "needs a unit", "kafka.broker", "nonsense", "unknown setting log", "unknown setting typo", "noequals", "read_header_timeout"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no fault about %q in: %v", want, err)
		}
	}
	if n := len(config.Faults(err)); n != 8 {
		t.Errorf("%d faults, want 8:\n%v", n, err)
	}
}

func TestBadValuesAreReportedAtOnce(t *testing.T) {
	cases := map[string]string{
		"shards=0": "shards", "kafka.brokers=": "kafka.brokers", "kafka.transaction_timeout=1m": "transaction_timeout", "kafka.instance=": "kafka.instance",
		"kafka.sasl.mechanism=magic": "kafka.sasl.mechanism", "redis.addrs=nowhere": "redis.addrs", "redis.db=-1": "redis.db",
		"clickhouse.dsn=http://u:hunter2@h/x": "must not hold a password", "http.addr=x": "http.addr", "http.body_bytes_max=1": "body_bytes_max",
		"http.signing_key=short": "http.signing_key", "vault.keys=k1:short": "vault.keys", "auth.algorithms=HS256": "auth.algorithms", "auth.jwks_url=ftp://x": "auth.jwks_url",
		"events.skew=-1s": "events.skew", "program.now=tomorrow": "program.now", "balances.batch_max=0": "balances.batch_max",
		"credits.lag_max=0": "credits.lag_max", "log.level=loud": "log.level", "redis.tls.cert_file=x": "cert_file and key_file",
	}
	var set []string
	for kv, want := range cases {
		set = append(set, kv)
		_, err := config.Load(config.Sources{Set: []string{kv}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", kv, err)
		}
	}
	_, err := config.Load(config.Sources{Set: set})
	if n := len(config.Faults(err)); n < len(cases) {
		t.Errorf("%d faults at once, want at least %d:\n%v", n, len(cases), err)
	}
	if strings.Contains(fmt.Sprint(err), "hunter2") {
		t.Error("the fault shows a password")
	}
}

func TestSecretsAreReadFromFilesAndNeverPrinted(t *testing.T) {
	file := write(t, "pw", "hunter2hunter2\n")
	c, err := config.Load(config.Sources{Environ: []string{"JIFEN_KAFKA_SASL_MECHANISM=plain", "JIFEN_KAFKA_SASL_USERNAME=u", "JIFEN_REDIS_PASSWORD=hunter2hunter2", "JIFEN_KAFKA_SASL_PASSWORD_FILE=" + file}})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Kafka.SASL.Password.Reveal(); got != "hunter2hunter2" {
		t.Errorf("password from its file: %q", got)
	}
	js, err := json.Marshal(c.Map())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{c.YAML(), string(js), fmt.Sprintf("%v %+v %#v %s", c, c, c, c.Redis.Password)} {
		if strings.Contains(s, "hunter2") {
			t.Errorf("a secret is printed: %s", s)
		}
	}
	_, err = config.Load(config.Sources{Set: []string{"redis.password=a", "redis.password_file=" + file}})
	if err == nil || !strings.Contains(err.Error(), "both set") {
		t.Errorf("two passwords: %v", err)
	}
}

func TestPrintedConfigurationIsReadBack(t *testing.T) {
	c, err := config.Load(config.Sources{Set: []string{"program.clock_offset=90m", "events.backfill_sources=/a,/b"}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := config.Load(config.Sources{File: write(t, "p.yaml", c.YAML())})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(again, c); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestClockOffset(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if got := (config.Program{Now: "2010-12-09T00:00:00+08:00"}).Offset(start); start.Add(got).Unix() != 1291824000 {
		t.Errorf("program starts at %s", start.Add(got))
	}
	if got := (config.Program{ClockOffset: time.Hour}).Offset(start); got != time.Hour {
		t.Errorf("offset %s", got)
	}
}

func TestUnknownVariablesAreNamed(t *testing.T) {
	got := config.UnknownVariables([]string{"JIFEN_SHARDS=1", "JIFEN_SHARD=2", "JIFEN_CONFIG=x", "HOME=/", "JIFEN_PORT=tcp://1"})
	if diff := cmp.Diff(got, []string{"JIFEN_PORT", "JIFEN_SHARD"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
