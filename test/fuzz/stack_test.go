package fuzz_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/testkit"
	"jifen/internal/vault"
)

const (
	patience = 2 * time.Minute
	validity = 24 * time.Hour // of tokens
)

// stack is an installation with something behind every route.
type stack struct {
	t         *testing.T
	binary    string
	env       []string
	url       string // of the API
	metrics   string // where it says what it has answered
	issuer    *httpapi.DevIssuer
	processes []*testkit.Program

	known  map[string][]string            // ids of what there is, by what they are ids of
	owners map[string]int                 // whose they are, as the place in members
	chains map[string][]map[string]string // ids that belong together, by the path that has them all
}

// up starts an installation with real parts and no limits to rates, and fills it.
func up(t *testing.T) *stack {
	t.Helper()
	issuer, err := httpapi.NewDevIssuer()
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{t: t, binary: testkit.Binary(t), issuer: issuer, known: map[string][]string{}, owners: map[string]int{}, chains: map[string][]map[string]string{}}
	kafka, redis, engine := testkit.StartKafka(t), testkit.StartRedis(t), testkit.StartEngine(t)
	addr, run, serve := loopback(t), loopback(t), loopback(t)
	s.url, s.metrics = "http://"+addr, "http://"+serve+"/metrics"
	keys := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(keys, issuer.JWKS(), 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = []string{
		"JIFEN_SHARDS=8", "JIFEN_KAFKA_BROKERS=" + kafka.Addr(), "JIFEN_REDIS_ADDRS=" + redis.Addr(), "JIFEN_CLICKHOUSE_DSN=" + engine.DSN(),
		"JIFEN_HTTP_ADDR=" + addr, "JIFEN_HTTP_RATE_MEMBER=0", "JIFEN_HTTP_REQUEST_TIMEOUT=1m", // a busy machine is no 503
		"JIFEN_HTTP_SIGNING_KEY=" + strings.Repeat("fuzz", 10),
		"JIFEN_AUTH_ISSUER=urn:jifen:dev", "JIFEN_AUTH_KEYS_FILE=" + keys, "JIFEN_VAULT_KEYS=" + vault.Generate("fuzz"),
		"JIFEN_SHARES_KEYS=fuzz:" + strings.Repeat("fuzz", 10), "JIFEN_LOG_FORMAT=text",
	}
	for _, args := range [][]string{{"topics", "apply"}, {"migrate"}, {"rules", "publish", "testdata/book.yaml"}} {
		s.must(args...)
	}
	s.start("http://"+run+"/readyz", "JIFEN_ADMIN_ADDR="+run, "run")
	s.start(s.url+"/openapi.json", "JIFEN_ADMIN_ADDR="+serve, "serve")
	s.fill()
	return s
}

func loopback(t *testing.T) string {
	t.Helper()
	return fmt.Sprint("127.0.0.1:", testkit.FreePort(t))
}

// must runs a subcommand that has to work.
func (s *stack) must(args ...string) {
	s.t.Helper()
	testkit.Must(s.t, s.env, s.binary, args...)
}

// start starts a process and waits until an address answers.
func (s *stack) start(ready, env string, args ...string) {
	s.t.Helper()
	p := testkit.Run(s.t, append(s.env, env), s.binary, args...)
	s.processes = append(s.processes, p)
	p.Ready(s.t, ready, patience)
}

// await fails the test unless something becomes true before patience ends, and no process ends meanwhile.
func (s *stack) await(what string, is func() bool) {
	s.t.Helper()
	deadline := time.After(patience)
	for !is() {
		s.alive()
		select {
		case <-deadline:
			s.t.Fatalf("not in %v: %s", patience, what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// alive fails the test when a process has ended.
func (s *stack) alive() {
	s.t.Helper()
	for _, p := range s.processes {
		select {
		case <-p.Done():
			s.t.Fatal("a process ended by itself")
		default:
		}
	}
}

func (s *stack) token(id string, roles ...httpapi.Role) string {
	s.t.Helper()
	token, err := s.issuer.Token(id, validity, roles...)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

func (s *stack) file(name, text string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// audited holds the ledger against its folds.
func (s *stack) audited() {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.binary, "audit")
	cmd.Env = append(os.Environ(), s.env...)
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("differences 0\n")) {
		s.t.Errorf("audit: %v\n%s", err, out)
	}
	s.t.Logf("audit: %s", out)
}
