package topics

import (
	"strconv"
	"strings"
)

// Accounts are the keys of points.credits, points.requests and points.ledger.
const (
	MemberPrefix = "member:"
	ItemPrefix   = "item:"
	// CampaignPrefix is that of campaigns with a budget.
	CampaignPrefix = "campaign:"
	// IdentityPrefix is that of devices and addresses that members are counted by.
	IdentityPrefix = "identity:"
)

// MemberAccount is the account of a member.
func MemberAccount(member string) string { return MemberPrefix + member }

// ItemAccount is the account of an item.
func ItemAccount(item string) string { return ItemPrefix + item }

// CampaignAccount is the account of a campaign's budget.
func CampaignAccount(campaign string) string { return CampaignPrefix + campaign }

// IdentityAccount is the account of a device or an address. What is hashed of it is all that the ledger ever knows (I15).
func IdentityAccount(kind Shared, value string) string {
	return IdentityPrefix + string(kind) + "-" + hexHash("identity", string(kind), value)
}

// MemberOf returns the member of an account; ok is false for other accounts.
func MemberOf(account string) (member string, ok bool) {
	return strings.CutPrefix(account, MemberPrefix)
}

// ItemOf returns the item of an account; ok is false for other accounts.
func ItemOf(account string) (item string, ok bool) { return strings.CutPrefix(account, ItemPrefix) }

// CampaignOf returns the campaign of an account; ok is false for other accounts.
func CampaignOf(account string) (campaign string, ok bool) {
	return strings.CutPrefix(account, CampaignPrefix)
}

// IdentityOf returns the identity of an account; ok is false for other accounts.
func IdentityOf(account string) (identity string, ok bool) {
	return strings.CutPrefix(account, IdentityPrefix)
}

// Shard is the shard of an account: murmur2(account) & 0x7fffffff mod shards, as Kafka's default partitioner has it
// (architecture: "Shards"). We compute it ourselves, so that no client's default decides.
func Shard(account string, shards int) int32 {
	return int32(murmur2(account)&0x7fffffff) % int32(shards)
}

// murmur2 is the hash of Kafka's Java client (org.apache.kafka.common.utils.Utils), seed 0x9747b28c.
func murmur2(s string) uint32 {
	const (
		seed uint32 = 0x9747b28c
		m    uint32 = 0x5bd1e995
		r           = 24
	)
	h := seed ^ uint32(len(s))
	for len(s) >= 4 {
		k := uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
		k *= m
		k ^= k >> r
		k *= m
		h *= m
		h ^= k
		s = s[4:]
	}
	switch len(s) {
	case 3:
		h ^= uint32(s[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(s[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(s[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	h ^= h >> 15
	return h
}

// OrderKey names an order's state on its member's shard. Ids are printable, so the separator cannot occur in one.
func OrderKey(member, source, order string) string { return member + "\x1f" + source + "\x1f" + order }

// OrderOf is the order that a key names, as the shop names it; empty: it is the key of a review, a referral or a redemption.
func OrderOf(key string) string {
	parts := strings.Split(key, "\x1f")
	if len(parts) != len([...]string{"member", "source", "order"}) {
		return ""
	}
	order, _, _ := strings.Cut(parts[2], "\x1e") // of which a merged member has one, too
	return order
}

// ReviewKey names the state of a review on its member's shard: it is kept as an order is.
func ReviewKey(member, source, review string) string {
	return member + "\x1f" + source + "\x1freview\x1f" + review
}

// ReferralKey names what a sharer's shard keeps of a referral, as of an order: which it was. The buyer is not in it, for they
// may turn out to be another member.
func ReferralKey(sharer, source, order string) string {
	return sharer + "\x1f" + source + "\x1freferral\x1f" + order
}

// RedemptionKey names the place of a redemption among its member's orders, by which all of a member's can be found. Of one that
// came with a merge, the id tells of the member that it was made for.
func RedemptionKey(member, redemption string) string {
	return member + "\x1fjifen\x1fredemption\x1f" + redemption
}

// ActID is the id of what somebody of the staff, or a member, asks to be done under an Idempotency-Key.
func ActID(actor, key string) string { return "a-" + hexHash("act", actor, key) }

// AbuseID is the id of the freeze that an abuse rule leads to by an event: the same event, the same id.
func AbuseID(rule, member, source, event string) string {
	return "b-" + hexHash("abuse", rule, member, source, event)
}

// CouponID is the id of a milestone's n-th coupon of a member in a period: the same crossing, the same id (D8).
func CouponID(milestone, member, period string, n uint32) string {
	return "c-" + hexHash(milestone, member, period, strconv.FormatUint(uint64(n), 10))
}

// RedemptionID is the id of the redemption that member asks for under an Idempotency-Key: the same key, the same id.
func RedemptionID(member, key string) string { return "r-" + hexHash(member, key) }
