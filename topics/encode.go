package topics

import (
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Encode writes e as a CloudEvent in binary mode: attributes in headers, JSON data, keyed by its member, on its type's
// topic. Decode gives e back, its time in UTC. The record's partition is the client's to choose (-1).
func Encode(e *Event) Record {
	topic, _ := TopicOf(e.Type)
	r := Record{Topic: topic, Partition: -1, Key: []byte(e.Data.Member), Value: appendData(nil, e)}
	r.Headers = make([]Header, 0, 8)
	add := func(name, v string) {
		if v != "" {
			r.Headers = append(r.Headers, Header{Key: attributePrefix + name, Value: []byte(v)})
		}
	}
	add("specversion", specVersion)
	add("id", e.ID)
	add("source", e.Source)
	add("type", e.Type)
	add("time", e.Time.Format(time.RFC3339Nano))
	add("backfill", e.Backfill)
	add("traceparent", e.Traceparent)
	r.Headers = append(r.Headers, Header{Key: contentTypeHeader, Value: []byte(jsonContent)})
	return r
}

// EncodeStructured writes e as a CloudEvent in structured mode: one JSON object.
func EncodeStructured(e *Event) Record {
	topic, _ := TopicOf(e.Type)
	w := objectWriter{b: []byte{'{'}}
	w.text("specversion", specVersion)
	w.text("id", e.ID)
	w.text("source", e.Source)
	w.text("type", e.Type)
	w.text("time", e.Time.Format(time.RFC3339Nano))
	w.text("backfill", e.Backfill)
	w.text("traceparent", e.Traceparent)
	w.text("datacontenttype", jsonContent)
	w.name("data")
	w.b = append(appendData(w.b, e), '}')
	return Record{
		Topic: topic, Partition: -1, Key: []byte(e.Data.Member), Value: w.b,
		Headers: []Header{StructuredHeader()},
	}
}

// StructuredHeader says that a record's value is a whole CloudEvent in JSON.
func StructuredHeader() Header {
	return Header{Key: contentTypeHeader, Value: []byte(structuredContent)}
}

// objectWriter appends members of a JSON object to b, which ends with the object's open brace at first.
type objectWriter struct{ b []byte }

func (w *objectWriter) name(name string) {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

// text writes v unless it is empty. Text that is not UTF-8 is written with replacement characters: Decode refuses it.
func (w *objectWriter) text(name, v string) {
	if v == "" {
		return
	}
	w.name(name)
	w.quote(v)
}

func (w *objectWriter) quote(v string) {
	w.b, _ = jsontext.AppendQuote(w.b, v) // the error tells of replaced bytes only
}

// count writes v unless it is 0.
func (w *objectWriter) count(name string, v int64) {
	if v != 0 {
		w.number(name, v)
	}
}

func (w *objectWriter) number(name string, v int64) {
	w.name(name)
	w.b = strconv.AppendInt(w.b, v, 10)
}

func appendData(dst []byte, e *Event) []byte {
	d := &e.Data
	w := objectWriter{b: append(dst, '{')}
	w.text("order", d.Order)
	w.text("member", d.Member)
	w.text("store", d.Store)
	w.text("channel", d.Channel)
	w.text("refund", d.Refund)
	w.text("currency", d.Currency)
	w.lines(e)
	w.count("freight", d.Freight)
	w.count("tax", d.Tax)
	w.count("paid_with_points", d.PaidWithPoints)
	w.text("referral", d.Referral)
	w.social(d)
	if e.Type == TypeActivity {
		w.number("quantity", d.Quantity) // an absent one means 1
	}
	w.count("amount", d.Amount)
	w.attributes(d.Attributes)
	return append(w.b, '}')
}

func (w *objectWriter) social(d *Data) {
	w.text("product", d.Product)
	w.text("platform", d.Platform)
	w.text("token", d.Token)
	w.text("visitor", d.Visitor)
	w.text("review", d.Review)
	w.text("line", d.Line)
	w.text("sku", d.SKU)
	w.count("rating", d.Rating)
	w.count("length", d.Length)
	w.count("pictures", d.Pictures)
	w.text("survey", d.Survey)
	w.text("tier", d.Tier)
	w.text("device", d.Device)
	w.text("address_hash", d.AddressHash)
	w.text("from", d.From)
	w.text("coupon", d.Coupon)
	w.text("activity", d.Activity)
}

func (w *objectWriter) lines(e *Event) {
	if len(e.Data.Lines) == 0 {
		return
	}
	w.name("lines")
	for i := range e.Data.Lines {
		w.b = append(w.b, "[,"[min(i, 1)], '{')
		w.line(&e.Data.Lines[i], e.Type == TypeOrderPaid)
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
}

func (w *objectWriter) line(l *Line, paid bool) {
	w.text("line", l.Line)
	w.text("sku", l.SKU)
	w.text("category", l.Category)
	if len(l.Tags) > 0 {
		w.name("tags")
		for i, tag := range l.Tags {
			w.b = append(w.b, "[,"[min(i, 1)])
			w.quote(tag)
		}
		w.b = append(w.b, ']')
	}
	if paid {
		w.number("quantity", l.Quantity) // an absent one means 1
	}
	w.number("net", l.Net)
}

func (w *objectWriter) attributes(attributes map[string]string) {
	if len(attributes) == 0 {
		return
	}
	names := make([]string, 0, len(attributes))
	for name := range attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	w.name("attributes")
	for i, name := range names {
		w.b = append(w.b, "{,"[min(i, 1)])
		w.quote(name)
		w.b = append(w.b, ':')
		w.quote(attributes[name])
	}
	w.b = append(w.b, '}')
}
