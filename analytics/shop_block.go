package analytics

import (
	"strings"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"jifen/topics"
)

// shopBlock is a block of the table shop_events, column by column.
type shopBlock struct {
	block

	topic, source, typ, backfill *repeats
	id, member                   *texts
	data                         *bodies
	partition                    *column[int32]
	offset, occurred             *column[int64]
}

func newShopBlock() *shopBlock {
	b, l := &shopBlock{}, &columns{}
	b.topic, b.partition, b.offset = l.repeated("topic"), add(l, "partition", proto.ColumnTypeInt32, putInt32), l.number("record_offset")
	b.source, b.id, b.typ = l.repeated("source"), l.text("id"), l.repeated("type")
	b.occurred, b.member, b.backfill, b.data = l.instant("occurred_at"), l.text("member"), l.repeated("backfill"), l.body("data")
	b.fields = *l
	return b
}

// add appends one record with what its envelope says. The block keeps the record's bytes until it is reset.
func (b *shopBlock) add(r *topics.Record, e attributes) {
	row := b.n
	b.n++
	b.topic.add(row, r.Topic)
	b.partition.add(row, r.Partition)
	b.offset.add(row, r.Offset)
	b.source.add(row, e.source)
	b.id.add(row, e.id)
	b.typ.add(row, e.typ)
	b.occurred.add(row, e.millis())
	b.member.add(row, text(r.Key))
	b.backfill.add(row, e.backfill)
	b.data.add(row, e.data)
}

// attributes are what analysts need of a CloudEvent's envelope; all are empty if the record is none.
type attributes struct {
	source, id, typ, backfill string
	time                      []byte
	data                      []byte
}

// readEnvelope takes the attributes from the headers (binary mode, no JSON is touched) or from the value (structured
// mode). It judges nothing: what credits refuses as a dead letter is here as it came.
func readEnvelope(r *topics.Record) attributes {
	a := attributes{data: r.Value}
	for i := range r.Headers {
		h := &r.Headers[i]
		switch {
		case named(h, "ce_source"):
			a.source = text(h.Value)
		case named(h, "ce_id"):
			a.id = text(h.Value)
		case named(h, "ce_type"):
			a.typ = text(h.Value)
		case named(h, "ce_time"):
			a.time = h.Value
		case named(h, "ce_backfill"):
			a.backfill = text(h.Value)
		case named(h, "content-type") && isStructured(text(h.Value)):
			return structured(r.Value)
		}
	}
	return a
}

// named compares the lengths first: most names differ in them, and a common prefix is slow to compare without case.
func named(h *topics.Header, name string) bool {
	return len(h.Key) == len(name) && (h.Key == name || strings.EqualFold(h.Key, name))
}

func isStructured(contentType string) bool {
	if contentType == "application/json" { // what nearly all of them say
		return false
	}
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/cloudevents+json")
}

func structured(value []byte) attributes {
	var w struct {
		Source   string         `json:"source"`
		ID       string         `json:"id"`
		Type     string         `json:"type"`
		Time     string         `json:"time"`
		Backfill string         `json:"backfill"`
		Data     jsontext.Value `json:"data"`
	}
	if err := json.Unmarshal(value, &w); err != nil {
		return attributes{data: value}
	}
	return attributes{source: w.Source, id: w.ID, typ: w.Type, time: []byte(w.Time), backfill: w.Backfill, data: w.Data}
}

// millis is the event's time in Unix milliseconds; 0 if it cannot be read or does not fit the table's type.
func (a attributes) millis() int64 {
	t, ok := topics.ParseTime(a.time)
	if !ok || t.Year() < 1900 || t.Year() > 2299 {
		return 0
	}
	return t.UnixMilli()
}
