package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestStoredLotsAreTheLots(t *testing.T) {
	lot := rapid.Custom(func(t *rapid.T) Lot {
		return Lot{
			Number: rapid.Uint32().Draw(t, "number"), Remaining: rapid.Int64().Draw(t, "remaining"),
			ActiveAt: rapid.Int64().Draw(t, "active"), ExpiresAt: rapid.Int64().Draw(t, "expires"),
			Priority: rapid.Int32().Draw(t, "priority"), Pending: rapid.Bool().Draw(t, "pending"), Ordered: rapid.Bool().Draw(t, "ordered"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		lots := Lots(rapid.SliceOfN(lot, 0, 20).Draw(t, "lots"))
		b, err := lots.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back Lots
		if err := back.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(lots, back, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Lot{}, "_")); d != "" {
			t.Fatal(d)
		}
		if len(b) > 0 && back.UnmarshalBinary(b[:len(b)-1]) == nil && len(back) == len(lots) {
			t.Fatal("a value that was cut off is read")
		}
	})
}

func TestALotTakesAFewBytes(t *testing.T) {
	var lots Lots
	for i := range 1000 {
		lots = append(lots, Lot{Number: uint32(i), Remaining: 50, ActiveAt: 1_790_000_000_000 + int64(i)*86_400_000, ExpiresAt: 1_830_000_000_000, Ordered: true})
	}
	b, _ := lots.MarshalBinary()
	if per := len(b) / len(lots); per > 10 {
		t.Errorf("%d bytes a lot", per)
	}
}
