package balances_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/processors"
	"jifen/topics"
)

// TestWhatIsLeftIsNotWrittenAgain: who was given a batch's records reads them while the next batches are decided.
func TestWhatIsLeftIsNotWrittenAgain(t *testing.T) {
	for _, leave := range []bool{true, false} {
		p := start(t)
		p.leave = leave
		p.takeover()
		out, err := p.stage.Process(t.Context(), processors.Batch{Records: cloned([]topics.Record{p.gift("ana", "1", 5)})})
		if err != nil {
			t.Fatal(err)
		}
		left, before := slices.Clone(out.Records), cloned(out.Records)
		p.commit(processors.Output{Records: before})
		if err := p.stage.Committed(t.Context(), out.Records); err != nil {
			t.Fatal(err)
		}
		p.batch(p.gift("ana", "2", 7), p.gift("ben", "3", 9))
		for i := range left {
			left[i].Offset = before[i].Offset
		}
		if same := cmp.Equal(left, before); same != leave || out.Left != leave {
			t.Errorf("left: %v, said: %v, want %v", same, out.Left, leave)
		}
	}
}
