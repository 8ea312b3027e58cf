package topics

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// sampleLimits let one run's source backfill: the samples were frozen at testNow.
func sampleLimits() Limits {
	l := DefaultLimits()
	l.BackfillSources = []string{"/shops/sh01"}
	return l
}

func structuredRecord(topic string, value []byte) *Record {
	return &Record{Topic: topic, Value: value, Headers: []Header{{contentTypeHeader, []byte(structuredContent)}}}
}

func eventSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile("schema/event.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func schemaAccepts(s *jsonschema.Schema, value []byte) bool {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	return err == nil && s.Validate(v) == nil
}

// TestFrozenSamplesDecodeInBothModes reads every sample ever frozen, structured as it lies there and rebound to binary
// mode, and asks the schema for its opinion.
func TestFrozenSamplesDecodeInBothModes(t *testing.T) {
	schema, types := eventSchema(t), map[string]bool{}
	for _, topic := range Shop() {
		files, err := filepath.Glob(filepath.Join("testdata", topic, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no samples: %v", topic, err)
		}
		for _, file := range files {
			value, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			e, rej := Decode(structuredRecord(topic, value), sampleLimits(), testNow())
			if rej != nil {
				t.Fatalf("%s: %v", file, rej)
			}
			types[e.Type] = true
			if !schemaAccepts(schema, value) {
				t.Errorf("%s: the schema refuses what the decoder takes", file)
			}
			checkModesAgree(t, file, value, e)
		}
	}
	if len(types) != len(Types()) {
		t.Errorf("samples of %d types, want all %d", len(types), len(Types()))
	}
}

func checkModesAgree(t *testing.T, file string, value []byte, e *Event) {
	t.Helper()
	bound, rej := Rebind(value)
	if rej != nil || string(bound.Key) != e.Data.Member {
		t.Fatalf("%s: rebind: %v, key %q", file, rej, bound.Key)
	}
	for _, r := range []Record{bound, Encode(e), EncodeStructured(e)} {
		got, rej := Decode(&r, sampleLimits(), testNow())
		if rej != nil || !reflect.DeepEqual(got, e) {
			t.Fatalf("%s: %v\ngot  %+v\nwant %+v", file, rej, got, e)
		}
	}
}

type badSample struct {
	Why           string
	Event         json.RawMessage
	Raw           *string
	SchemaAccepts bool `json:"schema_accepts"` // a rule that a JSON Schema cannot state
}

func (s *badSample) value() []byte {
	if s.Raw != nil {
		return []byte(*s.Raw)
	}
	return s.Event
}

func TestBadSamplesAreRefusedForTheirReason(t *testing.T) {
	schema, n := eventSchema(t), 0
	files, err := filepath.Glob("testdata/bad/*.jsonl")
	if err != nil || len(files) != 6 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		want := Reason(strings.TrimSuffix(filepath.Base(file), ".jsonl"))
		for _, s := range readBad(t, file) {
			n++
			if _, rej := Decode(structuredRecord("", s.value()), sampleLimits(), testNow()); reasonOf(rej) != want {
				t.Errorf("%s: %s: got %v", want, s.Why, rej)
			}
			if got := schemaAccepts(schema, s.value()); got != s.SchemaAccepts {
				t.Errorf("%s: %s: the schema accepts: %t, want %t", want, s.Why, got, s.SchemaAccepts)
			}
		}
	}
	if n < 60 {
		t.Fatalf("%d bad samples", n)
	}
}

func readBad(t testing.TB, file string) (samples []badSample) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		var s badSample
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		samples = append(samples, s)
	}
	return samples
}
