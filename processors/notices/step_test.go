package notices

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestStepsOfRedemptionsAreSaid in Chinese and English, each of every kind.
func TestStepsOfRedemptionsAreSaid(t *testing.T) {
	name := topics.Words{Zh: "马克杯", En: "Mug"}
	for _, x := range []struct {
		kind   string
		step   step
		zh, en string
	}{
		{topics.NoticeRedeemed, step{quantity: 1, points: 300}, "您已用 300 积分兑换「马克杯」。", "You redeemed Mug for 300 points."},
		{topics.NoticeRedeemed, step{quantity: 2, points: 600}, "您已用 600 积分兑换「马克杯 × 2」。", "You redeemed Mug × 2 for 600 points."},
		{topics.NoticeShipped, step{}, "您兑换的「马克杯」已发货。", "Mug is on its way."},
		{topics.NoticeShipped, step{carrier: "SF", number: "7"}, "您兑换的「马克杯」已发货：SF，单号 7。", "Mug is on its way: SF, tracking number 7."},
		{topics.NoticeExchanged, step{carrier: "SF", number: "7"}, "您换货的「马克杯」已重新发出：SF，单号 7。", "The exchange of Mug is on its way: SF, tracking number 7."},
		{topics.NoticeDelivered, step{}, "您兑换的「马克杯」已送达。", "Mug was delivered."},
		{topics.NoticeFulfilled, step{}, "您兑换的「马克杯」已完成。", "Mug was fulfilled."},
		{topics.NoticeCancelled, step{points: 9}, "您兑换的「马克杯」已取消，已退还 9 积分。", "The redemption of Mug was cancelled, 9 points are yours again."},
		{topics.NoticeCancelled, step{points: 9, reason: "stock"}, "您兑换的「马克杯」已取消，已退还 9 积分，原因：stock。", "The redemption of Mug was cancelled, 9 points are yours again (stock)."},
		{topics.NoticeReturnRequested, step{quantity: 3}, "我们已收到您对「马克杯 × 3」的退换申请。", "We have your request to return or exchange Mug × 3."},
		{topics.NoticeReturned, step{points: 9}, "「马克杯」的退货已完成，已退还 9 积分。", "The return of Mug is accepted, 9 points are yours again."},
		{topics.NoticeReturnRejected, step{reason: "used"}, "「马克杯」的退换申请未通过，原因：used。", "The return of Mug is not accepted (used)."},
		{topics.NoticeProblemResolved, step{resolution: "replace"}, "您反映的「马克杯」问题已处理，已为您更换。", "Your problem with Mug is resolved: you get another one."},
		{topics.NoticeProblemResolved, step{resolution: "refund", points: 9}, "您反映的「马克杯」问题已处理，已退还 9 积分。", "Your problem with Mug is resolved: 9 points are yours again."},
		{topics.NoticeProblemResolved, step{resolution: "reject"}, "您反映的「马克杯」问题经核实未发现异常。", "We looked into your problem with Mug and found nothing wrong."},
	} {
		if d := cmp.Diff(x.step.words(x.kind, name), topics.Words{Zh: x.zh, En: x.en}); d != "" {
			t.Errorf("%s (-got +want):\n%s", x.kind, d)
		}
	}
}

// TestWhatWasRedeemedSaysHowItIsUsed: where each service of it is booked, and what merchants say of it; R50.
func TestWhatWasRedeemedSaysHowItIsUsed(t *testing.T) {
	catalogue := []*ledger.Item{
		{ID: "wash", NameZh: "洗车", NameEn: "Car wash", Details: ledger.ItemDetails{BookingURL: "https://b/?r={redemption}", InstructionsZh: "提前一天预约。", InstructionsEn: "Book a day ahead."}},
		{ID: "day", NameZh: "好日子", NameEn: "A good day"},
	}
	for _, x := range []struct {
		item  string
		parts []*pointspb.Part
		text  topics.Words
		says  *topics.Words
	}{
		{
			"wash",
			[]*pointspb.Part{{Item: "wash"}},
			topics.Words{Zh: "您已用 9 积分兑换「洗车」。预约：https://b/?r=r%26 提前一天预约。", En: "You redeemed Car wash for 9 points. Book it at https://b/?r=r%26. Book a day ahead."},
			&topics.Words{Zh: "提前一天预约。", En: "Book a day ahead."},
		},
		{
			"day",
			[]*pointspb.Part{{Item: "day"}, {Item: "wash"}},
			topics.Words{Zh: "您已用 9 积分兑换「好日子」。预约：https://b/?r=r%26", En: "You redeemed A good day for 9 points. Book it at https://b/?r=r%26."},
			nil,
		},
	} {
		e := &pointspb.Entry{Kind: pointspb.Kind_REDEEMED, Redemption: &pointspb.RedemptionFacts{Id: "r&", Item: x.item, Quantity: 1, UnitPrice: 9, Parts: x.parts}}
		got := (&Stage{}).event("ana", e, noticeOf(e), catalogue).Data
		want := []topics.NoticeBooking{{Item: "wash", ItemName: topics.Words{Zh: "洗车", En: "Car wash"}, URL: "https://b/?r=r%26"}}
		if d := cmp.Diff(got.Bookings, want) + cmp.Diff(got.Text, x.text) + cmp.Diff(got.Instructions, x.says); d != "" {
			t.Errorf("%s (-got +want):\n%s", x.item, d)
		}
	}
}
