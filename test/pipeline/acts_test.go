package pipeline_test

import (
	"testing"

	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// ask sends requests to members' shards and waits until they are decided.
func (in *installation) ask(requests ...*pointspb.Request) {
	in.t.Helper()
	producer, err := kafka.NewProducer(in.kafka())
	if err != nil {
		in.t.Fatal(err)
	}
	defer producer.Close()
	var records []topics.Record
	for _, r := range requests {
		value, err := r.MarshalVT()
		if err != nil {
			in.t.Fatal(err)
		}
		records = append(records, topics.Record{Topic: topics.Requests, Partition: topics.Shard(r.Account, shards), Key: []byte(r.Account), Value: value})
	}
	if err := producer.Produce(in.t.Context(), records); err != nil {
		in.t.Fatal(err)
	}
	in.drained()
}

func freeze(member, id, scope string, reviewBy int64) *pointspb.Request {
	return &pointspb.Request{Account: topics.MemberAccount(member), Id: id, Actor: "sue", What: &pointspb.Request_Freeze{Freeze: &pointspb.ActFacts{
		Scope: scope, Reason: "velocity", Evidence: "case-1", ReviewBy: reviewBy,
	}}}
}

func unfreeze(member, id, of string) *pointspb.Request {
	return &pointspb.Request{Account: topics.MemberAccount(member), Id: id, Actor: "ron", What: &pointspb.Request_Unfreeze{Unfreeze: &pointspb.ActFacts{
		Of: of, Reason: "cleared",
	}}}
}

// reviewBy is 2026-04-01T00:00+08:00.
const reviewBy = 1774972800000

// actVectors are those of §10 that requests drive.
func actVectors(t *testing.T) {
	v := program(t, "book.yaml", true)
	v.run3("2026-02-20T12:00:00+08:00")
	v.send(
		nights("2025-02-28 10:00:00", "F1", "F1", 1), // 100 points that expire on 03-01
		nights("2026-02-01 10:00:00", "F2", "F2", 1),
		nights("2025-06-01 10:00:00", "C7-b", "C7", 1), nights("2026-02-01 10:00:00", "C7-a", "C7", 1), // the first expires first
	)
	t.Run("F2", func(t *testing.T) {
		v.ask(freeze("F2", "F2-freeze", ledger.ScopeAccount, reviewBy))
		v.spend("F2", "F2-spend", 10)
		equal(t, "refused", v.booked("F2", "REFUSED")[0]["redemption"].(map[string]any)["outcome"], any("frozen"))
		v.send(nights("2026-02-20 11:00:00", "F2-more", "F2", 1))
		v.has(t, "F2", "2026-02-20T12:00:00+08:00", balance{Available: 200, Tier: "normal"})
	})
	freezes := freeze("F1", "F1-freeze", ledger.ScopeLots, reviewBy)
	v.ask(freezes, freezes)
	v.run3("2026-03-10T10:00:00+08:00")
	t.Run("F1", func(t *testing.T) {
		v.has(t, "F1", "2026-03-10T10:00:00+08:00", balance{Frozen: 100, Tier: "normal"})
		equal(t, "frozen once", len(v.booked("F1", "FROZEN")), 1)
		v.ask(unfreeze("F1", "F1-release", "F1-freeze"))
		v.has(t, "F1", "2026-03-17T23:59:58+08:00", balance{Available: 100, Tier: "normal"}) // the last valid day
		v.has(t, "F1", "2026-03-18T00:00:00+08:00", balance{Tier: "normal"})
	})
	t.Run("C7", func(t *testing.T) { v.returned(t, "2026-03-10T10:00:00+08:00") })
	v.ask(unfreeze("F2", "F2-release", "F2-freeze"))
	v.spend("F2", "F2-spend-again", 10)
	v.has(t, "F2", "2026-03-10T10:00:00+08:00", balance{Available: 190, Tier: "normal"})
	v.audited()
}

// returned is vector C7: a redemption of 120 used 100 of the one lot and 20 of the other; 60 of it are returned, then more.
func (v *vectors) returned(t *testing.T, now string) {
	v.spend("C7", "C7-spend", 120)
	v.has(t, "C7", now, balance{Available: 80, Tier: "normal"})
	back := func(id string, points int64) *pointspb.Request {
		return &pointspb.Request{Account: "member:C7", Id: "C7-return-" + id, What: &pointspb.Request_Restore{Restore: &pointspb.RestoreRequest{
			Redemption: "C7-spend", ReturnId: id, Points: points,
		}}}
	}
	v.ask(back("1", 60), back("1", 60), back("2", 61))
	v.has(t, "C7", now, balance{Available: 140, Tier: "normal"})
	restored := v.booked("C7", "RESTORED")
	equal(t, "restored once", len(restored), 1)
	var lots []any
	for _, l := range restored[0]["lots"].([]any) {
		lots = append(lots, l.(map[string]any)["expiresAt"])
	}
	// 2027-02-02 and 2026-06-02 in Shanghai: last consumed first, each with its own expiry
	equal(t, "expiries", lots, []any{"1801497600000", "1780329600000"})
	equal(t, "refused", v.booked("C7", "REFUSED")[0]["return"].(map[string]any)["outcome"], any("too_much"))
	v.ask(back("3", 60))
	v.has(t, "C7", now, balance{Available: 200, Tier: "normal"})
}

// run3 is clock with the feed of ClickHouse.
func (v *vectors) run3(now string) {
	v.t.Helper()
	v.stop()
	v.running = v.run(now, "credits,balances,analytics")
}
