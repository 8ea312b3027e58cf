package httpapi

import "fmt"

// explainAct says what was done by hand, and the word for why; and what a campaign's budget gave or got back.
func explainAct(l lang, w Why) string {
	var zh, en string
	switch {
	case w.Kind == "frozen" && w.Frozen > 0:
		zh, en = fmt.Sprintf("冻结 %d 积分", w.Frozen), count(w.Frozen, "point")+" frozen"
	case w.Kind == "frozen":
		zh, en = "账户冻结，暂不能使用积分", "account frozen: points cannot be spent"
	case w.Kind == "unfrozen" && w.Frozen < 0:
		zh, en = fmt.Sprintf("解冻 %d 积分", -w.Frozen), count(-w.Frozen, "point")+" unfrozen"
	case w.Kind == "unfrozen":
		zh, en = "冻结已解除", "freeze released"
	case w.Kind == "adjusted" && w.Frozen < 0:
		zh, en = fmt.Sprintf("确认违规，扣除冻结的 %d 积分", -w.Frozen), "abuse confirmed: "+count(-w.Frozen, "frozen point")+" taken"
	case w.Kind == "adjusted" && w.Changed > 0:
		zh, en = fmt.Sprintf("人工调整，增加 %d 积分", w.Changed), "adjusted by hand: "+count(w.Changed, "point")+" given"
	case w.Kind == "adjusted" && w.Changed < 0:
		zh, en = fmt.Sprintf("人工调整，扣减 %d 积分", -w.Changed), "adjusted by hand: "+count(-w.Changed, "point")+" taken"
	case w.Kind == "adjusted":
		zh, en = "人工调整，没有可扣的积分", "adjusted by hand: nothing to take"
	case w.Kind == "proposed":
		zh, en = "积分调整待第二人复核", "adjustment waits for a second person"
	case w.Kind == "declined":
		zh, en = "积分调整未获批准", "adjustment declined"
	case w.Kind == "appealed":
		zh, en = "会员已申诉", "appealed by the member"
	case w.Kind == "review_due":
		zh, en = "冻结已过复核日期", "the freeze is past its review date"
	case w.Kind == "restored":
		zh, en = fmt.Sprintf("退回兑换，返还 %d 积分", w.Changed), count(w.Changed, "point")+" given back: redemption returned"
	case w.Kind == "taken":
		zh, en = "活动预算支出积分", "points taken from a campaign's budget"
	case w.Kind == "given":
		zh, en = "积分退回活动预算", "points given back to a campaign's budget"
	case w.Kind == "flagged":
		zh, en = "触发防刷规则 "+w.Rule+"，未冻结", "abuse rule "+w.Rule+" was met, nothing is frozen"
	case w.Kind == "sighted":
		zh, en = "会员使用的设备或地址已登记", "device or address of a member recorded"
	default:
		return ""
	}
	if w.Kind == "frozen" && w.Rule != "" { // its reason is the rule
		return l.pick(zh+"（由防刷规则 "+w.Rule+" 自动冻结，待人工复核，可申诉）", en+" (by abuse rule "+w.Rule+", until people have looked at it; open to appeal)")
	}
	if w.Reason != "" {
		zh, en = zh+"（原因："+w.Reason+"）", en+" (reason: "+w.Reason+")"
	}
	return l.pick(zh, en)
}
