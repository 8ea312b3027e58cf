package ledger_test

import (
	"testing"

	"jifen/ledger"
	"jifen/topics/pointspb"
)

// TestOrderKeysOfAnAwardOfMergedMembers: the ids that were merged first are looked for first.
func TestOrderKeysOfAnAwardOfMergedMembers(t *testing.T) {
	for key, want := range map[string][]string{
		"":                       nil,
		"m\x1fo":                 {"m\x1fo"},
		"m\x1fo\x1ea\x1eb":       {"m\x1fo\x1ea\x1eb", "m\x1fo\x1ea", "m\x1fo\x1eb", "m\x1fo"},
		"m\x1fo\x1ea\x1eb\x1eca": {"m\x1fo\x1ea\x1eb\x1eca", "m\x1fo\x1ea\x1eb", "m\x1fo\x1ea\x1eca", "m\x1fo\x1ea", "m\x1fo\x1eb\x1eca", "m\x1fo\x1eb", "m\x1fo\x1eca", "m\x1fo"},
	} {
		equal(t, key, ledger.OrderKeys(&pointspb.BudgetAward{OrderKey: key}), want)
	}
}
