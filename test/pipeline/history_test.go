package pipeline_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// event is a CloudEvent in structured JSON.
type event map[string]any

// history is a file of events.
type history []event

func (h history) text() string {
	var b strings.Builder
	for _, e := range h {
		line, err := json.Marshal(e)
		if err != nil {
			fmt.Fprintln(&b, err)
			continue
		}
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// at makes an event; times are in the program's zone, "2026-03-01 10:00:00".
func at(time, id, typ string, data map[string]any) event {
	return event{
		"specversion": "1.0", "id": id, "source": "/shops/test", "type": typ, "time": strings.Replace(time, " ", "T", 1) + "+08:00",
		"datacontenttype": "application/json", "data": data,
	}
}

// line is a line of an order: category and net in fen.
type line struct {
	category string
	net      int64
}

func paid(time, member, order string, lines ...line) event {
	var all []map[string]any
	for i, l := range lines {
		all = append(all, map[string]any{"line": fmt.Sprint(i + 1), "sku": "S", "category": l.category, "quantity": 1, "net": l.net})
	}
	return at(time, "paid-"+order, "shop.order.paid.v1", map[string]any{
		"order": order, "member": member, "store": "SH01", "channel": "pos", "currency": "CNY", "lines": all, "freight": 1000,
	})
}

// refunded gives back amounts by line, from the first on; 0 for none.
func refunded(time, member, order, id string, nets ...int64) event {
	var all []map[string]any
	for i, n := range nets {
		if n > 0 {
			all = append(all, map[string]any{"line": fmt.Sprint(i + 1), "net": n})
		}
	}
	return at(time, "refund-"+id, "shop.order.refunded.v1", map[string]any{"order": order, "member": member, "refund": id, "lines": all})
}

func (e event) backfill(run string) event { return e.with("backfill", run) }

func (e event) with(attribute string, value any) event {
	out := event{}
	for k, v := range e {
		out[k] = v
	}
	out[attribute] = value
	return out
}

// withData changes a member of the data.
func (e event) withData(name string, value any) event {
	data := map[string]any{}
	for k, v := range e["data"].(map[string]any) {
		data[k] = v
	}
	data[name] = value
	return e.with("data", data)
}

func share(time, id, member, product string) event {
	return at(time, id, "shop.share.created.v1", map[string]any{"member": member, "product": product, "platform": "wechat", "token": "t-" + id})
}

func review(time, id, member, order string, length int) event {
	return at(time, id, "shop.review.published.v1", map[string]any{
		"review": id, "member": member, "order": order, "line": "1", "sku": "S", "rating": 5, "length": length, "pictures": 0,
	})
}

func registered(time, id, member string) event {
	return at(time, id, "shop.member.registered.v1", map[string]any{"member": member})
}

func nights(time, id, member string, n int) event {
	return at(time, id, "shop.activity.v1", map[string]any{"member": member, "activity": "hotel_night", "quantity": n})
}

const ownNow = "2026-06-10T12:00:00+08:00"

// ownHistory has one member for each thing that can happen; the balances beside it were computed by hand.
func ownHistory() (history, map[string]balance, map[string]int) {
	bad := paid("2026-06-09 10:00:00", "eve", "bad", line{"basic", 100000})
	h := history{
		// ana crosses silver: ¥4,900 → 490, ¥300 → 30 at normal, ¥300 → ⌊30 × 1.5⌋ = 45 at silver.
		paid("2026-03-01 10:00:00", "ana", "A0", line{"basic", 490000}).backfill("run"),
		paid("2026-03-02 10:00:00", "ana", "A1", line{"basic", 30000}).backfill("run"),
		paid("2026-03-03 10:00:00", "ana", "A2", line{"basic", 30000}).backfill("run"),
		// ben is silver by goods that earn nothing, buys for 43 + 136 and returns the ¥455 item.
		paid("2026-01-05 10:00:00", "ben", "B0", line{"other", 600000}).backfill("run"),
		paid("2026-05-26 11:00:55", "ben", "B1", line{"basic", 29900}, line{"new", 45500}).backfill("run"),
		refunded("2026-05-30 09:00:00", "ben", "B1", "R1", 0, 45500).backfill("run"),
		// cat's 100 points of a year ago have expired, 5 have not.
		paid("2025-05-26 11:00:55", "cat", "C0", line{"basic", 100000}).backfill("run"),
		paid("2026-06-05 11:00:55", "cat", "C1", line{"basic", 5000}),
		// dan's order comes twice, and once more under another event id.
		paid("2026-06-05 12:00:00", "dan", "D0", line{"basic", 9990}),
		paid("2026-06-05 12:00:00", "dan", "D0", line{"basic", 9990}),
		paid("2026-06-05 12:00:00", "dan", "D0", line{"basic", 9990}).with("id", "another"),
		// eve sends what cannot be used, and registers.
		paid("2026-05-01 10:00:00", "eve", "late", line{"basic", 100000}),
		paid("2026-06-10 13:00:00", "eve", "early", line{"basic", 100000}),
		bad.withData("currency", "GBP").with("id", "gbp"),
		paid("2026-06-09 10:00:00", "eve", "negative", line{"basic", -1}),
		paid("2026-06-09 10:00:00", "eve", "huge", line{"basic", 1_000_000_000_001}),
		bad.with("type", "shop.order.lost.v1"),
		bad.withData("lines", "none").with("id", "lines"),
		bad.with("specversion", "0.3").with("id", "spec"),
		registered("2026-06-09 10:00:00", "reg-eve", "eve"),
		// fay's refund of ¥100 comes before her order of ¥200.
		refunded("2026-06-06 10:00:00", "fay", "F0", "R9", 10000),
		paid("2026-06-05 10:00:00", "fay", "F0", line{"basic", 20000}),
		// hal: two nights, three shares of which one repeats, a review that is long enough and one that is not, one welcome.
		nights("2026-06-05 10:00:00", "n1", "hal", 2),
		share("2026-06-05 10:00:00", "s1", "hal", "P"), share("2026-06-05 23:59:59", "s2", "hal", "P"), share("2026-06-06 00:00:00", "s3", "hal", "P"),
		review("2026-06-05 10:00:00", "v1", "hal", "O1", 15), review("2026-06-05 10:00:00", "v2", "hal", "O2", 14),
		registered("2026-06-05 10:00:00", "r1", "hal"), registered("2026-06-06 10:00:00", "r2", "hal"),
		// ivy buys new goods in June: ⌊10 × 2⌋, and on its eve: 10.
		paid("2026-06-05 10:00:00", "ivy", "I1", line{"new", 5000}),
		paid("2026-05-31 23:59:59", "ivy", "I0", line{"new", 5000}).backfill("run"),
	}
	want := map[string]balance{}
	for _, b := range []balance{
		{Member: "ana", Available: 565, Tier: "silver"},
		{Member: "ben", Available: 43, Tier: "silver"},
		{Member: "cat", Available: 5, Tier: "normal"},
		{Member: "dan", Available: 9, Tier: "normal"},
		{Member: "eve", Available: 50, Tier: "normal"},
		{Member: "fay", Available: 10, Tier: "normal"},
		{Member: "hal", Available: 290, Tier: "normal"},
		{Member: "ivy", Available: 30, Tier: "normal"},
	} {
		want[b.Member] = b
	}
	return h, want, map[string]int{"TOO_OLD": 1, "FUTURE": 1, "RANGE": 3, "UNKNOWN_TYPE": 1, "SCHEMA": 2}
}

func csvOf(want map[string]balance, order ...string) string {
	var b strings.Builder
	b.WriteString("member,available,pending,frozen,debt,tier\n")
	for _, m := range order {
		x := want[m]
		fmt.Fprintf(&b, "%s,%d,%d,%d,%d,%s\n", m, x.Available, x.Pending, x.Frozen, x.Debt, x.Tier)
	}
	return b.String()
}

func TestHistoryIsWrittenAsCloudEvents(t *testing.T) {
	text := history{registered("2026-06-05 10:00:00", "r", "m")}.text()
	equal(t, "line", text, `{"data":{"member":"m"},"datacontenttype":"application/json","id":"r","source":"/shops/test","specversion":"1.0",`+
		`"time":"2026-06-05T10:00:00+08:00","type":"shop.member.registered.v1"}`+"\n")
}
