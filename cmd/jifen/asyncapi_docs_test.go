package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"jifen/internal/kafka"
	"jifen/topics"
)

// object is a mapping in the order in which it is read; list is a sequence.
type (
	object = yaml.MapSlice
	list   = []any
)

func pairs(keysAndValues ...any) object {
	var o object
	for i := 0; i < len(keysAndValues); i += 2 {
		o = append(o, yaml.MapItem{Key: keysAndValues[i], Value: keysAndValues[i+1]})
	}
	return o
}

func ref(to string) object { return pairs("$ref", "#/"+to) }

// contract gathers the AsyncAPI document of all topics that others write or read.
type contract struct {
	t                                       *testing.T
	channels, operations, messages, schemas object
}

func (c *contract) put(to *object, name string, value any) {
	*to = append(*to, yaml.MapItem{Key: name, Value: value})
}

// TestDocsAsyncAPI holds topics/asyncapi.yaml against what the program knows: topics.yaml, the schemas, the types and
// their topics, the frozen samples and the limits. Its own parser reads it in test/asyncapi.
func TestDocsAsyncAPI(t *testing.T) {
	declared, err := kafka.Declare(64) // of shards none is in the contract
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{t: t}
	c.schemasOf()
	for i := range declared {
		switch d := &declared[i]; {
		case strings.HasPrefix(d.Name, "shop."):
			c.inbound(d)
		case d.Name == topics.Notices, d.Name == topics.Coupons:
			c.outbound(d)
		case strings.HasPrefix(d.Name, topics.DeadLetterPrefix+"shop."), d.Name == topics.DeadLetterPrefix+topics.Coupons:
			c.channel(d, "send", "Records of "+strings.TrimPrefix(d.Name, topics.DeadLetterPrefix)+" that can never work, as they came.", "dead-letter")
		}
	}
	c.deadLetter()
	text, err := yaml.MarshalWithOptions(c.document(), yaml.IndentSequence(true), yaml.UseLiteralStyleIfMultiline(true))
	if err != nil {
		t.Fatal(err)
	}
	reference(t, "../../topics/asyncapi.yaml", "# Made from the program: go test ./cmd/jifen -run Docs -update\n"+string(text))
}

func (c *contract) document() object {
	limits := topics.DefaultLimits()
	return pairs(
		"asyncapi", "3.0.0",
		"info", pairs(
			"title", "Jifen events", "version", "1.0.0",
			"description", fmt.Sprintf(`What shops tell Jifen (receive) and what Jifen tells others (send), in Kafka, as CloudEvents 1.0 with JSON data.
Amounts are integers in minor units, times are RFC 3339. A record's key is the member id.
Inbound events come in binary mode (attributes in headers ce_<name>, the value is the data) or in structured mode
(content-type %s, the value is the whole event). Unknown members are ignored.
A source gives each event an id of its own; an event that comes again has no second effect.
Limits: a record of %d bytes, %d lines, ids of 1 to %d printable characters, sources of %d, a line's net of %d.
By default an event may be %d days old and lie %d minutes ahead; a source that may bring history in names its run in
the attribute backfill. What breaks a limit or its schema becomes a dead letter with a reason.
`, string(topics.StructuredHeader().Value), topics.RecordBytesMax, topics.LinesMax, topics.IDCharsMax, topics.SourceCharsMax, topics.AmountMax,
				int(limits.LateAfter.Hours())/24, int(limits.SkewMax.Minutes())),
			"license", pairs("name", "Apache-2.0"),
		),
		"defaultContentType", "application/json",
		"channels", c.channels, "operations", c.operations,
		"components", pairs("messages", c.messages, "schemas", c.schemas),
	)
}

// channel adds a topic with its messages, and what Jifen does with it.
func (c *contract) channel(d *kafka.Declared, action, summary string, messages ...string) {
	var carried object
	var refs list
	for _, m := range messages {
		carried = append(carried, yaml.MapItem{Key: m, Value: ref("components/messages/" + m)})
		refs = append(refs, ref("channels/"+d.Name+"/messages/"+m))
	}
	settings := pairs("cleanup.policy", list{d.Cleanup}, "retention.ms", d.RetentionMS)
	if d.BatchMax > 0 {
		settings = append(settings, pairs("max.message.bytes", d.BatchMax)...)
	}
	var partitions int
	if _, err := fmt.Sscan(d.Partitions, &partitions); err != nil {
		c.t.Fatal(err)
	}
	c.put(&c.channels, d.Name, pairs("address", d.Name, "summary", summary, "messages", carried,
		"bindings", pairs("kafka", pairs("topic", d.Name, "partitions", partitions, "topicConfiguration", settings, "bindingVersion", "0.5.0"))))
	name := action
	for _, word := range strings.FieldsFunc(d.Name, func(r rune) bool { return r == '.' }) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	c.put(&c.operations, name, pairs("action", action, "channel", ref("channels/"+d.Name), "summary", summary, "messages", refs))
}

// inbound adds a shops' topic: each of its types in binary mode, and all of them in structured mode.
func (c *contract) inbound(d *kafka.Declared) {
	structured := d.Name + ".structured"
	var messages, examples, types list
	var names []string
	for _, typ := range topics.Types() {
		if topic, _ := topics.TopicOf(typ); topic != d.Name {
			continue
		}
		types, names = append(types, typ), append(names, typ)
		var binary list
		for _, s := range c.samples(d.Name) {
			if s.typ == typ {
				binary, examples = append(binary, c.binary(s)), append(examples, c.structured(s))
			}
		}
		if binary == nil {
			c.t.Errorf("%s has no sample", typ)
		}
		messages = append(messages, pairs("name", typ, "title", typ+", binary mode", "contentType", "application/json", "bindings", memberKey(),
			"headers", pairs("type", "object", "allOf", list{ref("components/schemas/headers"), pairs("properties", pairs("ce_type", pairs("const", typ)))}),
			"payload", ref("components/schemas/"+typ), "examples", binary))
	}
	for i, name := range names {
		c.put(&c.messages, name, messages[i])
	}
	c.put(&c.messages, structured, pairs("name", structured, "title", "Events of "+d.Name+", structured mode",
		"contentType", string(topics.StructuredHeader().Value), "bindings", memberKey(), "headers", structuredHeaders(),
		"payload", pairs("allOf", list{ref("components/schemas/event"), pairs("properties", pairs("type", pairs("enum", types)))}), "examples", examples))
	c.channel(d, "receive", "What shops tell on "+d.Name+".", append(names, structured)...)
}

// outbound adds a topic that others read: its events are structured.
func (c *contract) outbound(d *kafka.Declared) {
	var names []string
	for _, s := range c.samples(d.Name) {
		payload := ref("components/schemas/notice")
		if d.Name == topics.Coupons {
			payload = envelopeOf(s.typ)
		}
		c.put(&c.messages, s.typ, pairs("name", s.typ, "title", s.typ, "contentType", string(topics.StructuredHeader().Value), "bindings", memberKey(),
			"headers", structuredHeaders(), "payload", payload, "examples", list{c.structured(s)}))
		names = append(names, s.typ)
	}
	c.channel(d, "send", "What Jifen tells on "+d.Name+"; read each id once.", names...)
}

func memberKey() object {
	return pairs("kafka", pairs("key", ref("components/schemas/id"), "bindingVersion", "0.5.0"))
}

func structuredHeaders() object {
	return pairs("type", "object", "required", list{"content-type"},
		"properties", pairs("content-type", pairs("type", "string", "pattern", "^"+strings.ReplaceAll(string(topics.StructuredHeader().Value), "+", `\+`)+"( *;.*)?$")))
}

// envelopeOf is a CloudEvent of ours in structured mode.
func envelopeOf(typ string) object {
	text := pairs("type", "string")
	return pairs("type", "object", "required", list{"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"},
		"properties", pairs("specversion", pairs("const", "1.0"), "id", text, "source", text, "type", pairs("const", typ), "subject", text,
			"time", pairs("type", "string", "format", "date-time"), "datacontenttype", pairs("const", "application/json"), "data", ref("components/schemas/"+typ)))
}

func (c *contract) deadLetter() {
	var properties object
	text := func(why string) object { return pairs("type", "string", "description", why) }
	for _, h := range deadLetterHeaders() {
		properties = append(properties, yaml.MapItem{Key: h[0], Value: text(h[1])})
	}
	c.put(&c.messages, "dead-letter", pairs("name", "dead-letter", "title", "A record that can never work, and why", "contentType", "application/octet-stream",
		"headers", pairs("type", "object", "required", list{topics.HeaderReason, topics.HeaderTopic, topics.HeaderPartition, topics.HeaderOffset, topics.HeaderGroup, topics.HeaderMessage},
			"properties", properties),
		"payload", pairs("description", "The record's value, untouched.")))
}

// sample is one frozen event in JSON.
type sample struct {
	name, typ string
	text      []byte
}

func (c *contract) samples(topic string) []sample {
	files, err := filepath.Glob("../../topics/testdata/" + topic + "/*.json")
	if err != nil || len(files) == 0 {
		c.t.Fatalf("samples of %s: %v", topic, err)
	}
	var all []sample
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			c.t.Fatal(err)
		}
		var event struct{ Type string }
		if err := yaml.Unmarshal(text, &event); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, sample{strings.TrimSuffix(filepath.Base(f), ".json"), event.Type, text})
	}
	return all
}

func (c *contract) read(text []byte) object {
	var o object
	if err := yaml.UnmarshalWithOptions(text, &o, yaml.UseOrderedMap()); err != nil {
		c.t.Fatal(err)
	}
	return o
}

func (c *contract) structured(s sample) object {
	return pairs("name", s.name, "headers", pairs("content-type", string(topics.StructuredHeader().Value)), "payload", c.read(s.text))
}

// binary is what `jifen produce` makes of the sample.
func (c *contract) binary(s sample) object {
	r, rej := topics.Rebind(s.text)
	if rej != nil {
		c.t.Fatal(rej)
	}
	var headers object
	for _, h := range r.Headers {
		headers = append(headers, yaml.MapItem{Key: h.Key, Value: string(h.Value)})
	}
	return pairs("name", s.name, "headers", headers, "payload", c.read(r.Value))
}
