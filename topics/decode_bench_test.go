package topics

import "testing"

// BenchmarkDecodeOrderInPlace is what the credits stage does: one event, again and again.
func BenchmarkDecodeOrderInPlace(b *testing.B) {
	r, limits, now := binaryRecord(TypeOrderPaid, order450), DefaultLimits(), testNow()
	var e Event
	b.ReportAllocs()
	b.SetBytes(int64(len(r.Value)))
	for b.Loop() {
		if rej := e.Decode(r, limits, now); rej != nil {
			b.Fatal(rej)
		}
	}
}
