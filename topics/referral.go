package topics

// What becomes of an order's referral (D6); the words of entries and metrics.
const (
	ReferralApplied  = "applied"
	ReferralInvalid  = "invalid"   // the share token's signature, key or form is not ours
	ReferralExpired  = "expired"   // the share is older than every rule's `within`, or younger than the order
	ReferralSelf     = "self"      // one's own share
	ReferralNotFirst = "not_first" // the buyer has ordered before
	ReferralUnpaid   = "unpaid"    // nothing was paid for the order
	ReferralNoRule   = "no_rule"   // no rule holds for the order
)
