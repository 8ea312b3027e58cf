package notices

import (
	"fmt"
	"strings"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// step is what became of a redemption (R48).
type step struct {
	redemption, item   string
	quantity, points   int64
	carrier, number    string
	reason, resolution string

	parts        []string // items that a new redemption consists of
	bookings     []topics.NoticeBooking
	instructions topics.Words
}

// stepOf reads the step of a redemption that a notice tells of; false: it is of none.
func stepOf(e *pointspb.Entry) (step, bool) {
	r, n := e.Redemption, e.Notice
	switch {
	case r == nil:
		return step{}, false
	case n.GetRedemption() != "":
		return step{
			redemption: n.Redemption, item: n.Item, quantity: n.Quantity, points: n.Points, carrier: n.Carrier, number: n.Number,
			reason: n.Reason, resolution: n.Resolution,
		}, true
	}
	t := step{redemption: r.Id, item: r.Item, quantity: r.Quantity, points: r.UnitPrice * r.Quantity, parts: []string{r.Item}}
	for _, p := range r.Parts {
		if p.Item != r.Item {
			t.parts = append(t.parts, p.Item)
		}
	}
	return t, true
}

// tell fills the data of a notice with a step and its words; the item has its name from the catalogue as it is now.
func (t *step) tell(d *topics.NoticeData, catalogue []*ledger.Item) {
	d.Redemption, d.Item, d.Quantity, d.Points = t.redemption, t.item, t.quantity, t.points
	d.Carrier, d.Number, d.Reason, d.Resolution = t.carrier, t.number, t.reason, t.resolution
	name := nameIn(catalogue, t.item)
	d.ItemName = &name
	t.use(catalogue)
	d.Bookings = t.bookings
	if t.instructions != (topics.Words{}) {
		d.Instructions = &t.instructions
	}
}

// use says how to use what was redeemed: where its services are booked, and what merchants say of its item (R50).
func (t *step) use(catalogue []*ledger.Item) {
	for _, part := range t.parts {
		for _, i := range catalogue {
			if i.ID != part {
				continue
			}
			if i.Details.BookingURL != "" {
				t.bookings = append(t.bookings, topics.NoticeBooking{Item: part, ItemName: nameIn(catalogue, part), URL: topics.BookingLink(i.Details.BookingURL, t.redemption)})
			}
			if part == t.item {
				t.instructions = topics.Words{Zh: i.Details.InstructionsZh, En: i.Details.InstructionsEn}
			}
		}
	}
}

// nameIn is an item's name; its id, where the catalogue lacks it.
func nameIn(catalogue []*ledger.Item, item string) topics.Words {
	for _, i := range catalogue {
		if i.ID == item {
			return topics.Words{Zh: i.NameZh, En: i.NameEn}
		}
	}
	return topics.Words{Zh: item, En: item}
}

// units names what a step is about: an item, and how many where it is not one.
func units(name string, quantity int64) string {
	if quantity > 1 {
		return fmt.Sprintf("%s × %d", name, quantity)
	}
	return name
}

// words say a step in Chinese and English; items are what it is about in both.
func (t step) words(kind string, name topics.Words) topics.Words {
	zh, en := "「"+units(name.Zh, t.quantity)+"」", units(name.En, t.quantity)
	var w topics.Words
	switch kind {
	case topics.NoticeRedeemed:
		w = t.redeemed(both("您已用 %d 积分兑换%s。", "You redeemed %[2]s for %[1]d points.", t.points, zh, en))
	case topics.NoticeShipped:
		w = topics.Words{Zh: "您兑换的" + zh + "已发货", En: en + " is on its way"}
	case topics.NoticeExchanged:
		w = topics.Words{Zh: "您换货的" + zh + "已重新发出", En: "The exchange of " + en + " is on its way"}
	case topics.NoticeDelivered:
		w = topics.Words{Zh: "您兑换的" + zh + "已送达。", En: en + " was delivered."}
	case topics.NoticeFulfilled:
		w = topics.Words{Zh: "您兑换的" + zh + "已完成。", En: en + " was fulfilled."}
	case topics.NoticeCancelled:
		w = both("您兑换的%[2]s已取消，已退还 %[1]d 积分", "The redemption of %[2]s was cancelled, %[1]d points are yours again", t.points, zh, en)
	case topics.NoticeReturnRequested:
		w = topics.Words{Zh: "我们已收到您对" + zh + "的退换申请。", En: "We have your request to return or exchange " + en + "."}
	case topics.NoticeReturned:
		w = both("%[2]s的退货已完成，已退还 %[1]d 积分。", "The return of %[2]s is accepted, %[1]d points are yours again.", t.points, zh, en)
	case topics.NoticeReturnRejected:
		w = topics.Words{Zh: zh + "的退换申请未通过", En: "The return of " + en + " is not accepted"}
	case topics.NoticeProblemResolved:
		w = t.resolved(zh, en)
	}
	return t.further(kind, w)
}

// redeemed adds to the words of a new redemption how it is used.
func (t step) redeemed(w topics.Words) topics.Words {
	for _, b := range t.bookings {
		w.Zh, w.En = w.Zh+"预约："+b.URL+" ", w.En+" Book it at "+b.URL+"."
	}
	if t.instructions.Zh != "" {
		w.Zh += t.instructions.Zh
	}
	if t.instructions.En != "" {
		w.En += " " + t.instructions.En
	}
	return topics.Words{Zh: strings.TrimSpace(w.Zh), En: w.En}
}

func both(chinese, english string, points int64, zh, en string) topics.Words {
	return topics.Words{Zh: fmt.Sprintf(chinese, points, zh), En: fmt.Sprintf(english, points, en)}
}

// further adds who carries what was sent, and why something was decided.
func (t step) further(kind string, w topics.Words) topics.Words {
	switch kind {
	case topics.NoticeShipped, topics.NoticeExchanged:
		if t.number != "" {
			w.Zh, w.En = w.Zh+"："+t.carrier+"，单号 "+t.number, w.En+": "+t.carrier+", tracking number "+t.number
		}
	case topics.NoticeCancelled, topics.NoticeReturnRejected:
		if t.reason != "" {
			w.Zh, w.En = w.Zh+"，原因："+t.reason, w.En+" ("+t.reason+")"
		}
	default:
		return w
	}
	return topics.Words{Zh: w.Zh + "。", En: w.En + "."}
}

// resolved are the words of a problem, by what was done about it.
func (t step) resolved(zh, en string) topics.Words {
	switch t.resolution {
	case "replace":
		return topics.Words{Zh: "您反映的" + zh + "问题已处理，已为您更换。", En: "Your problem with " + en + " is resolved: you get another one."}
	case "refund":
		return both("您反映的%[2]s问题已处理，已退还 %[1]d 积分。", "Your problem with %[2]s is resolved: %[1]d points are yours again.", t.points, zh, en)
	}
	return topics.Words{Zh: "您反映的" + zh + "问题经核实未发现异常。", En: "We looked into your problem with " + en + " and found nothing wrong."}
}
