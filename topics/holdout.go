package topics

import "encoding/binary"

// InHoldout says whether a member belongs to a rule's hold-out of percent (0..100): the same members at every event and
// in every version, different ones for different rules.
func InHoldout(member, rule string, percent uint32) bool {
	if percent == 0 {
		return false
	}
	m := MarkOf("holdout", rule, member)
	return binary.BigEndian.Uint64(m[:8])%100 < uint64(percent)
}
