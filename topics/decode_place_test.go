package topics

import (
	"reflect"
	"strings"
	"testing"
)

// TestDecodeInPlaceForgetsTheEventBefore: whatever was decoded before, by either path, refused or not, with more lines or
// fewer, the event is the same as a fresh one.
func TestDecodeInPlaceForgetsTheEventBefore(t *testing.T) {
	backfilled := binaryRecord(TypeOrderPaid, order450)
	backfilled.Headers = append(backfilled.Headers, Header{"ce_backfill", []byte("run-1")}, Header{"ce_traceparent", []byte("00-1-2-03")})
	records := []*Record{
		binaryRecord(TypeOrderPaid, order450),
		binaryRecord(TypeOrderPaid, strings.Replace(order450, "{", `{"unknown":0,`, 1)),
		backfilled,
		binaryRecord(TypeOrderPaid, strings.Replace(order450, `"net":45500`, `"net":-1`, 1)),
		binaryRecord(TypeOrderCompleted, `{"order":"O1","member":"m1"}`),
		binaryRecord(TypeOrderRefunded, `{"order":"O1","member":"m1","refund":"R1","lines":[{"line":"1","net":5}]}`),
		binaryRecord(TypeActivity, `{"member":"m1","activity":"hotel_night","attributes":{"a":"b"}}`),
		binaryRecord(TypeOrderPaid, `{"order":"O","member":"m","currency":"CNY","lines":[{"line":"1","net":0,"tags":["only"]},{"line":"2","net":1}]}`),
		binaryRecord(TypeMerged, `{"member":"m1","from":"m2"}`),
		{Topic: Orders, Value: []byte("{}")},
	}
	limits := DefaultLimits()
	limits.BackfillSources = []string{AnySource}
	for i, before := range records {
		for j, r := range records {
			var e Event
			_ = e.Decode(before, limits, testNow())
			rej := e.Decode(r, limits, testNow())
			want, wantRej := Decode(r, limits, testNow())
			if len(e.Data.Lines) == 0 {
				e.Data.Lines = nil // the room of the lines before stays
			}
			if !reflect.DeepEqual(rej, wantRej) || wantRej == nil && !reflect.DeepEqual(&e, want) {
				t.Errorf("%d after %d: %v, want %v\ngot  %+v\nwant %+v", j, i, rej, wantRej, e, want)
			}
		}
	}
}

// TestDecodeInPlaceLeavesTheRecord: the strings lie in it, and none of its bytes changes.
func TestDecodeInPlaceLeavesTheRecord(t *testing.T) {
	r := binaryRecord(TypeOrderPaid, order450)
	var e Event
	if rej := e.Decode(r, DefaultLimits(), testNow()); rej != nil {
		t.Fatal(rej)
	}
	if !reflect.DeepEqual(r, binaryRecord(TypeOrderPaid, order450)) {
		t.Fatalf("%+v", r)
	}
	r.Value[len(`{"order":"`)] = 'X'
	if e.Data.Order != "X1" {
		t.Errorf("the order %q has bytes of its own", e.Data.Order)
	}
}

// TestPlainToFindsEveryByteAnywhere: each byte at each place of texts up to two words and a half long, from each place on.
func TestPlainToFindsEveryByteAnywhere(t *testing.T) {
	for n := range 20 {
		good := strings.Repeat("~ !", 10)[:n]
		if plainTo(good, n/3) != n {
			t.Fatalf("%q is plain", good)
		}
		for i := range n {
			for b := range 256 {
				s := good[:i] + string([]byte{byte(b)}) + good[i+1:]
				want := i
				if b >= 0x20 && b < 0x7f && b != '\\' && b != '"' {
					want = n
				}
				for from := range i + 1 {
					if got := plainTo(s, from); got != want {
						t.Fatalf("%q from %d: %d, want %d", s, from, got, want)
					}
				}
			}
		}
	}
}

func TestTextOfNothing(t *testing.T) {
	if TextOf(nil) != "" || TextOf([]byte{}) != "" {
		t.Error("no bytes are no text")
	}
}
