package topics

// The channels by which members are told (R54).
const (
	ChannelEmail  = "email"
	ChannelSMS    = "sms"
	ChannelPush   = "push"
	ChannelSocial = "social"
)

// Channels lists the channels.
func Channels() []string { return []string{ChannelEmail, ChannelSMS, ChannelPush, ChannelSocial} }

// HeaderChannel is on a dead letter of points.notices.v1 that one channel gave up: brought back, it is for that one alone.
const HeaderChannel = "jifen.channel"

// GroupChannels is what the consumer group of a channel begins with: each channel has one of its own, so that none waits
// for another.
const GroupChannels = "jifen.channels."

// NoticeKinds lists the kinds of notices.
func NoticeKinds() []string {
	return []string{
		NoticeExpiry, NoticeDigest, NoticeTierFall, NoticeFrozen, NoticeUnfrozen, NoticeConfirmed,
		NoticeRedeemed, NoticeShipped, NoticeDelivered, NoticeFulfilled, NoticeCancelled, NoticeReturnRequested, NoticeReturned,
		NoticeReturnRejected, NoticeExchanged, NoticeProblemResolved,
	}
}
