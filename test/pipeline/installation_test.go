// Package pipeline_test runs the whole of Jifen as its users do: the binary on an embedded Kafka, redis-server and the
// ClickHouse engine; events in, balances out.
package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/devstack"
	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/topics"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const shards = 8

// patience bounds what a test waits for; nothing here takes long unless it never happens.
const patience = time.Minute

// installation is Jifen's services and how to reach them.
type installation struct {
	t      *testing.T
	binary string
	kfake  *devstack.Kfake // nil: Apache Kafka
	broker string
	redis  *devstack.Redis
	engine *devstack.Engine // nil: without analytics
	admin  string
	keys   string // of the vault
	env    []string
}

// install starts the services with topics and, with ClickHouse, tables.
func install(t *testing.T, analytics bool) *installation {
	t.Helper()
	in := &installation{
		t: t, binary: testkit.Binary(t), kfake: testkit.StartKfake(t), redis: testkit.StartRedis(t),
		admin: fmt.Sprint("127.0.0.1:", testkit.FreePort(t)),
	}
	in.broker = in.kfake.Addr()
	in.settle(analytics)
	return in
}

// settle makes topics and tables.
func (in *installation) settle(analytics bool) {
	in.t.Helper()
	in.env = []string{
		"JIFEN_SHARDS=" + fmt.Sprint(shards), "JIFEN_KAFKA_BROKERS=" + in.broker, "JIFEN_REDIS_ADDRS=" + in.redis.Addr(),
		"JIFEN_ADMIN_ADDR=" + in.admin, "JIFEN_EVENTS_BACKFILL_SOURCES=/shops/test,/shops/online-retail", "JIFEN_LOG_FORMAT=text",
	}
	if analytics {
		in.engine = testkit.StartEngine(in.t)
		in.env = append(in.env, "JIFEN_CLICKHOUSE_DSN="+in.engine.DSN())
		in.must("migrate")
	}
	in.must("topics", "apply")
}

// call runs a subcommand.
func (in *installation) call(args ...string) (stdout, stderr string, code int) {
	in.t.Helper()
	return in.callWith(nil, args...)
}

func (in *installation) callWith(env []string, args ...string) (stdout, stderr string, code int) {
	in.t.Helper()
	ctx, cancel := context.WithTimeout(in.t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, in.binary, args...)
	cmd.Dir = in.t.TempDir()
	cmd.Env = append(append(os.Environ(), in.env...), env...)
	var out, faults bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &faults
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		in.t.Fatalf("jifen %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), faults.String(), cmd.ProcessState.ExitCode()
}

// must runs a subcommand that has to work and returns what it printed.
func (in *installation) must(args ...string) string {
	in.t.Helper()
	out, faults, code := in.call(args...)
	if code != 0 {
		in.t.Fatalf("jifen %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, faults)
	}
	return out
}

// run starts the pipeline with its clock at an instant (RFC 3339; empty: the wall clock) and waits until it is ready.
func (in *installation) run(now, stages string) *testkit.Program {
	in.t.Helper()
	p := testkit.Run(in.t, append(in.env, "JIFEN_PROGRAM_NOW="+now, "JIFEN_VAULT_KEYS="+in.vault()), in.binary, "run", "--stages", stages)
	in.await("ready", p, func() bool { return in.ready() == http.StatusOK })
	return p
}

// creditsApart runs the stage credits in a process of its own, beside that of in.run: owners of that one do not evaluate.
func (in *installation) creditsApart(now string) {
	in.t.Helper()
	testkit.Run(in.t, append(in.env, "JIFEN_PROGRAM_NOW="+now, "JIFEN_ADMIN_ADDR="), in.binary, "run", "--stages", "credits")
}

// ready is the status of /readyz; 0 when nobody answers.
func (in *installation) ready() int {
	res, err := http.Get("http://" + in.admin + "/readyz")
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	return res.StatusCode
}

// await waits until something holds, and fails at once when the program ends before.
func (in *installation) await(what string, p *testkit.Program, holds func() bool) {
	in.t.Helper()
	deadline := time.After(patience)
	for !holds() {
		var ended <-chan struct{}
		if p != nil {
			ended = p.Done()
		}
		select {
		case <-deadline:
			in.t.Fatalf("waited too long until %s", what)
		case <-ended:
			in.t.Fatalf("the program ended before %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (in *installation) kafka() kafka.Config {
	return kafka.Config{Brokers: []string{in.broker}, ClientID: "test"}
}

// drained waits until every stage has committed everything.
func (in *installation) drained() {
	in.t.Helper()
	ctx, cancel := context.WithTimeout(in.t.Context(), patience)
	defer cancel()
	owners := []string{topics.GroupBalances}
	for _, g := range []struct {
		groups []string
		topics []string
	}{{topics.ShopGroups(), topics.Shop()}, {owners, []string{topics.Credits, topics.Requests}}, {owners, []string{topics.Requests}}} {
		lag, err := kafka.NewLag(in.kafka(), g.groups...)
		if err != nil {
			in.t.Fatal(err)
		}
		defer lag.Close()
		for _, topic := range g.topics {
			for done := false; !done; {
				if done, err = lag.Drained(ctx, topic); ctx.Err() != nil {
					in.t.Fatalf("%s is not drained by %v: %v", topic, g.groups, err)
				}
			}
		}
	}
}

// file writes a file of this test.
func (in *installation) file(name, content string) string {
	in.t.Helper()
	path := filepath.Join(in.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		in.t.Fatal(err)
	}
	return path
}

// publish publishes a rulebook of testdata.
func (in *installation) publish(name string) {
	in.t.Helper()
	in.must("rules", "publish", testdata(in.t, name))
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// feed produces events, as history where a run is named, and waits until they are through.
func (in *installation) feed(events history, backfill string) {
	in.t.Helper()
	args := []string{"produce", in.file("events.jsonl", events.text())}
	if backfill != "" {
		args = append(args, "--backfill", backfill)
	}
	in.must(args...)
	in.drained()
}

// spend asks a member's shard to pay, as the second step of a redemption does.
func (in *installation) spend(member, id string, points int64) {
	in.t.Helper()
	in.ask(debit(member, id, points))
}

// balance is a line of `jifen balances -o json`.
type balance struct {
	Member    string `json:"member"`
	Available int64  `json:"available"`
	Pending   int64  `json:"pending"`
	Frozen    int64  `json:"frozen"`
	Debt      int64  `json:"debt"`
	Tier      string `json:"tier"`
}

// balances are all balances at an instant of the program's clock.
func (in *installation) balances(now string) map[string]balance {
	in.t.Helper()
	all := map[string]balance{}
	for line := range strings.Lines(in.must("balances", "-o", "json", "--set", "program.now="+now)) {
		var b balance
		if err := json.Unmarshal([]byte(line), &b); err != nil {
			in.t.Fatal(err)
		}
		all[b.Member] = b
	}
	return all
}

// entries are the ledger's, as `jifen topics cat` prints them.
func (in *installation) entries() []map[string]any {
	in.t.Helper()
	return in.cat(topics.Ledger)
}

func (in *installation) cat(topic string) []map[string]any {
	in.t.Helper()
	var all []map[string]any
	for line := range strings.Lines(in.must("topics", "cat", topic)) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			in.t.Fatalf("%s: %v: %s", topic, err, line)
		}
		all = append(all, r)
	}
	return all
}

// audited fails unless an audit finds no difference.
func (in *installation) audited() {
	in.t.Helper()
	args := []string{"audit", "-o", "json"}
	if in.engine == nil {
		args = append(args, "--no-clickhouse")
	}
	out, faults, code := in.call(args...)
	if code != 0 {
		in.t.Errorf("audit: exit code %d\n%s%s", code, out, faults)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("%s (-got +want):\n%s", what, d)
	}
}
