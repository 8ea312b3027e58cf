package topics

import (
	"google.golang.org/protobuf/encoding/protowire"

	"jifen/topics/pointspb"
)

// KindOf reads the kind of an entry of the ledger off its bytes, for stages that need few of them decoded; unspecified: it
// has none that can be read.
func KindOf(m []byte) pointspb.Kind {
	const kind = 3 // its number in points.proto, before all that is long
	for len(m) > 0 {
		number, typ, n := protowire.ConsumeTag(m)
		if n < 0 || number > kind {
			return 0
		}
		m = m[n:]
		if number == kind && typ == protowire.VarintType {
			v, _ := protowire.ConsumeVarint(m)
			return pointspb.Kind(v) //nolint:gosec // an enum
		}
		if n = protowire.ConsumeFieldValue(number, typ, m); n < 0 {
			return 0
		}
		m = m[n:]
	}
	return 0
}
