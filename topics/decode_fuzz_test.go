package topics

import (
	"reflect"
	"testing"
)

// FuzzDecode: whatever is decoded is valid, so it survives Encode and Decode unchanged, in both modes.
func FuzzDecode(f *testing.F) {
	f.Add(TypeOrderPaid, order450)
	f.Add(TypeActivity, `{"member":"m1","activity":"hotel_night","quantity":3,"attributes":{"a":"b","c":[1]}}`)
	f.Add(TypeMerged, `{"member":"m1","from":"m2","store":null}`)
	f.Add(TypeReviewPublished, `{"review":"r","member":"m","order":"o","line":"1","sku":"s","rating":5}`)
	f.Add(TypeShareCreated, `{"member":"\u00e9","product":"p","platform":"w","token":"t"}`)
	var used Event
	f.Fuzz(func(t *testing.T, typ, data string) {
		e, rej := Decode(binaryRecord(typ, data), DefaultLimits(), testNow())
		if (e == nil) == (rej == nil) {
			t.Fatalf("event %v, reject %v", e, rej)
		}
		if inPlace := used.Decode(binaryRecord(typ, data), DefaultLimits(), testNow()); !reflect.DeepEqual(inPlace, rej) {
			t.Fatalf("in place %v, else %v", inPlace, rej)
		}
		if e == nil {
			return
		}
		if len(e.Data.Lines) > 0 && !reflect.DeepEqual(&used, e) {
			t.Fatalf("in place %+v, else %+v", used, e)
		}
		for _, r := range []Record{Encode(e), EncodeStructured(e)} {
			if recordBytes(&r) > RecordBytesMax {
				continue
			}
			again, rej := Decode(&r, DefaultLimits(), testNow())
			if rej != nil || !reflect.DeepEqual(again, e) {
				t.Fatalf("%v\ngot  %+v\nwant %+v", rej, again, e)
			}
		}
	})
}
