package topics

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// What is kept of a member beside the ledger lies in three compacted topics, in the partition of the member's shard. A
// record's key is the member's mark, a slash and what it is: the mark finds all of a member, and is no id.
const (
	bookPrefix       = "book/"
	selfName         = "self"
	redemptionPrefix = "redemption/"
	// SealName is what the records are named that do nothing but end segments (decision 0038).
	SealName = "seal"
	// AddressesMost is how many addresses a member keeps.
	AddressesMost = 20
)

// PrivateTopics are the topics of what is kept of members beside the ledger.
func PrivateTopics() []string { return []string{Contacts, MemberKeys, Ratings} }

// MemberMark stands for a member in the keys of private topics: 32 hexadecimal digits.
func MemberMark(member string) string { return hexHash("private", member) }

// PrivateKey is the key of a record of a private topic.
func PrivateKey(mark, name string) string { return mark + "/" + name }

// OfPrivateKey takes a record's key apart; ok is false for what is not of a member, such as seals.
func OfPrivateKey(key string) (mark, name string, ok bool) {
	mark, name, ok = strings.Cut(key, "/")
	return mark, name, ok && len(mark) == 2*len(Mark{}) && name != ""
}

// BookName names the n-th address of a member's book.
func BookName(n int) string { return bookPrefix + strconv.Itoa(n) }

// OfBookName is which address of the book a name is; ok is false for other names.
func OfBookName(name string) (n int, ok bool) {
	rest, ok := strings.CutPrefix(name, bookPrefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(rest)
	return n, err == nil && n > 0 && strconv.Itoa(n) == rest
}

// SelfName names how a member is reached.
func SelfName() string { return selfName }

// RedemptionName names the address of a redemption. It holds for what was asked for with a body: of two requests with one
// id the address stays of the one that counts.
func RedemptionName(id string, bodyHash []byte) string {
	return RedemptionNames(id) + hex.EncodeToString(bodyHash[:min(8, len(bodyHash))])
}

// RedemptionNames is what all names of a redemption's addresses begin with.
func RedemptionNames(id string) string { return redemptionPrefix + id + "/" }

// OfRedemptionKey is the redemption that has a place among its member's orders; ok is false for orders.
func OfRedemptionKey(key string) (id string, ok bool) {
	_, rest, ok := strings.Cut(key, "\x1f")
	if !ok {
		return "", false
	}
	return strings.CutPrefix(rest, "jifen\x1fredemption\x1f")
}

// PrivateFold is what a batch of records does to the fold of the private topics of a shard. Values of fields are empty
// where a field goes.
type PrivateFold struct {
	Shard    int32
	From, To map[string]int64 // next offset by topic, before and after; none: nothing was read
	Seals    bool             // a seal was read
	Ready    bool             // all that was written before the fold began is in it
	Records  []Record         // of the private topics, in their order; an empty value removes
	Erased   []string         // marks of members
}

// PrivatePosition is how far the fold of a shard's private topics goes.
type PrivatePosition struct {
	Next   map[string]int64 // by topic: ledger and private ones
	Ready  bool
	Erased map[string]bool // marks
}
