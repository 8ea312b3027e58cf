package pipeline_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"jifen/topics"
)

// redisCommand sends Redis one command of words without spaces, and returns the first line of its answer.
func (in *installation) redisCommand(words ...string) string {
	in.t.Helper()
	conn, err := net.Dial("tcp", in.redis.Addr())
	if err != nil {
		in.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "%s\r\n", strings.Join(words, " ")); err != nil {
		in.t.Fatal(err)
	}
	said, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		in.t.Fatal(err)
	}
	return strings.TrimSpace(said)
}

// metric is the line of a metric of the running pipeline.
func (in *installation) metric(name string) string {
	in.t.Helper()
	res, err := http.Get("http://" + in.admin + "/metrics")
	if err != nil {
		in.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		in.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, name+" ") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// TestAScribbledStateIsFoldedFromTheLedger: somebody writes over a state in Redis. The audit names it; the owner, who cannot read
// it when the member's next order comes, rebuilds the shard, says so in log and metrics, and gives the order its points.
func TestAScribbledStateIsFoldedFromTheLedger(t *testing.T) {
	v := program(t, "book.yaml", false)
	v.clock(ownNow)
	v.send(paid("2026-06-09 10:00:00", "ana", "A", line{"basic", 100000}), paid("2026-06-09 10:00:00", "ben", "B", line{"basic", 50000}))
	v.stop()
	shard := topics.Shard(topics.MemberAccount("ana"), shards)
	key := fmt.Sprintf("jifen:{%d}:m:ana", shard)
	equal(t, "scribble", v.redisCommand("SET", key, "scribbled"), "+OK")
	out, _, code := v.call("audit", "-o", "json", "--no-clickhouse", "--wait", "1s")
	if code != 1 || !strings.Contains(out, key+" cannot be read") {
		t.Errorf("audit: exit code %d, %s", code, out)
	}
	v.clock(ownNow)
	v.send(paid("2026-06-09 11:00:00", "ana", "A2", line{"basic", 10000}))
	v.has(t, "ana", ownNow, balance{Available: 110, Tier: "normal"})
	v.has(t, "ben", ownNow, balance{Available: 50, Tier: "normal"})
	equal(t, "metric", v.metric("jifen_balances_damaged_shards_total"), "jifen_balances_damaged_shards_total 1")
	for _, words := range []string{"the store holds what is no state", key + " cannot be read", "rebuild=true"} {
		if !strings.Contains(v.running.Output(), words) {
			t.Errorf("the log does not say %q:\n%s", words, v.running.Output())
		}
	}
	v.audited()
}
