package notices

import (
	"fmt"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// freezeWords say in Chinese and English what became of a freeze: of so many points, or of the account.
func freezeWords(n *pointspb.NoticeFacts, zone *time.Location) topics.Words {
	var t topics.Words
	switch review := time.UnixMilli(n.ReviewBy).In(zone).Format(time.DateOnly); {
	case n.Kind == topics.NoticeFrozen:
		t.Zh, t.En = "您的账户已被冻结，暂时不能使用积分", "Your account is frozen: its points cannot be used for now"
		if n.Points > 0 {
			t.Zh, t.En = fmt.Sprintf("您的 %d 积分已被冻结，暂时不能使用", n.Points), fmt.Sprintf("%d of your points are frozen and cannot be used for now", n.Points)
		}
		t.Zh += fmt.Sprintf("。我们将在 %s 前复核，您可以提出申诉。", review)
		t.En += fmt.Sprintf(". We look at it again by %s; you can appeal against it.", review)
	case n.Kind == topics.NoticeUnfrozen:
		t.Zh, t.En = "冻结已解除。", "The freeze is over."
		if n.Points > 0 {
			t.Zh = fmt.Sprintf("冻结已解除，%d 积分可以使用了。", n.Points)
			t.En = fmt.Sprintf("The freeze is over: %d points can be used again.", n.Points)
		}
	case n.Points > 0:
		t.Zh = fmt.Sprintf("经复核确认违规，冻结的 %d 积分已扣除。", n.Points)
		t.En = fmt.Sprintf("We looked at it and confirmed the abuse: the %d points that were frozen are taken.", n.Points)
	default:
		t.Zh = "经复核确认违规，冻结继续有效。"
		t.En = "We looked at it and confirmed the abuse: the freeze holds on."
	}
	return t
}
