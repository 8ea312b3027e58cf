package topics

import (
	"fmt"
	"time"
)

// The kinds of messages that are of no notice.
const (
	MessageCouponIssued  = "coupon_issued"
	MessageCouponRevoked = "coupon_revoked"
)

// Message is what a member finds in the mall's inbox (R54, R48).
type Message struct {
	ID         string // of the event that it is of
	Member     string
	Kind       string // of the notice, or one of those of coupons
	At         time.Time
	Text       Words
	Redemption string
	Item       string
}

// MessageOf is what a record of points.notices.v1 or points.coupons.v1 tells its member in the mall.
func MessageOf(r *Record) (Message, *Reject) {
	if r.Topic == Coupons {
		e, reject := DecodeCoupon(r.Value)
		if reject != nil {
			return Message{}, reject
		}
		return couponMessage(e), nil
	}
	e, reject := DecodeNotice(r.Value)
	if reject != nil {
		return Message{}, reject
	}
	return Message{
		ID: e.ID, Member: e.Data.Member, Kind: e.Kind, At: e.Time, Text: e.Data.Text, Redemption: e.Data.Redemption, Item: e.Data.Item,
	}, nil
}

func couponMessage(e *CouponEvent) Message {
	d := e.Data
	m := Message{ID: e.ID(), Member: d.Member, Kind: MessageCouponIssued, At: e.Time}
	m.Text.Zh = fmt.Sprintf("您的积分达到 %d，获得优惠券 %s，编号 %s。", d.Threshold, d.Template, d.Coupon)
	m.Text.En = fmt.Sprintf("Your points reached %d: you get the coupon %s, number %s.", d.Threshold, d.Template, d.Coupon)
	if e.Type == TypeCouponRevoked {
		m.Kind = MessageCouponRevoked
		m.Text.Zh = fmt.Sprintf("由于订单退款，优惠券 %s（编号 %s）已失效。", d.Template, d.Coupon)
		m.Text.En = fmt.Sprintf("An order was refunded: the coupon %s, number %s, is no longer valid.", d.Template, d.Coupon)
	}
	return m
}

// MessageTitle names a kind of notice or message in a few words.
func MessageTitle(kind string) Words {
	switch kind {
	case NoticeExpiry:
		return Words{"积分即将到期", "Points about to expire"}
	case NoticeDigest:
		return Words{"积分年度提醒", "Your points at the end of the year"}
	case NoticeTierFall:
		return Words{"等级变更提醒", "Your tier is about to change"}
	case NoticeFrozen:
		return Words{"积分已冻结", "Points frozen"}
	case NoticeUnfrozen:
		return Words{"冻结已解除", "Freeze lifted"}
	case NoticeConfirmed:
		return Words{"冻结复核结果", "Freeze confirmed"}
	case MessageCouponIssued:
		return Words{"获得优惠券", "You got a coupon"}
	case MessageCouponRevoked:
		return Words{"优惠券已失效", "Coupon no longer valid"}
	}
	return redemptionTitle(kind)
}

func redemptionTitle(kind string) Words {
	switch kind {
	case NoticeRedeemed:
		return Words{"兑换成功", "Redeemed"}
	case NoticeShipped:
		return Words{"礼品已发货", "Shipped"}
	case NoticeDelivered:
		return Words{"礼品已送达", "Delivered"}
	case NoticeFulfilled:
		return Words{"兑换已完成", "Fulfilled"}
	case NoticeCancelled:
		return Words{"兑换已取消", "Redemption cancelled"}
	case NoticeReturnRequested:
		return Words{"退换申请已提交", "Return requested"}
	case NoticeReturned:
		return Words{"退货已完成", "Return accepted"}
	case NoticeReturnRejected:
		return Words{"退换申请未通过", "Return rejected"}
	case NoticeExchanged:
		return Words{"换货已发出", "Exchange shipped"}
	case NoticeProblemResolved:
		return Words{"问题已处理", "Problem resolved"}
	}
	return Words{"消息", "Message"}
}
