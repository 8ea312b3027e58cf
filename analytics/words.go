package analytics

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"jifen/topics/pointspb"
)

// kindWord is the word of a kind of entry in tables and answers; one that is newer than this program is "unknown".
func kindWord(k pointspb.Kind) string {
	switch k {
	case pointspb.Kind_RECORDED:
		return "recorded"
	case pointspb.Kind_GRANTED:
		return "granted"
	case pointspb.Kind_ACTIVATED:
		return "activated"
	case pointspb.Kind_EXPIRED:
		return "expired"
	case pointspb.Kind_REVERSED:
		return "reversed"
	case pointspb.Kind_REPAID:
		return "repaid"
	case pointspb.Kind_TIER_CHANGED:
		return "tier_changed"
	case pointspb.Kind_REDEEMED:
		return "redeemed"
	case pointspb.Kind_REFUSED:
		return "refused"
	case pointspb.Kind_RESERVED:
		return "reserved"
	case pointspb.Kind_SOLD:
		return "sold"
	case pointspb.Kind_RELEASED:
		return "released"
	case pointspb.Kind_ITEM_SET:
		return "item_set"
	case pointspb.Kind_REFUNDED:
		return "refunded"
	case pointspb.Kind_FORGOTTEN:
		return "forgotten"
	case pointspb.Kind_TIER_KEPT:
		return "tier_kept"
	case pointspb.Kind_COMPLETED:
		return "completed"
	case pointspb.Kind_MERGED_OUT:
		return "merged_out"
	case pointspb.Kind_MERGED_IN:
		return "merged_in"
	case pointspb.Kind_FROZEN:
		return "frozen"
	case pointspb.Kind_UNFROZEN:
		return "unfrozen"
	case pointspb.Kind_ADJUSTED:
		return "adjusted"
	case pointspb.Kind_PROPOSED:
		return "proposed"
	case pointspb.Kind_DECLINED:
		return "declined"
	case pointspb.Kind_APPEALED:
		return "appealed"
	case pointspb.Kind_REVIEW_DUE:
		return "review_due"
	case pointspb.Kind_RESTORED:
		return "restored"
	case pointspb.Kind_NOTICED:
		return "noticed"
	case pointspb.Kind_EXTENDED:
		return "extended"
	case pointspb.Kind_TAKEN:
		return "taken"
	case pointspb.Kind_GIVEN:
		return "given"
	}
	return "unknown"
}

// appendQuoted writes v as a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendQuoted(j []byte, v string) []byte {
	quoted, err := jsontext.AppendQuote(j, v)
	if err != nil {
		quoted, _ = jsontext.AppendQuote(j, strings.ToValidUTF8(v, "\uFFFD")) // valid UTF-8 cannot fail
	}
	return quoted
}
