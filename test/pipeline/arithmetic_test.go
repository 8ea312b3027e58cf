package pipeline_test

import (
	"fmt"
	"testing"

	"jifen/internal/kafka"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// postings are what a member's entries of a kind moved on an account, in their order.
func (in *installation) postings(member, kind, account string) (all []string) {
	in.t.Helper()
	for _, e := range in.booked(member, kind) {
		points := "0"
		list, _ := e["postings"].([]any)
		for _, p := range list {
			if p := p.(map[string]any); p["account"] == account {
				points = fmt.Sprint(p["points"])
			}
		}
		all = append(all, points)
	}
	return all
}

func silver(member string) event {
	return paid("2026-01-02 10:00:00", member, "silver-"+member, line{"other", 600000})
}

// arithmeticVectors are those of rounding, stacking, sales that end, and returns in parts (§1, §4, §7 to §9).
func arithmeticVectors(t *testing.T) {
	v := program(t, "book-arithmetic.yaml", false)
	const now = "2026-06-21T00:05:00+08:00"
	v.clock(now)
	v.send(silver("E2"), silver("B3"), silver("C2"), silver("T4"))
	v.feed(history{ // live: what arrives at 00:05 has happened before midnight, or at it
		paid("2026-06-20 23:59:59.9", "V1", "V1", line{"sale", 29900}), paid("2026-06-21 00:00:00.000", "V2", "V2", line{"sale", 29900}),
		paid("2026-06-17 23:59:59.9", "V1-before", "V1-before", line{"sale", 29900}), paid("2026-06-18 00:00:00", "V1-first", "V1-first", line{"sale", 29900}),
		paid("2026-06-20 10:00:00", "E2", "E2", line{"exact", 29900}), paid("2026-06-20 10:00:00", "E4", "E4", line{"hundred", 435}),
		nights("2026-06-20 10:00:00", "B3", "B3", 1), nights("2026-06-20 10:00:00", "T4", "T4", 1),
		paid("2026-06-20 10:00:00", "C2", "C2", line{"basic", 29900}, line{"new", 45500}), paid("2026-06-20 10:00:00", "C3", "C3", line{"basic", 7000}),
	}, "")
	t.Run("E2", func(t *testing.T) { v.has(t, "E2", now, balance{Available: 44, Tier: "silver"}) })
	t.Run("E4", func(t *testing.T) { v.has(t, "E4", now, balance{Available: 435, Tier: "normal"}) })
	t.Run("B3", func(t *testing.T) {
		v.has(t, "B3", now, balance{Available: 450, Tier: "silver"})
		x := v.booked("B3", "GRANTED")[0]["arithmetic"].(map[string]any)
		equal(t, "campaigns", x["campaigns"], any([]any{"triple"}))
	})
	t.Run("V1", func(t *testing.T) {
		v.has(t, "V1", now, balance{Available: 58, Tier: "normal"})
		v.has(t, "V1-first", now, balance{Available: 58, Tier: "normal"})
		v.has(t, "V1-before", now, balance{Available: 29, Tier: "normal"})
	})
	t.Run("V2", func(t *testing.T) { v.has(t, "V2", now, balance{Available: 29, Tier: "normal"}) })
	t.Run("T4", func(t *testing.T) {
		v.has(t, "T4", now, balance{Available: 450, Tier: "silver"})
		v.spend("T4", "T4-all", 450)
		v.has(t, "T4", now, balance{Tier: "silver"})
		v.has(t, "T4", "2026-06-22T00:00:00+08:00", balance{Tier: "silver"})
	})
	t.Run("C2", func(t *testing.T) {
		v.has(t, "C2", now, balance{Available: 179, Tier: "silver"})
		for i, net := range []int64{10000, 10000, 25500} {
			v.send(refunded("2026-06-20 11:00:00", "C2", "C2", fmt.Sprint("C2-", i), 0, net))
		}
		equal(t, "taken back", v.postings("C2", "REVERSED", "AVAILABLE"), []string{"-30", "-30", "-76"})
		v.has(t, "C2", now, balance{Available: 43, Tier: "silver"})
	})
	t.Run("C3", func(t *testing.T) { v.tenRefunds(t, now) })
	v.audited()
}

// tenRefunds is vector C3: 7 points for ¥70, given back ¥7 at a time: 1,1,1,0,1,1,0,1,1,0.
func (v *vectors) tenRefunds(t *testing.T, now string) {
	var took []int64
	left := v.balances(now)["C3"].Available
	equal(t, "earned", left, int64(7))
	for i := range 10 {
		v.send(refunded("2026-06-20 11:00:00", "C3", "C3", fmt.Sprint("C3-", i), 700))
		b := v.balances(now)["C3"]
		took = append(took, left-b.Available)
		left = b.Available
		equal(t, "debt", b.Debt, int64(0))
	}
	equal(t, "taken back", took, []int64{1, 1, 1, 0, 1, 1, 0, 1, 1, 0})
}

// lotVectors are those of lots that expire at different instants (§2, §4).
func lotVectors(t *testing.T) {
	v := program(t, "book-arithmetic.yaml", false)
	const january, march = "2026-01-15T12:00:00+08:00", "2026-03-04T09:00:00+08:00"
	v.clock(january)
	v.send(
		paid("2025-02-28 10:00:00", "L3", "A", line{"basic", 100000}), paid("2025-03-31 10:00:00", "L3", "B", line{"ten-months", 50000}),
		paid("2025-04-01 10:00:00", "L3", "C", line{"for-ever", 200000}), paid("2025-02-28 10:00:00", "L4", "L4", line{"basic", 100000}),
		paid("2025-02-28 10:00:00", "C5", "C5", line{"basic", 50000}, line{"basic", 129000}),
	)
	t.Run("L3", func(t *testing.T) {
		v.spend("L3", "L3-spend", 120)
		v.has(t, "L3", january, balance{Available: 230, Tier: "normal"})
		var used []string
		for _, l := range v.booked("L3", "REDEEMED")[0]["postings"].([]any) {
			if l := l.(map[string]any); l["account"] == "AVAILABLE" {
				used = append(used, fmt.Sprint(l["lot"], ": ", l["points"]))
			}
		}
		equal(t, "which lots paid", used, []string{"2: -50", "1: -70"})
		v.has(t, "L3", "2026-02-01T00:00:00+08:00", balance{Available: 230, Tier: "normal"})
		v.has(t, "L3", "2026-02-28T23:59:58+08:00", balance{Available: 230, Tier: "normal"})
		v.has(t, "L3", "2026-03-01T00:00:00+08:00", balance{Available: 200, Tier: "normal"})
	})
	v.spend("C5", "C5-spend", 100)
	v.stop()
	v.submit(debit("L4", "L4-spend", 100)) // while the owner is down, three days over the expiry
	v.clock(march)
	v.drained()
	t.Run("L4", func(t *testing.T) {
		equal(t, "refused", v.booked("L4", "REFUSED")[0]["redemption"].(map[string]any)["outcome"], any("insufficient_points"))
		v.has(t, "L4", march, balance{Tier: "normal"})
		expired := v.booked("L4", "EXPIRED")
		equal(t, "expired", v.postings("L4", "EXPIRED", "AVAILABLE"), []string{"-100"})
		equal(t, "dated", expired[0]["effectiveAt"], any("1772294400000")) // 2026-03-01T00:00+08:00
	})
	t.Run("C5", func(t *testing.T) {
		v.has(t, "C5", march, balance{Tier: "normal"})
		v.send(refunded("2026-03-03 10:00:00", "C5", "C5", "C5-50", 50000))
		v.has(t, "C5", march, balance{Tier: "normal"})
		equal(t, "absorbed", v.postings("C5", "REVERSED", "BREAKAGE"), []string{"-50"})
		v.send(refunded("2026-03-03 11:00:00", "C5", "C5", "C5-129", 0, 129000))
		v.has(t, "C5", march, balance{Debt: 100, Tier: "normal"})
		equal(t, "absorbed, then as debt", []any{v.postings("C5", "REVERSED", "BREAKAGE")[1], v.postings("C5", "REVERSED", "DEBT")[1]}, []any{"-29", "-100"})
	})
	v.audited()
}

// debit is the second step of a redemption, as a request of its own.
func debit(member, id string, points int64) *pointspb.Request {
	return &pointspb.Request{Account: topics.MemberAccount(member), Id: id, What: &pointspb.Request_Debit{Debit: &pointspb.DebitRequest{
		Redemption: id, Item: "none", Quantity: 1, BodyHash: []byte(id), Prices: &pointspb.PriceList{Version: 1, Base: points},
	}}}
}

// submit produces requests and does not wait for anybody to decide them.
func (in *installation) submit(requests ...*pointspb.Request) {
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
}
