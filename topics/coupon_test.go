package topics

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestFrozenCouponsKeepTheirMeaning: what marketing once read is still what we write, and what the schema says.
func TestFrozenCouponsKeepTheirMeaning(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", Coupons, "*.json"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.TrimSpace(b)
		e, reject := DecodeCoupon(b)
		if reject != nil {
			t.Fatalf("%s: %v", file, reject)
		}
		r, err := e.Encode()
		if err != nil || !bytes.Equal(r.Value, b) || string(r.Key) != e.Data.Member {
			t.Errorf("%s: %v, written\n%s", file, err, r.Value)
		}
		schema, err := jsonschema.NewCompiler().Compile("schema/" + e.Type + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var envelope struct{ Data json.RawMessage }
		if err := json.Unmarshal(b, &envelope); err != nil || !schemaAccepts(schema, envelope.Data) {
			t.Errorf("%s: the schema refuses it, %v", file, err)
		}
	}
}

func TestWhatIsNoCouponIsRefused(t *testing.T) {
	for value, want := range map[string]Reason{
		`no JSON`: ReasonDecode, `{"type":"coupon.sold.v1"}`: ReasonUnknownType, `{"type":"coupon.issued.v1","id":"c-1-issued"}`: ReasonSchema,
		`{"type":"coupon.issued.v1","id":"c-2-issued","time":"2026-05-26T03:00:55Z","data":{"coupon":"c-1"}}`: ReasonSchema,
	} {
		if _, reject := DecodeCoupon([]byte(value)); reject == nil || reject.Reason != want {
			t.Errorf("%s: %v, want %s", value, reject, want)
		}
	}
}
