package orderimport

import (
	"bytes"
	"compress/gzip"
	"context"
	"reflect"
	"testing"
	"time"

	"jifen/test/data"
	"jifen/topics"
)

func retailMap(t testing.TB) Map {
	t.Helper()
	m, err := ParseMap(data.OrdersMapName, data.OrdersMap)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func runAll(t testing.TB, opt Options) ([]topics.Event, Summary) {
	t.Helper()
	var events []topics.Event
	opt.Emit = func(batch []topics.Event) error {
		events = append(events, batch...)
		return nil
	}
	summary, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if summary.Events != len(events) {
		t.Fatalf("%d events emitted, the summary says %d", len(events), summary.Events)
	}
	return events, summary
}

// pence are the points of £1 → 1 point, step, one floor per order, with pinned cumulative clawback.
type pence struct{ kept, paid, reversed int64 }

// TestRetailWeekGivesTheIndependentFigures compares with what an independent computation over the file gave (issue 3).
func TestRetailWeekGivesTheIndependentFigures(t *testing.T) {
	events, summary := runAll(t, Options{CSV: bytes.NewReader(data.Orders), Map: retailMap(t)})
	if _, again := runAll(t, Options{CSV: bytes.NewReader(data.Orders), Map: retailMap(t)}); !reflect.DeepEqual(again, summary) {
		t.Fatalf("another run: %+v, want %+v", again, summary)
	}
	want := Summary{
		Backfill: summary.Backfill, Events: summary.Events, Lines: summary.Lines, Rejected: map[string]int{},
		Rows: 14594, OrdersPaid: 531, MembersWithOrders: 396, OrdersWithoutMember: 32, RefundOrders: 70,
		RefundLinesMatched: 28, RefundLinesUnmatched: 122, RefundLinesWithoutMember: 24, LinesLeftOut: 124,
	}
	if !reflect.DeepEqual(summary, want) {
		t.Fatalf("got  %+v\nwant %+v", summary, want)
	}
	granted, reversed := points(t, events)
	if granted != 197332 || reversed != 619 {
		t.Fatalf("granted %d, reversed %d; want 197332 and 619", granted, reversed)
	}
}

func points(t *testing.T, events []topics.Event) (granted, reversed int64) {
	orders := map[string]*pence{}
	lines := map[[2]string]int64{}
	for _, e := range events {
		o := orders[e.Data.Order]
		if e.Type == topics.TypeOrderPaid {
			o = &pence{}
			orders[e.Data.Order] = o
		}
		for _, l := range e.Data.Lines {
			key := [2]string{e.Data.Order, l.Line}
			if e.Type == topics.TypeOrderPaid {
				o.paid += l.Net
				lines[key] = l.Net
				continue
			}
			o.kept -= l.Net
			if lines[key] -= l.Net; lines[key] < 0 {
				t.Fatalf("more is given back of %v than was paid", key)
			}
		}
		if e.Type == topics.TypeOrderPaid {
			o.kept = o.paid
			granted += o.paid / 100
			continue
		}
		delta := o.paid/100 - o.kept/100 - o.reversed
		o.reversed += delta
		reversed += delta
	}
	return granted, reversed
}

// TestRetailWeekIsDecodable sends every event through the contract, and checks ids, order and zone.
func TestRetailWeekIsDecodable(t *testing.T) {
	events, summary := runAll(t, Options{CSV: bytes.NewReader(data.Orders), Map: retailMap(t)})
	ids := map[string]bool{}
	limits := topics.DefaultLimits()
	limits.BackfillSources = []string{"/shops/online-retail"}
	for i := range events {
		e := &events[i]
		if ids[e.ID] || e.Backfill != summary.Backfill || e.Time.Location().String() != "Europe/London" {
			t.Fatalf("%+v", e)
		}
		ids[e.ID] = true
		if i > 0 && e.Time.Before(events[i-1].Time) {
			t.Fatalf("%s is before the event before it", e.ID)
		}
		r := topics.Encode(e)
		got, rej := topics.Decode(&r, limits, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		if rej != nil {
			t.Fatalf("%s: %v", e.ID, rej)
		}
		want := *e
		want.Time = want.Time.UTC()
		if !reflect.DeepEqual(got, &want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	}
}

func TestGzipGivesTheSameEvents(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(data.Orders); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	plain, _ := runAll(t, Options{CSV: bytes.NewReader(data.Orders), Map: retailMap(t), Backfill: "run"})
	got, _ := runAll(t, Options{CSV: &packed, Map: retailMap(t), Backfill: "run"})
	if !reflect.DeepEqual(got, plain) {
		t.Fatal("other events")
	}
}

func BenchmarkImport(b *testing.B) {
	m := retailMap(b)
	rows := 0
	for b.Loop() {
		s, err := Run(context.Background(), Options{CSV: bytes.NewReader(data.Orders), Map: m, Emit: func(batch []topics.Event) error {
			for i := range batch {
				topics.Encode(&batch[i])
			}
			return nil
		}})
		if err != nil {
			b.Fatal(err)
		}
		rows += s.Rows
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "lines/s")
}
