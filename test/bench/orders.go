package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"jifen/topics"
)

// Load says which orders are generated: the same load gives the same orders, their times aside.
type Load struct {
	Events  int     // that are counted; a tenth more goes before them, uncounted
	Members int     // who buy
	Zipf    float64 // exponent of the law by which they do, > 1: rank k buys in proportion to k^-Zipf
	Seed    uint64
}

// Totals are what the generated orders come to, by plain arithmetic and nothing of ours.
type Totals struct {
	Events int64 `json:"events"`
	Bytes  int64 `json:"json_bytes"`
	Net    int64 `json:"net"`    // pence
	Points int64 `json:"points"` // one for each full pound of an order
}

// orders generates paid orders of two or three lines.
type orders struct {
	Totals
	random *rand.Rand
	rank   *rand.Zipf
	run    string
	at     time.Time
}

// pencePerPoint is the arithmetic of the demo's rulebook: £1 → 1 point, one floor per order.
const pencePerPoint = 100

func newOrders(l Load, start time.Time) *orders {
	random := rand.New(rand.NewPCG(l.Seed, 0x6a6966656e)) //nolint:gosec // a load that can be had again, no secret
	return &orders{
		random: random, rank: rand.NewZipf(random, l.Zipf, 1, uint64(l.Members-1)), //nolint:gosec // positive: checked
		run: strconv.FormatInt(start.Unix(), 36), at: start,
	}
}

// next is one more order, a millisecond after the one before.
func (o *orders) next() topics.Record {
	return o.of("m" + strconv.FormatUint(1_000_000+o.rank.Uint64(), 10))
}

// of is one more order of a given member.
func (o *orders) of(member string) topics.Record { return o.worth(member, 0) }

// worth is one more order of a given member, whose first line comes to so many pence more.
func (o *orders) worth(member string, pence int64) topics.Record {
	o.at = o.at.Add(time.Millisecond)
	n := strconv.FormatInt(1_000_000+o.Events, 10)
	e := topics.Event{
		Source: "/shops/bench", ID: "e-" + o.run + "-" + n, Type: topics.TypeOrderPaid, Time: o.at,
		Data: topics.Data{
			Order: "O-" + o.run + "-" + n, Member: member, Currency: "GBP", Freight: 395,
			Store: fmt.Sprintf("GB-LON-%03d", o.random.IntN(200)), Channel: channels[o.random.IntN(len(channels))],
		},
	}
	var net int64
	for line := range 2 + o.random.IntN(2) {
		l := topics.Line{
			Line: strconv.Itoa(line + 1), SKU: fmt.Sprintf("GIFT-%05d-%s", o.random.IntN(4000), colours[o.random.IntN(len(colours))]),
			Category: categories[o.random.IntN(len(categories))], Tags: []string{"autumn-2026", "gift", "made-in-uk"},
			Quantity: 1 + o.random.Int64N(12), Net: 85 + o.random.Int64N(4000),
		}
		if line == 0 {
			l.Net += pence
		}
		net += l.Net
		e.Data.Lines = append(e.Data.Lines, l)
	}
	r := topics.Encode(&e)
	o.Events++
	o.Bytes += int64(len(r.Value))
	o.Net += net
	o.Points += net / pencePerPoint
	return r
}

var (
	channels   = [...]string{"pos", "web", "app", "mini-program"}
	colours    = [...]string{"white", "red", "ivory", "turquoise", "vintage-blue"}
	categories = [...]string{"kitchen", "lighting", "stationery", "christmas", "garden"}
)
