package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"jifen/topics"
)

// Input is one event as a producer would send it, in structured mode, and where it stands in its file.
type Input struct {
	Record topics.Record
	Line   int
}

// ReadEvents reads a file of CloudEvents in JSON: one object, an array of them, or one a line. What stands in an array or
// on a line of its own and is no event is an input, too, and a dead letter in the pipeline; a file that cannot be told
// apart into events is an error with line and column.
func ReadEvents(name string, data []byte) ([]Input, error) {
	values, err := split(name, data)
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("%s: no event", name)
	}
	inputs := make([]Input, len(values))
	for i, v := range values {
		inputs[i] = Input{Record: record(v.text), Line: 1 + bytes.Count(data[:v.at], []byte("\n"))}
	}
	return inputs, nil
}

// value is a JSON value of a file, and where it begins.
type value struct {
	text []byte
	at   int
}

// lenient reads what the decoder of events is to judge: it knows better why it is none.
func lenient() []jsontext.Options {
	return []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
}

func split(name string, data []byte) ([]value, error) {
	values, err := stream(data)
	if err == nil || byLine(data) == nil {
		return values, located(name, data, err)
	}
	return byLine(data), nil
}

// stream reads values that follow each other, those of an array one by one.
func stream(data []byte) ([]value, error) {
	in := jsontext.NewDecoder(bytes.NewReader(data), lenient()...)
	var values []value
	if in.PeekKind() == '[' {
		if _, err := in.ReadToken(); err != nil {
			return nil, err
		}
		for in.PeekKind() != ']' {
			v, err := in.ReadValue()
			if err != nil {
				return nil, err
			}
			values = append(values, value{bytes.Clone(v), int(in.InputOffset()) - len(v)})
		}
		if _, err := in.ReadToken(); err != nil {
			return nil, err
		}
	}
	for {
		v, err := in.ReadValue()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		values = append(values, value{bytes.Clone(v), int(in.InputOffset()) - len(v)})
	}
}

// byLine takes a file by its lines if its first one is a whole object; nil if it is not.
func byLine(data []byte) []value {
	var values []value
	at := 0
	for line := range bytes.Lines(data) {
		if text := bytes.TrimSpace(line); len(text) > 0 {
			if v := jsontext.Value(text); len(values) == 0 && (v.Kind() != '{' || !v.IsValid(lenient()...)) {
				return nil
			}
			values = append(values, value{text, at})
		}
		at += len(line)
	}
	return values
}

// located adds line and column to what is wrong with a file.
func located(name string, data []byte, err error) error {
	var wrong *jsontext.SyntacticError
	if !errors.As(err, &wrong) {
		return err
	}
	before := data[:min(int(wrong.ByteOffset), len(data))]
	line, column := 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n')
	return fmt.Errorf("%s:%d:%d: %w", name, line, column, wrong.Err)
}

// record is an event in structured mode, on the topic of its type's family. What has no such type stays without a topic,
// and the pipeline's decoder says what it is.
func record(text []byte) topics.Record {
	var peek struct {
		Type jsontext.Value `json:"type"`
	}
	r := topics.Record{Value: text, Headers: []topics.Header{topics.StructuredHeader()}}
	if json.Unmarshal(text, &peek, lenient()[0], lenient()[1]) == nil && peek.Type.Kind() == '"' {
		var name string
		if json.Unmarshal(peek.Type, &name, lenient()[0], lenient()[1]) == nil {
			r.Topic, _ = topics.FamilyTopic(name)
		}
	}
	return r
}
