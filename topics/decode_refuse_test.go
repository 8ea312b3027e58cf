package topics

import (
	"strings"
	"testing"
)

func TestEnvelopesThatAreRefused(t *testing.T) {
	set := func(key, value string) func(*Record) {
		return func(r *Record) {
			for i := range r.Headers {
				if r.Headers[i].Key == key {
					r.Headers[i].Value = []byte(value)
				}
			}
		}
	}
	for _, c := range []struct {
		why  string
		edit func(*Record)
		want Reason
	}{
		{"too large", func(r *Record) { r.Value = append(r.Value, strings.Repeat(" ", RecordBytesMax)...) }, ReasonOversize},
		{"too large by headers", func(r *Record) { r.Headers = append(r.Headers, Header{"x", make([]byte, RecordBytesMax)}) }, ReasonOversize},
		{"no headers", func(r *Record) { r.Headers = nil }, ReasonDecode},
		{"no value", func(r *Record) { r.Value = nil }, ReasonDecode},
		{"Avro", set("content-type", "application/cloudevents+avro"), ReasonDecode},
		{"a batch", set("content-type", "application/cloudevents-batch+json"), ReasonDecode},
		{"text", set("content-type", "text/plain"), ReasonSchema},
		{"another topic", func(r *Record) { r.Topic = Shares }, ReasonSchema},
		{"no id", set("ce_id", ""), ReasonSchema},
		{"an id that is no UTF-8", set("ce_id", "\xff"), ReasonSchema},
		{"no source", set("ce_source", ""), ReasonSchema},
		{"no type", set("ce_type", ""), ReasonSchema},
		{"no time", set("ce_time", ""), ReasonSchema},
		{"specversion 0.3", set("ce_specversion", "0.3"), ReasonSchema},
		{"unknown type", set("ce_type", "shop.order.lost.v1"), ReasonUnknownType},
		{"data that is no UTF-8", func(r *Record) { r.Value = []byte(strings.Replace(order450, "basic", "\xff", 1)) }, ReasonDecode},
	} {
		r := binaryRecord(TypeOrderPaid, order450)
		c.edit(r)
		if _, rej := Decode(r, DefaultLimits(), testNow()); reasonOf(rej) != c.want {
			t.Errorf("%s: got %v, want %s", c.why, rej, c.want)
		}
	}
}

func TestTheLargestRecordIsTaken(t *testing.T) {
	r := binaryRecord(TypeOrderPaid, order450)
	r.Value = append(r.Value, strings.Repeat(" ", RecordBytesMax-recordBytes(r))...)
	if _, rej := Decode(r, DefaultLimits(), testNow()); rej != nil {
		t.Fatal(rej)
	}
}

func TestEventsDoNotShareTheRecordsBuffers(t *testing.T) {
	for _, data := range []string{order450, strings.Replace(order450, "{", `{"unknown":0,`, 1)} {
		r := binaryRecord(TypeOrderPaid, data)
		e, rej := Decode(r, DefaultLimits(), testNow())
		if rej != nil {
			t.Fatal(rej)
		}
		clear(r.Value)
		for i := range r.Headers {
			clear(r.Headers[i].Value)
		}
		if e.ID != "e-1" || e.Data.Lines[1].SKU != "N-9-long-sleeve-38" || e.Data.Lines[0].Tags[0] != "spring" {
			t.Fatalf("%+v", e)
		}
	}
}

func TestRejectsNameNoValues(t *testing.T) {
	data := strings.Replace(order450, `"m1"`, `"secret person\u0001"`, 1)
	_, rej := Decode(binaryRecord(TypeOrderPaid, data), DefaultLimits(), testNow())
	if rej == nil || strings.Contains(rej.Error(), "secret") {
		t.Fatal(rej)
	}
}

func TestRebindRefusesWhatHasNoTopic(t *testing.T) {
	for line, want := range map[string]Reason{
		"":                         ReasonDecode,
		"[]":                       ReasonDecode,
		"null":                     ReasonDecode,
		`{"type":"shop.order`:      ReasonDecode,
		`{"data":{}}`:              ReasonUnknownType,
		`{"type":"com.example.a"}`: ReasonUnknownType,
		`{"type":"shop.order.lost.v1","data":{}}`:            "",
		`{"type":"shop.order.paid.v1","data":{"a":1,"a":2}}`: "",
	} {
		if _, rej := Rebind([]byte(line)); reasonOf(rej) != want {
			t.Errorf("%s: got %v, want %q", line, rej, want)
		}
	}
}
