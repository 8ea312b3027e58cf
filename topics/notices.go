package topics

// NoticePlan says which notices members get; the zero value: none.
type NoticePlan struct {
	Expiry   []int // days before an expiry, descending
	Digest   bool  // on 1 December, of all points (R27: every year end)
	TierFall int   // days before the evaluation at which a tier would fall; 0: none
}

// IsZero says that there are none.
func (n *NoticePlan) IsZero() bool { return len(n.Expiry) == 0 && !n.Digest && n.TierFall == 0 }

// The kinds of notices, as they stand in entries and behind "notice." in the types of events.
const (
	NoticeExpiry   = "expiry"
	NoticeDigest   = "digest"
	NoticeTierFall = "tier_fall"
	// Of freezes, by hand and by abuse rules.
	NoticeFrozen    = "frozen"
	NoticeUnfrozen  = "unfrozen"
	NoticeConfirmed = "confirmed"
)

// Of the steps of a redemption.
const (
	NoticeRedeemed        = "redeemed"
	NoticeShipped         = "shipped"
	NoticeDelivered       = "delivered"
	NoticeFulfilled       = "fulfilled"
	NoticeCancelled       = "cancelled"
	NoticeReturnRequested = "return_requested"
	NoticeReturned        = "returned"
	NoticeReturnRejected  = "return_rejected"
	NoticeExchanged       = "exchanged"
	NoticeProblemResolved = "problem_resolved"
	// Of an item, to whoever keeps its codes.
	NoticeCodesLow = "codes_low"
)
