package chaos_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jifen/internal/devstack"
	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/internal/vault"
)

const (
	shards         = 16
	sessionTimeout = 6 * time.Second
	// pauseMost is the longest that a redemption may wait for a dead owner (T23).
	pauseMost = sessionTimeout + 3*time.Second
	rulebook  = "../../rulebooks/demo.yaml" // £1 → 1 point, gold from £2,000 a year
)

// stack is one installation: the servers, two owners, two credits, the feed and the API.
type stack struct {
	kafka  *devstack.Kafka
	redis  *devstack.Redis
	engine *devstack.Engine

	dir      string // of our processes' logs
	binary   string
	env      []string
	config   kafka.Config
	issuer   *httpapi.DevIssuer
	url      string // of the API
	producer *kafka.Producer
	slots    []*slot
	owners   [2]*slot
	credits  [2]*slot
	feed     *slot
	api      *slot
	names    atomic.Int64
}

// the is the stack that the tests share, started by the first that asks.
var the struct {
	sync.Mutex
	stack *stack
}

// start hands out the shared stack, with every process running, and says on a failure what the processes said.
func start(t *testing.T) *stack {
	t.Helper()
	the.Lock()
	defer the.Unlock()
	if the.stack == nil {
		the.stack = newStack(t, &stack{kafka: testkit.Kafka(t), redis: testkit.Redis(t), engine: testkit.Engine(t)}, rulebook)
	}
	s := the.stack
	t.Cleanup(func() {
		if t.Failed() {
			s.tell(t)
		}
	})
	for _, p := range s.slots {
		p.ensure(t)
	}
	return s
}

// ownStack makes an installation with servers of its own that end with the test.
func ownStack(t *testing.T, book string) *stack {
	t.Helper()
	s := newStack(t, &stack{kafka: testkit.StartKafka(t), redis: testkit.StartRedis(t), engine: testkit.StartEngine(t)}, book)
	t.Cleanup(func() {
		if t.Failed() {
			s.tell(t)
		}
		for _, p := range s.slots {
			p.stop(t)
		}
		s.producer.Close()
	})
	return s
}

// newStack makes an installation of servers that run.
func newStack(t *testing.T, s *stack, book string) *stack {
	t.Helper()
	s.binary = testkit.Binary(t, "failpoints")
	s.dir = filepath.Join(s.kafka.Dir(), "jifen") // goes with Kafka's
	port := testkit.FreePort(t)
	s.url = "http://127.0.0.1:" + strconv.Itoa(port)
	s.config = kafka.Config{Brokers: []string{s.kafka.Addr()}, ClientID: "chaos", SessionTimeout: sessionTimeout, TransactionTimeout: sessionTimeout}
	s.configure(t, port)
	for _, args := range [][]string{{"topics", "apply"}, {"migrate"}, {"rules", "publish", book}} {
		s.run(t, args...)
	}
	for i := range s.owners {
		s.owners[i] = s.slot("owner-"+strconv.Itoa(i), "run", "--stages", "balances")
		s.credits[i] = s.slot("credits-"+strconv.Itoa(i), "run", "--stages", "credits")
	}
	s.feed = s.slot("feed", "run", "--stages", "analytics")
	s.api = s.slot("api", "serve")
	var err error
	if s.producer, err = kafka.NewProducer(s.config); err != nil {
		t.Fatal(err)
	}
	return s
}

// configure makes the environment that all our processes share.
func (s *stack) configure(t *testing.T, port int) {
	t.Helper()
	var err error
	if s.issuer, err = httpapi.NewDevIssuer(); err == nil {
		err = os.MkdirAll(s.dir, 0o755)
	}
	keys := filepath.Join(s.dir, "jwks.json")
	if err == nil {
		err = os.WriteFile(keys, s.issuer.JWKS(), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.env = []string{
		"JIFEN_SHARDS=" + strconv.Itoa(shards), "JIFEN_KAFKA_BROKERS=" + s.kafka.Addr(), "JIFEN_REDIS_ADDRS=" + s.redis.Addr(),
		"JIFEN_CLICKHOUSE_DSN=" + s.engine.DSN(), "JIFEN_ADMIN_ADDR=", "JIFEN_HTTP_ADDR=127.0.0.1:" + strconv.Itoa(port),
		"JIFEN_AUTH_ISSUER=urn:jifen:dev", "JIFEN_AUTH_KEYS_FILE=" + keys,
		"JIFEN_HTTP_SIGNING_KEY=chaos-chaos-chaos-chaos-chaos-chaos", "JIFEN_VAULT_KEYS=" + vault.Generate("chaos"), "JIFEN_LOG_FORMAT=text",
		"JIFEN_KAFKA_SESSION_TIMEOUT=" + sessionTimeout.String(),
		"JIFEN_HTTP_RATE_MEMBER=0", "JIFEN_HTTP_RATE_IP=0", // all members come from one address, some of them often
	}
}

// fresh makes a name that no other test of this run has.
func (s *stack) fresh(name string) string { return fmt.Sprintf("%s%d", name, s.names.Add(1)) }

// run runs a subcommand to its end and returns its standard output; the test fails when it fails.
func (s *stack) run(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := s.try(args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (s *stack) try(args ...string) ([]byte, error) { return s.tryAt("", args...) }

// errKilled is the end of a subcommand that killed itself at its failpoint.
var errKilled = errors.New("killed at a failpoint")

// tryAt runs a subcommand that may kill itself at a failpoint.
func (s *stack) tryAt(failpoint string, args ...string) ([]byte, error) {
	ctx, done := context.WithTimeout(context.Background(), 3*time.Minute)
	defer done()
	cmd := exec.CommandContext(ctx, s.binary, args...)
	cmd.Env = append(os.Environ(), s.env...)
	if failpoint != "" {
		cmd.Env = append(cmd.Env, "JIFEN_FAILPOINT="+failpoint)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if line := killLine.Find(errs.Bytes()); line != nil {
			return line, errKilled
		}
		return out.Bytes(), fmt.Errorf("jifen %v: %w\n%s%s", args, err, out.Bytes(), errs.Bytes())
	}
	return out.Bytes(), nil
}

// items loads items, in the form of `jifen items apply`.
func (s *stack) items(t *testing.T, specs ...map[string]any) {
	t.Helper()
	for _, i := range specs {
		if i["name"] = map[string]string{"zh": "礼品", "en": "Gift"}; i["kind"] == nil {
			i["kind"] = "service"
		}
	}
	text, err := json.Marshal(map[string]any{"apiVersion": "jifen/v1", "kind": "Items", "items": specs}) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "items.yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	s.run(t, "items", "apply", file)
}

// gift is an item of which there is enough.
func gift(id string, price int64) map[string]any {
	return map[string]any{"id": id, "price": price, "stock": 1_000_000}
}

// tell logs how each process's output ends, and keeps all of it with `go test -artifacts`. Kills were logged when they
// happened; here they are not counted again.
func (s *stack) tell(t *testing.T) {
	for _, p := range s.slots {
		all := p.output()
		if err := os.WriteFile(filepath.Join(t.ArtifactDir(), p.name+".log"), all, 0o644); err != nil {
			t.Log(err)
		}
		lines := bytes.Split(all, []byte("\n"))
		var kept [][]byte
		for _, l := range lines[max(0, len(lines)-60):] {
			if !bytes.Contains(l, []byte("kill failpoint")) {
				kept = append(kept, l)
			}
		}
		t.Logf("%s:\n%s", p.name, bytes.Join(kept, []byte("\n")))
	}
}
