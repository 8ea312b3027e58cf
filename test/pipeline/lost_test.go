package pipeline_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"jifen/internal/httpapi"
	"jifen/internal/testkit"
	"jifen/topics/pointspb"
)

// deaf puts a proxy before a server that loses, of five replies to requests with one of the words, the first, third and
// fourth: so one retry is answered, and one is lost too.
func deaf(t *testing.T, server string, words ...string) *testkit.Deaf {
	t.Helper()
	asked := make([]atomic.Int64, len(words))
	return testkit.StartDeaf(t, server, func(request []byte) bool {
		head := bytes.ToUpper(request[:min(len(request), 1<<10)])
		for i, word := range words {
			if bytes.Contains(head, []byte(word)) {
				n := asked[i].Add(1) % 5
				return n == 1 || n == 3 || n == 4
			}
		}
		return false
	})
}

// lostVectors are those of replies that never come (§6): what has been written is written again, and stands there once.
func lostVectors(t *testing.T) {
	calm, shaken := program(t, "book.yaml", false), program(t, "book.yaml", true)
	redis := deaf(t, shaken.redis.Addr(), "MULTI\r\n")
	engine := deaf(t, shaken.engine.Addr(), "INSERT+INTO+LEDGER", "INSERT+INTO+SHOP_EVENTS")
	calm.clock(raceNow)
	direct := shaken.env
	shaken.env = append(shaken.env[:len(shaken.env):len(shaken.env)], "JIFEN_REDIS_ADDRS="+redis.Addr(), "JIFEN_CLICKHOUSE_DSN=http://"+engine.Addr()+"/jifen")
	shaken.run3(raceNow)
	shaken.env = direct // only the pipeline hears badly
	for n := range 8 {
		for _, v := range []*vectors{calm, shaken} {
			v.send(unrest(n)...)
			v.spend(fmt.Sprint("m", n%4), fmt.Sprint("spend-", n), 20)
		}
	}
	want := calm.balances(raceNow)
	t.Run("K3", func(t *testing.T) {
		shaken.await("Redis has all", shaken.running, func() bool { return fmt.Sprint(shaken.balances(raceNow)) == fmt.Sprint(want) })
		equal(t, "entries", shaken.entryIDs(), calm.entryIDs())
		for shard, seqs := range shaken.seqs() {
			for i, seq := range seqs {
				equal(t, fmt.Sprint("seq of entry ", i, " of shard ", shard), seq, fmt.Sprint(i+1))
			}
		}
		lost(t, redis, 4)
	})
	t.Run("K5", func(t *testing.T) {
		shaken.audited() // waits until ClickHouse has all
		all := shaken.entries()
		var points int64
		for _, b := range want {
			points += b.Available + b.Pending - b.Debt
		}
		equal(t, "rows, different ones, Σ", shaken.rows("SELECT count(), uniqExact(shard, seq), sum(points) FROM ledger"),
			fmt.Sprintf("%d\t%d\t%d\n", len(all), len(all), points))
		events := fmt.Sprintf("%d\t%d\n", len(shaken.history), len(shaken.history))
		shaken.await("ClickHouse has the events, each once: "+events, shaken.running, func() bool {
			return shaken.rows("SELECT count(), uniqExact(topic, partition, record_offset) FROM shop_events") == events
		})
		lost(t, engine, 2) // of each table the first
	})
	shaken.stop()
	t.Run("K4", func(t *testing.T) { flushed(t, shaken, want) })
}

// lost fails unless so many replies were lost.
func lost(t *testing.T, d *testkit.Deaf, least int64) {
	t.Helper()
	t.Logf("%d replies lost", d.Lost())
	if d.Lost() < least {
		t.Errorf("only %d replies were lost", d.Lost())
	}
}

// seqs are those of the ledger's entries by shard, in the order of the log.
func (in *installation) seqs() map[string][]string {
	in.t.Helper()
	out := map[string][]string{}
	for _, r := range in.entries() {
		shard := fmt.Sprint(r["partition"])
		out[shard] = append(out[shard], fmt.Sprint(r["value"].(map[string]any)["seq"]))
	}
	return out
}

// flushed is vector K4: Redis is emptied while nobody owns the shards: a balance is marked, a redemption gets no answer. The
// owners rebuild it before they decide. Then it is emptied under them, and every member asks twice for more than half of what
// they have: one is admitted, whatever Redis held when it came.
func flushed(t *testing.T, v *vectors, before map[string]balance) {
	v.run3(raceNow)
	v.items(map[string]any{"id": "pen", "price": 1, "stock": 10})
	a := v.serve(raceNow)
	v.stop()
	v.flush()
	stale := a.get("m0", "/v1/me/balance")
	equal(t, "marked", stale["stale"], any(true))
	for _, key := range []string{"while it is empty", "once more"} {
		status, answer := a.call("m0", httpapi.RoleMember, http.MethodPost, "/v1/redemptions", `{"item":"pen","quantity":1}`, "Idempotency-Key", key)
		if status != http.StatusServiceUnavailable && status != http.StatusAccepted {
			t.Errorf("nobody can decide, and the answer is %d %v", status, answer)
		}
	}
	equal(t, "redeemed meanwhile", v.stock("pen"), "10 free, 0 reserved, 0 sold")
	v.run3(raceNow)
	v.drained()
	equal(t, "rebuilt", v.balances(raceNow), before)
	v.audited()
	for round := range 2 {
		v.flush()
		var asked []*pointspb.Request
		for m, b := range before {
			for _, which := range []string{"a", "b"} {
				asked = append(asked, debit(m, fmt.Sprint("flush-", round, which, m), b.Available/2+1))
			}
			b.Available -= b.Available/2 + 1
			before[m] = b
		}
		v.ask(asked...)
		equal(t, "rebuilt, less what was spent", v.balances(raceNow), before)
		for m := range before {
			equal(t, m+" was admitted, was refused", []int{v.decided(m, "REDEEMED", round), v.decided(m, "REFUSED", round)}, []int{1, 1})
		}
		v.audited()
	}
}

// flush empties Redis.
func (v *vectors) flush() {
	v.t.Helper()
	equal(v.t, "FLUSHALL", v.redisCommand("FLUSHALL"), "+OK")
}

// decided counts a member's entries of a kind for the spends of a round.
func (v *vectors) decided(member, kind string, round int) (n int) {
	v.t.Helper()
	for _, e := range v.booked(member, kind) {
		if id, ok := e["redemption"].(map[string]any)["id"].(string); ok && strings.HasPrefix(id, fmt.Sprint("flush-", round)) {
			n++
		}
	}
	return n
}
