package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// stored is a state with an encoding of its own.
type stored interface {
	AppendBinary(b []byte) ([]byte, error)
	UnmarshalBinary(b []byte) error
}

func TestStoredStatesAreTheStates(t *testing.T) {
	t.Run("account", func(t *testing.T) { storedIsSame[Account](t) })
	t.Run("order", func(t *testing.T) { storedIsSame[Order](t) })
}

// storedIsSame writes random states and reads them again; a value that was cut off or damaged is an error or a state, never a crash.
func storedIsSame[S any](t *testing.T) {
	any := rapid.Make[S]()
	rapid.Check(t, func(t *rapid.T) {
		s, back, bad := any.Draw(t, "state"), new(S), new(S)
		b := encoded(t, &s)
		if err := decode(back, b); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(&s, back, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
		if decode(bad, b[:len(b)-1]) == nil || decode(bad, append(b, 0)) == nil {
			t.Fatal("a value of another length is read")
		}
		b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= rapid.Byte().Draw(t, "by")
		_ = decode(bad, b)
	})
}

func encoded[S any](t *rapid.T, s *S) []byte {
	x, ok := any(s).(stored)
	if !ok {
		t.Fatalf("%T has no encoding", s)
	}
	b, err := x.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode[S any](s *S, b []byte) error {
	x, _ := any(s).(stored)
	return x.UnmarshalBinary(b)
}

func TestALotTakesAFewBytes(t *testing.T) {
	a := &Account{}
	for i := range 1000 {
		at := 1_790_000_000_000 + int64(i)*3_600_000
		a.Lots = append(a.Lots, Lot{Number: uint32(i + 1), Remaining: 75, ActiveAt: at, ExpiresAt: at + 31_536_000_000, Ordered: true})
	}
	b, err := a.AppendBinary(nil)
	if err != nil || len(b) > 14_000 {
		t.Errorf("1000 lots take %d bytes, %v", len(b), err)
	}
}

// TestOrdersOfEarlierMergesAreRead: what merged members brought along stands in the ledger for good, also from before returns
// had digests.
func TestOrdersOfEarlierMergesAreRead(t *testing.T) {
	o := Order{Paid: true, Returns: []Returned{{ID: "R"}}}
	state, err := o.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	state[0] &^= 1 << 7
	var read Order
	if err := read.UnmarshalBinary(state[:len(state)-1]); err != nil || !cmp.Equal(read, o, cmpopts.EquateEmpty()) {
		t.Errorf("read %+v: %v", read, err)
	}
}
