package analytics

import "google.golang.org/protobuf/encoding/protowire"

// readFacts reads the rarer messages of what happened: refund 14, tier 16, redemption 17, budget 28, act 32 and return 34.
func (v *entryView) readFacts(message protowire.Number, m []byte) bool {
	for len(m) > 0 {
		number, x, b, rest := next(m)
		if number == 0 {
			return false
		}
		switch message*100 + number {
		case 1401:
			v.refundOrder = text(b)
		case 1402:
			v.refund = text(b)
		case 1601:
			v.tierFrom = text(b)
		case 1602:
			v.tierTo = text(b)
		case 1701:
			v.redemption = text(b)
		case 1703:
			v.item = text(b)
		case 1704:
			v.quantity = signed(x)
		case 1710:
			v.under = text(b)
		case 1716:
			if v.under == "" {
				v.under = text(b)
			}
		case 1706, 3212, 3403:
			v.outcome = text(b)
		case 3201:
			v.act = text(b)
		case 3203:
			v.actOf = text(b)
		case 3206:
			v.reason = text(b)
		case 3401:
			v.refund = text(b)
		case 2801:
			v.budget.campaign = text(b)
		case 2802:
			v.budget.desired = signed(x)
		case 2803:
			v.budget.awarded = signed(x)
		}
		m = rest
	}
	return true
}
