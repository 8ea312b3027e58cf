package topics_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// vtMessage is a message with both codecs: the library's and the generated one that the pipeline uses.
type vtMessage interface {
	proto.Message
	MarshalVT() ([]byte, error)
	UnmarshalVT([]byte) error
}

// TestFrozenProtobufKeepsItsMeaning reads records that were written when the format was young: their bytes still mean
// what their JSON says, and are still what we write.
func TestFrozenProtobufKeepsItsMeaning(t *testing.T) {
	for topic, fresh := range map[string]func() vtMessage{
		topics.Credits:  func() vtMessage { return new(pointspb.CreditEvent) },
		topics.Requests: func() vtMessage { return new(pointspb.Request) },
		topics.Ledger:   func() vtMessage { return new(pointspb.Entry) },
	} {
		files, err := filepath.Glob(filepath.Join("testdata", topic, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no samples: %v", topic, err)
		}
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) { checkFrozen(t, file, fresh) })
		}
	}
}

func checkFrozen(t *testing.T, file string, fresh func() vtMessage) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var sample struct {
		Hex  string
		JSON json.RawMessage
	}
	if err := json.Unmarshal(b, &sample); err != nil {
		t.Fatal(err)
	}
	frozen, err := hex.DecodeString(sample.Hex)
	if err != nil {
		t.Fatal(err)
	}
	want, got, gotVT := fresh(), fresh(), fresh()
	if err := protojson.Unmarshal(sample.JSON, want); err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(frozen, got); err != nil || !proto.Equal(got, want) {
		t.Fatalf("library: %v\ngot  %v\nwant %v", err, got, want)
	}
	if err := gotVT.UnmarshalVT(frozen); err != nil || !proto.Equal(gotVT, want) {
		t.Fatalf("vtprotobuf: %v\ngot  %v\nwant %v", err, gotVT, want)
	}
	if written, err := want.MarshalVT(); err != nil || !bytes.Equal(written, frozen) {
		t.Fatalf("%v\nwritten %x\nfrozen  %x", err, written, frozen)
	}
}
