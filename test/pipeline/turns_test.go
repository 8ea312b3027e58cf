package pipeline_test

import (
	"fmt"
	"testing"
	"time"
)

// TestStagesTakeTurns: credits by itself, an owner that evaluates, and credits by itself again go on where the other was, and
// evaluate no event a second time (decision 0048).
func TestStagesTakeTurns(t *testing.T) {
	v := program(t, "book.yaml", false)
	const evaluated = `jifen_credits_events_total{type="shop.order.paid.v1"}`
	for n, stages := range []string{"credits", "credits,balances", "credits", "credits,balances"} {
		v.stop()
		v.running = v.run(raceNow, stages)
		event := history{paid("2026-03-02 10:00:00", "ana", fmt.Sprint("O", n), line{"basic", 10000})}
		v.must("produce", v.file("events.jsonl", event.text()), "--backfill", "vectors")
		v.await("it is evaluated", v.running, func() bool { return v.metric(evaluated) != "" })
		time.Sleep(500 * time.Millisecond) // for those that may come again
		equal(t, fmt.Sprint("turn ", n, ", of ", stages), v.metric(evaluated), evaluated+" 1")
	}
	v.drained()
	v.has(t, "ana", raceNow, balance{Available: 40, Tier: "normal"})
	v.audited()
}

// TestFeedIsGivenWhatItsOwnerCommits in one process, and ClickHouse has all of it (decision 0049).
func TestFeedIsGivenWhatItsOwnerCommits(t *testing.T) {
	v := program(t, "book.yaml", true)
	v.running = v.run(raceNow, "credits,balances,analytics")
	n := 0
	v.await("records are handed over", v.running, func() bool {
		v.send(paid("2026-03-02 10:00:00", fmt.Sprint("m", n%7), fmt.Sprint("O", n), line{"basic", 10000}))
		n++
		return v.metric(`jifen_feed_records_total{way="handed_over"}`) != ""
	})
	v.audited()
	v.await("ClickHouse has the events", v.running, func() bool {
		return v.rows("SELECT count(), uniqExact(topic, partition, record_offset) FROM shop_events") == fmt.Sprintf("%d\t%d\n", n, n)
	})
}
