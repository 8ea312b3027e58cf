package kafka

import (
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// TestHeadersAreThoseOfTheClient: none, an empty list, and some, there and back.
func TestHeadersAreThoseOfTheClient(t *testing.T) {
	for _, want := range [][]topics.Header{nil, {}, {{Key: "ce_id", Value: []byte("e-1")}, {Key: "", Value: nil}, {Key: "x", Value: []byte{}}}} {
		client := toHeaders(want)
		if len(client) != len(want) {
			t.Fatalf("%d headers, want %d", len(client), len(want))
		}
		for i, h := range client {
			if h.Key != want[i].Key || !reflect.DeepEqual(h.Value, want[i].Value) {
				t.Errorf("header %d is %+v, want %+v", i, h, want[i])
			}
		}
		if got := fromHeaders(client); !reflect.DeepEqual(got, want) {
			t.Errorf("back: %+v, want %+v", got, want)
		}
	}
}

// TestRecordsKeepTheirContentsInUsedRoom: what a larger batch left in the room shows nowhere.
func TestRecordsKeepTheirContentsInUsedRoom(t *testing.T) {
	var room recordRoom
	many := make([]topics.Record, 10)
	for i := range many {
		many[i] = topics.Record{Topic: "old", Partition: 9, Value: []byte("old"), Headers: []topics.Header{{Key: "old"}}}
	}
	for _, r := range toKafka(many, &room) {
		r.Offset, r.Context = 7, t.Context()
	}
	sent := toKafka([]topics.Record{{Topic: "t", Partition: 1, Key: []byte("k"), Value: []byte("v")}, {Topic: "u", Partition: -1}}, &room)
	want := kgo.Record{Topic: "t", Partition: 1, Key: []byte("k"), Value: []byte("v"), Timestamp: sent[0].Timestamp}
	if len(sent) != 2 || !reflect.DeepEqual(*sent[0], want) || sent[1].Topic != "u" || sent[1].Offset != 0 {
		t.Errorf("%+v", sent)
	}
	fetched := kgo.Fetches{{Topics: []kgo.FetchTopic{{Topic: "t", Partitions: []kgo.FetchPartition{{Records: sent}}}}}}
	for range 2 {
		got := fromFetches(fetched, &room)
		if len(got) != 2 || got[0].Topic != "t" || string(got[0].Value) != "v" || got[0].Headers != nil || got[1].Partition != -1 {
			t.Errorf("%+v", got)
		}
	}
}
