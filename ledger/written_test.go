package ledger_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"jifen/ledger"
)

// TestWhatIsWrittenIsTheAccount runs random histories of members with many lots, and after each operation writes what
// changed as a store does: behind the value that it has, or in place of it. What the store has is always the account, also
// to an owner that reads it and goes on from there.
func TestWhatIsWrittenIsTheAccount(t *testing.T) {
	behind, whole, longest := 0, 0, 0
	rapid.Check(t, func(r *rapid.T) {
		s, values := open(t, "2024-01-01 00:00:00").windows(r), map[string][]byte{}
		for n := range rapid.IntRange(1, 60).Draw(r, "operations") {
			if rapid.IntRange(0, 3).Draw(r, "gift") > 0 {
				s.now = s.now.Add(time.Hour)
				s.gift("m0", fmt.Sprint("more", n), 5)
			} else {
				operate(r, s)
			}
			for _, m := range s.world.Changed() {
				value, all := m.AppendAccount(nil)
				if all {
					values[m.ID], whole = value, whole+1
				} else {
					values[m.ID], behind = append(values[m.ID], value...), behind+1
				}
				stored(r, m, values[m.ID])
				if rapid.IntRange(0, 9).Draw(r, "takeover") == 0 {
					if err := m.ReadAccount(values[m.ID]); err != nil {
						r.Fatal(err)
					}
				}
				longest = max(longest, len(m.Lots))
			}
		}
	})
	if behind == 0 || whole == 0 {
		t.Errorf("%d values written behind, %d whole, at most %d lots", behind, whole, longest)
	}
}

// stored checks that a value is the member's account: it would be written alike.
func stored(r *rapid.T, m *ledger.Member, value []byte) {
	back := &ledger.Account{}
	if err := back.UnmarshalBinary(value); err != nil {
		r.Fatalf("%x: %v", value, err)
	}
	want, _ := m.AppendBinary(nil)
	got, _ := back.AppendBinary(nil)
	if !bytes.Equal(got, want) {
		r.Fatalf("stored (-account +stored):\n%s", cmp.Diff(&m.Account, back, cmpopts.EquateEmpty()))
	}
}

// TestAccountIsWrittenOnBehindItself: what a busy member's event adds is written in a few bytes, until that is as long as
// the whole; a lot that changed is written with the whole.
func TestAccountIsWrittenOnBehindItself(t *testing.T) {
	s := open(t, "2024-01-01 00:00:00")
	var last, sum, wholes int
	for n := range 3000 {
		s.now = s.now.Add(time.Minute)
		s.gift("m", fmt.Sprint(n), 5)
		value, whole := s.world.Member("m").AppendAccount(nil)
		last, sum = len(value), sum+len(value)
		if whole {
			wholes++
		}
	}
	if last > 60 || sum > 400_000 || wholes > 60 {
		t.Errorf("the last event wrote %d bytes, all of them %d, %d times the whole", last, sum, wholes)
	}
	s.spend("m", "r", 3)
	if value, whole := s.world.Member("m").AppendAccount(nil); !whole || len(value) < 20_000 {
		t.Errorf("a spent lot was written in %d bytes, whole: %v", len(value), whole)
	}
}
