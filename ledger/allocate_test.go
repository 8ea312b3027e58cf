package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAGrantIsSplitOverTheLinesThatEarnedIt by what was paid for them in money, not by what is kept or by other lines (E6).
func TestAGrantIsSplitOverTheLinesThatEarnedIt(t *testing.T) {
	o := &Order{Lines: []OrderLine{{Net: 19900, Eligible: 19900, Kept: 100}, {Net: 90000, Eligible: 90000}, {Net: 20000, Eligible: 10000, Kept: 20000}}}
	for _, c := range []struct {
		grant Grant
		want  []int64
	}{
		{Grant{Awarded: 43, Reversed: 10, Lines: []uint32{0, 2}}, []int64{29, 14}},
		{Grant{Awarded: 7, Lines: []uint32{1}}, []int64{7}},
		{Grant{Awarded: 50}, []int64{}},
	} {
		if diff := cmp.Diff(o.Allocated(&c.grant), c.want); diff != "" {
			t.Errorf("%d over lines %v (-got +want):\n%s", c.grant.Awarded, c.grant.Lines, diff)
		}
	}
}
