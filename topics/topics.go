// Package topics holds the words of Jifen: every topic, key, event, id and codec. It does no I/O.
package topics

import _ "embed"

// The topics, in the order in which a point lives through them (design: one word per thing).
const (
	Orders     = "shop.orders.v1"
	Shares     = "shop.shares.v1"
	Reviews    = "shop.reviews.v1"
	Members    = "shop.members.v1"
	Activities = "shop.activities.v1"
	RulebookV1 = "points.rulebook.v1"
	Replays    = "points.replays.v1"
	Runs       = "points.runs.v1"
	SettingsV1 = "points.settings.v1"
	Credits    = "points.credits.v1"
	Requests   = "points.requests.v1"
	Ledger     = "points.ledger.v1"
	Notices    = "points.notices.v1"
	Audit      = "points.audit.v1"
	Coupons    = "points.coupons.v1"
	Contacts   = "points.contacts.v1"
	MemberKeys = "points.keys.v1"
	Ratings    = "points.ratings.v1"
	Visits     = "points.visits.v1"

	// DeadLetterPrefix + a source topic is where its unusable records go, untouched.
	DeadLetterPrefix = "dlq."
)

// Consumer groups, one per stage.
const (
	GroupCredits   = "jifen.credits"
	GroupBalances  = "jifen.balances"
	GroupAnalytics = "jifen.analytics"
	GroupNotices   = "jifen.notices"
	GroupCoupons   = "jifen.coupons"
	GroupWebhooks  = "jifen.webhooks"
	GroupMessages  = "jifen.messages"
	GroupContacts  = "jifen.contacts"
)

// Declarations is topics.yaml: partitions, retention and cleanup of every topic, in flow order.
//
//go:embed topics.yaml
var Declarations []byte

// Shop lists the inbound topics.
func Shop() []string { return []string{Orders, Shares, Reviews, Members, Activities} }

// ShopGroups lists the groups that take turns at the inbound topics: that of the credits stage where it runs by itself, and
// that of the owners where these evaluate. The one that is further says how far they were read.
func ShopGroups() []string { return []string{GroupCredits, GroupBalances} }
