// Package chaos_test kills, stops and empties what Jifen is made of, while orders and redemptions stream: real processes
// on Apache Kafka, Redis and the ClickHouse engine. After each fault the ledger is held against Redis and ClickHouse, and
// against what the test itself knows: what each member must have earned, and which redemptions were acknowledged.
//
// All tests share one installation and leave it whole. JIFEN_CHAOS_ROUNDS is how often each process is killed at each
// failpoint (4), JIFEN_CHAOS_FULL=1 stops the servers for 60 s instead of 10 and has 20,000 requests come to the flash sale,
// JIFEN_SEED repeats the random choices.
package chaos_test

import (
	"log/slog"
	"testing"

	"jifen/internal/testkit"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // what our own clients say while Kafka is away
	testkit.Main(m)
}
