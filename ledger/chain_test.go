package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"jifen/ledger"
	"jifen/topics"
)

// vectorF4 flips every byte of every entry of a history in turn: the chain check names seq and member, and the member by
// what is left of it where the byte is one of its name.
func vectorF4(t *testing.T) {
	s := open(t, "2026-06-01 10:00:00")
	s.order("ana", "A", line{29900, 1000, ""}, line{45500, 500, ""})
	s.gift("ben", "g", 7)
	s.spend("ana", "r", 100)
	s.refund("ana", "A", "R", 29900, 45500)
	var log [][]byte
	head := ledger.Head{}
	for _, e := range s.entries {
		record, err := ledger.Seal(&head, e, func(n int) []byte { return make([]byte, n) })
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, record)
	}
	before := ledger.Head{}
	for n, record := range log {
		account := s.entries[n].Account
		for at := range record {
			changed := bytes.Clone(record)
			changed[at] ^= 0x01
			head := before
			_, err := ledger.Open(&head, changed)
			named := fmt.Sprintf("%s, seq %d: ", account, n+1)
			if at < len(account)+2 { // tag, length and name
				named = fmt.Sprintf(", seq %d: ", n+1)
			}
			if !errors.Is(err, ledger.ErrChain) || !strings.Contains(err.Error(), named) {
				t.Fatalf("byte %d of %d of seq %d: %v", at, len(record), n+1, err)
			}
			equal(t, "the head stays", head, before)
		}
		if _, err := ledger.Open(&before, record); err != nil {
			t.Fatal(err)
		}
	}
	if len(log) < 5 || before.Seq != uint64(len(log)) || !strings.HasPrefix(s.entries[0].Account, topics.MemberAccount("")) {
		t.Fatalf("a history of %d entries up to seq %d", len(log), before.Seq)
	}
}
