package topics

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	contentTypeHeader = "content-type"
	jsonContent       = "application/json"
	structuredContent = "application/cloudevents+json"
	specVersion       = "1.0"
	attributePrefix   = "ce_"
)

// envelope holds the attributes of a CloudEvent that we use, and its data; empty means absent.
type envelope struct {
	specversion, id, source, typ, time []byte
	backfill, traceparent, content     []byte
	data                               []byte
	attributes                         int // how many ce_ headers there were
}

// read takes the attributes from the headers (binary mode) or from the value (structured mode), as content-type says.
func (v *envelope) read(r *Record) *Reject {
	for i := range r.Headers {
		if rej := v.header(&r.Headers[i]); rej != nil {
			return rej
		}
	}
	if media := mediaType(v.content); strings.HasPrefix(media, "application/cloudevents") {
		if media != structuredContent {
			return reject(ReasonDecode, "content-type: of CloudEvents formats, only ", structuredContent, " is read")
		}
		*v = envelope{}
		return v.structured(r.Value)
	}
	if v.attributes == 0 {
		return reject(ReasonDecode, "not a CloudEvent: neither ce_ headers nor content-type ", structuredContent)
	}
	v.data = r.Value
	return nil
}

func (v *envelope) header(h *Header) *Reject {
	if len(h.Value) == 0 {
		return nil
	}
	dst := v.slot(h.Key)
	if dst == nil {
		lower := strings.ToLower(h.Key)
		if lower == h.Key {
			return nil
		}
		if dst = v.slot(lower); dst == nil {
			return nil
		}
	}
	if len(*dst) != 0 {
		return reject(ReasonSchema, "header ", strings.ToLower(h.Key), " is there twice")
	}
	*dst = h.Value
	return nil
}

// slot is where the header of that lower-case name goes; nil for those that we do not use.
func (v *envelope) slot(key string) *[]byte {
	if !strings.HasPrefix(key, attributePrefix) {
		if key == contentTypeHeader {
			return &v.content
		}
		return nil
	}
	v.attributes++
	switch key {
	case "ce_specversion":
		return &v.specversion
	case "ce_id":
		return &v.id
	case "ce_source":
		return &v.source
	case "ce_type":
		return &v.typ
	case "ce_time":
		return &v.time
	case "ce_backfill":
		return &v.backfill
	case "ce_traceparent":
		return &v.traceparent
	}
	return nil
}

// wireEnvelope is a CloudEvent in JSON format. Attributes that we do not name are extensions: ignored.
type wireEnvelope struct {
	SpecVersion string         `json:"specversion"`
	ID          string         `json:"id"`
	Source      string         `json:"source"`
	Type        string         `json:"type"`
	Time        string         `json:"time"`
	Content     string         `json:"datacontenttype"`
	Backfill    string         `json:"backfill"`
	Traceparent string         `json:"traceparent"`
	Data        jsontext.Value `json:"data"`
	Base64      []byte         `json:"data_base64"`
}

func (v *envelope) structured(value []byte) *Reject {
	var w wireEnvelope
	if err := json.Unmarshal(value, &w); err != nil {
		return rejectJSON(err, value)
	}
	if len(w.Data) != 0 && len(w.Base64) != 0 {
		return reject(ReasonSchema, "data and data_base64 exclude each other")
	}
	*v = envelope{
		specversion: []byte(w.SpecVersion), id: []byte(w.ID), source: []byte(w.Source), typ: []byte(w.Type),
		time: []byte(w.Time), content: []byte(w.Content), backfill: []byte(w.Backfill),
		traceparent: []byte(w.Traceparent), data: w.Data,
	}
	if len(w.Base64) != 0 {
		v.data = w.Base64
	}
	if len(v.data) == 0 {
		return reject(ReasonSchema, "data is missing")
	}
	return nil
}

// kind checks what must be right before the type's data can be read.
func (v *envelope) kind(topic string) (kind, *Reject) {
	if string(v.specversion) != specVersion {
		return kind{}, reject(ReasonSchema, "specversion must be 1.0")
	}
	if len(v.typ) == 0 {
		return kind{}, reject(ReasonSchema, "type is missing")
	}
	k, ok := kindOf(TextOf(v.typ))
	if !ok {
		return kind{}, reject(ReasonUnknownType, "the type is unknown")
	}
	if topic != "" && topic != k.topic {
		return kind{}, reject(ReasonSchema, k.typ, " belongs to topic ", k.topic)
	}
	return k, nil
}

// fill sets the event's attributes, in place.
func (v *envelope) fill(e *Event, k *kind) *Reject {
	if t := TextOf(v.traceparent); len(t) <= IDCharsMax && isPrintable(t) {
		e.Traceparent = t // a tracing hint is no reason to refuse points
	}
	e.ID, e.Source, e.Backfill, e.Type = TextOf(v.id), TextOf(v.source), TextOf(v.backfill), k.typ
	var c checker
	c.id("id", e.ID)
	c.text("source", e.Source, SourceCharsMax, true)
	c.optional("backfill", e.Backfill)
	var ok bool
	if e.Time, ok = ParseTime(v.time); !ok {
		c.fail(ReasonSchema, "time must be there and be RFC 3339")
	}
	if !isJSON(v.content) {
		c.fail(ReasonSchema, "the data's content type must be ", jsonContent)
	}
	return c.reject
}

func mediaType(content []byte) string {
	if len(content) == 0 || string(content) == jsonContent {
		return jsonContent
	}
	media, _, _ := bytes.Cut(content, []byte(";"))
	return strings.ToLower(strings.TrimSpace(string(media)))
}

func isJSON(content []byte) bool {
	media := mediaType(content)
	return media == jsonContent || media == "text/json" || strings.HasSuffix(media, "+json")
}
