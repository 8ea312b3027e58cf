package pipeline_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"jifen/test/data"
	"jifen/topics"
)

func (in *installation) rawRedis() *redis.Client {
	in.t.Helper()
	c := redis.NewClient(&redis.Options{
		Addr: in.redis.Addr(), MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	in.t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestCommandsOnARunningInstallation shares one installation with ClickHouse.
func TestCommandsOnARunningInstallation(t *testing.T) {
	in := install(t, true)
	in.publish("book.yaml")
	in.creditsApart(ownNow)
	in.run(ownNow, "balances,analytics")
	events, want, _ := ownHistory()
	for _, step := range []struct {
		name string
		test func(*testing.T, *installation, history, map[string]balance)
	}{
		{"ProducedEventsBecomeBalances", producedEventsBecomeBalances},
		{"EveryTopicPrintsAsJSON", everyTopicPrintsAsJSON},
		{"DeadLettersAreUntouched", deadLettersAreUntouched},
		{"ImportingAFileTwiceChangesNothing", importingAFileTwiceChangesNothing},
		{"AuditFindsAChangedState", auditFindsAChangedState},
		{"AuditFindsARowMissingInClickHouse", auditFindsARowMissingInClickHouse},
		{"FlushedRedisIsRebuiltWhileRunning", flushedRedisIsRebuiltWhileRunning},
		{"RebuildGivesTheSameStates", rebuildGivesTheSameStates},
		{"BrokenRulebookPublishesNothing", brokenRulebookPublishesNothing},
	} {
		t.Run(step.name, func(t *testing.T) {
			here := *in
			here.t = t
			step.test(t, &here, events, want)
		})
	}
}

func producedEventsBecomeBalances(t *testing.T, in *installation, events history, want map[string]balance) {
	in.feed(events, "")
	equal(t, "balances", in.balances(ownNow), want)
	equal(t, "as CSV", in.must("balances", "--set", "program.now="+ownNow),
		csvOf(want, "ana", "ben", "cat", "dan", "eve", "fay", "hal", "ivy"))
	in.audited()
}

func everyTopicPrintsAsJSON(t *testing.T, in *installation, _ history, _ map[string]balance) {
	var plan []struct {
		Topic, Action string
		Partitions    int
	}
	if err := json.Unmarshal([]byte(in.must("topics", "plan", "-o", "json")), &plan); err != nil {
		t.Fatal(err)
	}
	full := map[string]bool{topics.Orders: true, topics.RulebookV1: true, topics.Credits: true, topics.Ledger: true, "dlq." + topics.Orders: true}
	for _, p := range plan {
		equal(t, p.Topic, p.Action, "keep")
		records := in.cat(p.Topic)
		if full[p.Topic] && len(records) == 0 {
			t.Errorf("%s prints nothing", p.Topic)
		}
		for _, r := range records {
			if r["topic"] != p.Topic || r["value"] == nil {
				t.Errorf("%s prints %v", p.Topic, r)
			}
		}
	}
	entry := in.cat(topics.Ledger)[0]["value"].(map[string]any)
	for _, field := range []string{"account", "seq", "kind", "cause", "hash"} {
		if entry[field] == nil {
			t.Errorf("an entry without its %s: %v", field, entry)
		}
	}
	one := in.must("topics", "cat", topics.Orders, "-n", "1")
	equal(t, "lines with -n 1", strings.Count(one, "\n"), 1)
}

func deadLettersAreUntouched(t *testing.T, in *installation, events history, _ map[string]balance) {
	sent := map[string]bool{}
	for _, r := range in.cat(topics.Orders) {
		value, _ := json.Marshal(r["value"])
		sent[string(value)] = true
	}
	letters := in.cat("dlq." + topics.Orders)
	equal(t, "dead letters", len(letters), 8)
	for _, r := range letters {
		value, _ := json.Marshal(r["value"])
		headers := r["headers"].(map[string]any)
		if !sent[string(value)] || headers["dlq.reason"] == nil || headers["__dlq.errors.topic"] != topics.Orders || headers["ce_id"] == nil {
			t.Errorf("dead letter %v", r)
		}
	}
}

// importingAFileTwiceChangesNothing brings the demo's orders in through the door of retailers, two times.
func importingAFileTwiceChangesNothing(t *testing.T, in *installation, _ history, _ map[string]balance) {
	csv, orders := in.file("orders.csv", string(data.Orders)), in.file("map.yaml", string(data.OrdersMap))
	var entries [2]int
	for round := range entries {
		out := in.must("import", "orders", "--csv", csv, "--map", orders, "-o", "json")
		var s struct {
			OrdersPaid int `json:"orders_paid"`
		}
		if err := json.Unmarshal([]byte(out), &s); err != nil || s.OrdersPaid != 531 {
			t.Fatalf("%v: %s", err, out)
		}
		in.drained()
		entries[round] = len(in.entries())
	}
	if entries[0] < 531 || entries[1] != entries[0] {
		t.Errorf("%d entries after the first import, %d after the second", entries[0], entries[1])
	}
	in.audited()
}

func auditFindsAChangedState(t *testing.T, in *installation, _ history, _ map[string]balance) {
	in.audited()
	key := fmt.Sprintf("jifen:{%d}:m:ana", topics.Shard("member:ana", shards))
	was := in.rawRedis().Get(t.Context(), key).Val()
	other := in.rawRedis().Get(t.Context(), fmt.Sprintf("jifen:{%d}:m:dan", topics.Shard("member:dan", shards))).Val()
	if was == "" || other == "" {
		t.Fatal("no state in Redis")
	}
	if err := in.rawRedis().Set(t.Context(), key, other, 0).Err(); err != nil {
		t.Fatal(err)
	}
	out, _, code := in.call("audit", "-o", "json")
	equal(t, "exit code", code, 1)
	if !strings.Contains(out, `"member ana"`) || strings.Contains(out, `"member dan"`) {
		t.Errorf("the audit says %s", out)
	}
	if err := in.rawRedis().Set(t.Context(), key, was, 0).Err(); err != nil {
		t.Fatal(err)
	}
	in.audited()
}

// auditFindsARowMissingInClickHouse takes a row away and puts it back.
func auditFindsARowMissingInClickHouse(t *testing.T, in *installation, _ history, _ map[string]balance) {
	shard := topics.Shard("member:hal", shards)
	where := fmt.Sprintf("shard = %d AND seq = 1", shard)
	in.clickhouse("CREATE TABLE kept AS ledger")
	in.clickhouse("INSERT INTO kept SELECT * FROM ledger WHERE " + where)
	in.clickhouse("ALTER TABLE ledger DELETE WHERE " + where + " SETTINGS mutations_sync = 2")
	out, _, code := in.call("audit", "-o", "json", "--wait", "1s")
	equal(t, "exit code", code, 1)
	if !strings.Contains(out, `"where":"clickhouse","shard":`+fmt.Sprint(shard)+`,"what":"rows"`) || strings.Contains(out, `"where":"redis"`) {
		t.Errorf("the audit says %s", out)
	}
	in.clickhouse("INSERT INTO ledger SELECT * FROM kept")
	in.audited()
}

// clickhouse runs a statement behind the program's back.
func (in *installation) clickhouse(statement string) {
	in.t.Helper()
	res, err := http.Post("http://"+in.engine.Addr()+"/?database=jifen", "text/plain", strings.NewReader(statement))
	if err != nil {
		in.t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
		in.t.Fatalf("%s: %s %s %v", statement, res.Status, text, err)
	}
}

func flushedRedisIsRebuiltWhileRunning(t *testing.T, in *installation, _ history, _ map[string]balance) {
	before := in.balances(ownNow)
	if err := in.rawRedis().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	in.await("rebuilt", nil, func() bool {
		return fmt.Sprint(in.balances(ownNow)) == fmt.Sprint(before)
	})
	in.audited()
	in.spend("ana", "spend after the flush", 566)
	in.spend("ana", "spend within", 65)
	equal(t, "ana", in.balances(ownNow)["ana"].Available, int64(500))
}

func rebuildGivesTheSameStates(t *testing.T, in *installation, _ history, _ map[string]balance) {
	before := in.balances(ownNow)
	in.must("rebuild")
	equal(t, "balances", in.balances(ownNow), before)
	in.audited()
	in.feed(history{registered("2026-06-09 12:00:00", "reg-joe", "joe")}, "")
	equal(t, "joe", in.balances(ownNow)["joe"].Available, int64(50))
	in.audited()
}

func brokenRulebookPublishesNothing(t *testing.T, in *installation, _ history, _ map[string]balance) {
	book, err := os.ReadFile(testdata(t, "book.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	before := len(in.cat(topics.RulebookV1))
	text := strings.Replace(string(book), "version: 2024-01", "version: 2027-01", 1)
	broken := in.file("broken.yaml", strings.Replace(text, "mode: step", "mode: stairs", 1))
	_, faults, code := in.call("rules", "publish", broken)
	line := 1 + strings.Count(text[:strings.Index(text, "mode: step")], "\n")
	equal(t, "exit code", code, 1)
	for _, word := range []string{fmt.Sprintf("broken.yaml:%d:", line), "stairs", "step"} {
		if !strings.Contains(faults, word) {
			t.Errorf("it does not say %q:\n%s", word, faults)
		}
	}
	soon := in.file("soon.yaml", strings.Replace(text, "2024-01-01T00:00:00+08:00", "2026-06-10T12:05:00+08:00", 1))
	if _, faults, code = in.call("rules", "publish", soon, "--set", "program.now="+ownNow); code != 1 {
		t.Errorf("a version that starts in five minutes was published: %s", faults)
	}
	changed := in.file("changed.yaml", strings.Replace(string(book), "points: 100,", "points: 200,", 1))
	if _, faults, code = in.call("rules", "publish", changed); code != 1 {
		t.Errorf("a published version was changed: %s", faults)
	}
	in.publish("book.yaml") // the same again
	equal(t, "versions", len(in.cat(topics.RulebookV1)), before)
}
