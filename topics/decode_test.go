package topics

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// order450 is the order of the contract, in the form that shops send.
const order450 = `{"order":"O1","member":"m1","store":"SH01-nanjing-road-flagship","channel":"wechat-mini-program","currency":"CNY",` +
	`"lines":[{"line":"1","sku":"A-1","category":"basic","tags":["spring","gift"],"quantity":2,"net":29900},` +
	`{"line":"2","sku":"N-9-long-sleeve-38","category":"new","quantity":1,"net":45500}],` +
	`"freight":1000,"tax":0,"paid_with_points":0,"referral":"share-7f0c4f0e9d3a4f6c8a3f1f5f7b0f2f7e7f0c4f0e9d3a4f6c8a3f1f5f7b0f2f7e"}`

func testNow() time.Time { return time.Date(2026, 5, 26, 12, 0, 0, 0, time.UTC) }

func binaryRecord(typ, data string) *Record {
	topic, _ := TopicOf(typ)
	return &Record{Topic: topic, Key: []byte("m1"), Value: []byte(data), Headers: []Header{
		{"ce_specversion", []byte("1.0")},
		{"ce_id", []byte("e-1")},
		{"ce_source", []byte("/shops/sh01")},
		{"ce_type", []byte(typ)},
		{"ce_subject", []byte("O1")},
		{"ce_time", []byte("2026-05-26T11:00:55+08:00")},
		{"content-type", []byte("application/json")},
	}}
}

func TestDecodeBinaryOrder(t *testing.T) {
	e, rej := Decode(binaryRecord(TypeOrderPaid, order450), DefaultLimits(), testNow())
	if rej != nil {
		t.Fatal(rej)
	}
	want := &Event{Source: "/shops/sh01", ID: "e-1", Type: TypeOrderPaid, Time: time.Date(2026, 5, 26, 3, 0, 55, 0, time.UTC)}
	want.Data = Data{
		Order: "O1", Member: "m1", Store: "SH01-nanjing-road-flagship", Channel: "wechat-mini-program", Currency: "CNY", Freight: 1000,
		Referral: "share-7f0c4f0e9d3a4f6c8a3f1f5f7b0f2f7e7f0c4f0e9d3a4f6c8a3f1f5f7b0f2f7e",
		Lines: []Line{
			{Line: "1", SKU: "A-1", Category: "basic", Tags: []string{"spring", "gift"}, Quantity: 2, Net: 29900},
			{Line: "2", SKU: "N-9-long-sleeve-38", Category: "new", Quantity: 1, Net: 45500},
		},
	}
	if !reflect.DeepEqual(e, want) {
		t.Fatalf("got  %+v\nwant %+v", e, want)
	}
}

func TestDecodeStructuredByContentTypeInAnyCase(t *testing.T) {
	value := `{"specversion":"1.0","id":"e-1","source":"/s","type":"` + TypeOrderPaid + `","time":"2026-05-26T11:00:55Z",` +
		`"backfill":null,"unknownattribute":7,"data":` + order450 + `}`
	for _, content := range []string{structuredContent, "Application/CloudEvents+JSON; charset=UTF-8", "application/cloudevents+json;charset=utf-8"} {
		r := &Record{Topic: Orders, Value: []byte(value), Headers: []Header{{"Content-Type", []byte(content)}}}
		e, rej := Decode(r, DefaultLimits(), testNow())
		if rej != nil || e.Data.Order != "O1" || len(e.Data.Lines) != 2 {
			t.Fatalf("%s: %v %+v", content, rej, e)
		}
	}
}

func TestDecodeHeadersInAnyCaseOnce(t *testing.T) {
	r := binaryRecord(TypeOrderPaid, order450)
	for i := range r.Headers {
		r.Headers[i].Key = strings.ToUpper(r.Headers[i].Key)
	}
	if _, rej := Decode(r, DefaultLimits(), testNow()); rej != nil {
		t.Fatal(rej)
	}
	r.Headers = append(r.Headers, Header{"ce_id", []byte("other")})
	if _, rej := Decode(r, DefaultLimits(), testNow()); rej == nil || rej.Reason != ReasonSchema {
		t.Fatalf("two ids: %v", rej)
	}
}

func TestDecodeWithoutContentTypeOrKey(t *testing.T) {
	r := binaryRecord(TypeOrderPaid, order450)
	r.Headers, r.Key = r.Headers[:6], nil
	if _, rej := Decode(r, DefaultLimits(), testNow()); rej != nil {
		t.Fatal(rej)
	}
}

func TestBackfillIsForSourcesThatMay(t *testing.T) {
	old := binaryRecord(TypeOrderPaid, order450)
	old.Headers[5].Value = []byte("2019-05-26T11:00:55Z")
	old.Headers = append(old.Headers, Header{"ce_backfill", []byte("run-1")})
	limits := DefaultLimits()
	if _, rej := Decode(old, limits, testNow()); rej == nil || rej.Reason != ReasonTooOld {
		t.Fatalf("a source that may not: %v", rej)
	}
	for _, source := range []string{"/shops/sh01", "/shops/*", AnySource} {
		limits.BackfillSources = []string{"/other", source}
		if e, rej := Decode(old, limits, testNow()); rej != nil || e.Backfill != "run-1" {
			t.Fatalf("%s: %v %+v", source, rej, e)
		}
	}
	limits.BackfillSources = []string{"/other/*", "/shops/sh0"}
	if _, rej := Decode(old, limits, testNow()); reasonOf(rej) != ReasonTooOld {
		t.Fatalf("sources that are not this one: %v", rej)
	}
	fresh := binaryRecord(TypeOrderPaid, order450)
	fresh.Headers = append(fresh.Headers, Header{"ce_backfill", []byte("run-1")})
	if e, rej := Decode(fresh, DefaultLimits(), testNow()); rej != nil || e.Backfill != "" {
		t.Fatalf("a fresh event of a source that may not backfill is an ordinary one: %v %+v", rej, e)
	}
}

func TestTimeLimitsAreInclusive(t *testing.T) {
	now := time.Date(2026, 5, 26, 3, 0, 55, 0, time.UTC)
	for _, c := range []struct {
		now  time.Time
		want Reason
	}{
		{now.Add(-5 * time.Minute), ""},
		{now.Add(-5*time.Minute - time.Nanosecond), ReasonFuture},
		{now.Add(7 * 24 * time.Hour), ""},
		{now.Add(7*24*time.Hour + time.Nanosecond), ReasonTooOld},
	} {
		_, rej := Decode(binaryRecord(TypeOrderPaid, order450), DefaultLimits(), c.now)
		if got := reasonOf(rej); got != c.want {
			t.Errorf("now %s: %q, want %q", c.now, got, c.want)
		}
	}
}

func reasonOf(rej *Reject) Reason {
	if rej == nil {
		return ""
	}
	return rej.Reason
}

func BenchmarkDecodeOrderFast(b *testing.B) {
	r, limits, now := binaryRecord(TypeOrderPaid, order450), DefaultLimits(), testNow()
	b.ReportAllocs()
	b.SetBytes(int64(len(r.Value)))
	for b.Loop() {
		if _, rej := Decode(r, limits, now); rej != nil {
			b.Fatal(rej)
		}
	}
}

func BenchmarkDecodeOrderLibrary(b *testing.B) {
	data := strings.Replace(order450, `"store"`, `"unknown":1,"store"`, 1)
	r, limits, now := binaryRecord(TypeOrderPaid, data), DefaultLimits(), testNow()
	b.ReportAllocs()
	b.SetBytes(int64(len(r.Value)))
	for b.Loop() {
		if _, rej := Decode(r, limits, now); rej != nil {
			b.Fatal(rej)
		}
	}
}
