package topics

import "time"

// AbuseRule is met by more than so many events of a member, or members of a device or an address, within a time (R30). One of
// On and Shared is set.
type AbuseRule struct {
	ID string
	// On is an event type, AbuseReferral or AbuseSelfReferral: whose events of a member are counted.
	On       string
	Shared   Shared // whose members are counted
	MoreThan int
	Within   time.Duration // by event time; 0 with MoreThan 0 only
	Freeze   AbuseFreeze
	Review   int // days after which somebody has to have looked at the freeze
}

// What abuse rules count beside event types.
const (
	AbuseReferral     = "referral"      // of a sharer: the points of a friend's order come
	AbuseSelfReferral = "self_referral" // of a buyer: an order comes through their own share
)

// Shared is what several members may have in common.
type Shared string

// What is shared.
const (
	SharedDevice  Shared = "device"
	SharedAddress Shared = "address"
)

// AbuseFreeze says what is frozen of a member whom an abuse rule meets.
type AbuseFreeze string

// What is frozen.
const (
	FreezeAccount AbuseFreeze = "account"
	FreezeLots    AbuseFreeze = "lots" // every lot that can be spent
	FreezeNone    AbuseFreeze = "none" // nothing: the entry tells of it
)

// The bounds of abuse rules: what they count is kept of each member, device and address.
const (
	AbuseEventsMost  = 100
	AbuseMembersMost = 50
	AbuseRulesMost   = 20
	AbuseWithinMost  = 90 * 24 * time.Hour
	AbuseReviewMost  = 365 // days
)

// AbuseActor is who freezes where a rule does.
const AbuseActor = "jifen:abuse"

// Shares says that the book has an abuse rule for what members may have in common.
func (b *Rulebook) Shares(kind Shared) bool {
	for i := range b.Abuse {
		if b.Abuse[i].Shared == kind {
			return true
		}
	}
	return false
}

// Watches says that the book has an abuse rule for such events: an event type, AbuseReferral or AbuseSelfReferral.
func (b *Rulebook) Watches(on string) bool {
	for i := range b.Abuse {
		if b.Abuse[i].On == on {
			return true
		}
	}
	return false
}

// AbuseNamed is an abuse rule of the book; nil if it has none of that name.
func (b *Rulebook) AbuseNamed(id string) *AbuseRule {
	for i := range b.Abuse {
		if b.Abuse[i].ID == id {
			return &b.Abuse[i]
		}
	}
	return nil
}

// Tells says that members are told of what is done to them by hand, or by abuse rules.
func (b *Rulebook) Tells() bool { return !b.Notices.IsZero() || len(b.Abuse) > 0 }
