package httpapi

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"

	"jifen/ledger"
	"jifen/topics"
)

// Explain says in a sentence how an entry's points came about, in the language that Accept-Language prefers.
func Explain(acceptLanguage string, w Why) string { return explain(languageOf(acceptLanguage), w) }

// explain says in a sentence how an entry's points came about; empty for a kind that has no text, which a test finds.
func explain(l lang, w Why) string {
	switch w.Kind {
	case "granted":
		return explainGrant(l, w)
	case "retro":
		return explainRun(l, w)
	case "reversed":
		if w.Run != "" {
			return explainRun(l, w) + l.pick(fmt.Sprintf("，收回 %d 积分", w.Awarded), ", "+count(w.Awarded, "point")+" taken back")
		}
		return explainReversal(l, w)
	case "redeemed", "rebated", "rebate_reversed":
		return explainRedeemed(l, w)
	case "refused":
		if w.Act != "" {
			return l.pick("人工操作未执行："+textOf(w.Refusal).title(zh), "done by hand, refused: "+textOf(w.Refusal).title(en))
		}
		if w.Step != "" {
			return explainStep(l, w)
		}
		return sentence(l, w, fmt.Sprintf("兑换 %s 未成功：%s", w.Item, textOf(w.Refusal).title(zh)), fmt.Sprintf("redemption of %s refused: %s", w.Item, textOf(w.Refusal).title(en)))
	case "activated":
		return sentence(l, w, fmt.Sprintf("%d 待生效积分转为可用", -w.Pending), count(-w.Pending, "pending point")+" became available")
	case "merged_out":
		return l.pick("账户并入另一会员，积分随之转移", "the account became part of another member's, and its points went with it")
	case "merged_in":
		return l.pick("并入另一会员账户的积分", "points of an account that became part of this one")
	case "erased":
		return explainErasure(l, w)
	case "completed":
		return sentence(l, w, "订单完成已登记", "completion recorded")
	case "removed":
		return sentence(l, w, "评价删除已登记", "removal of a review recorded")
	case "referred":
		return sentence(l, w, "推荐关系已登记", "referral recorded")
	case "milestone":
		return sentence(l, w, "可用积分达到门槛，发放优惠券", "the spendable points reached a threshold: a coupon is issued")
	case "coupon_revoked":
		if w.Erased {
			return l.pick("会员注销，优惠券作废", "the member was erased: the coupon is revoked")
		}
		return sentence(l, w, "积分收回后不再达到门槛，优惠券作废", "with points taken back the threshold would not have been reached: the coupon is revoked")
	case "coupon_used":
		return sentence(l, w, "优惠券使用已登记", "use of a coupon recorded")
	case "expired":
		return took(l, w, "积分到期", "points expired")
	case "repaid":
		return took(l, w, "偿还积分欠账", "owed points repaid")
	case "tier_changed":
		return sentence(l, w, fmt.Sprintf("等级由 %s 变为 %s", w.FromTier, w.Tier), fmt.Sprintf("tier changed from %s to %s", w.FromTier, w.Tier))
	case "tier_kept":
		return sentence(l, w, "等级已复核，保持不变", "tier reviewed, unchanged")
	case "noticed":
		return sentence(l, w, "已通知会员", "member notified")
	case "extended":
		return sentence(l, w, "到期前未通知会员，有效期已延长", "validity extended: the member had not been told in time")
	case "refunded":
		return sentence(l, w, "退货已登记", "return recorded")
	case "recorded":
		if w.Mode != "" { // a rule was met, and gave nothing
			return explainGrant(l, w)
		}
		return sentence(l, w, "已登记，不产生积分", "recorded, earns no points")
	case "preference":
		return sentence(l, w, "排行榜显示设置已更改", "preference for leaderboards changed")
	case "forgotten":
		return sentence(l, w, "超过保存期的订单和事件标识被清除", "orders and event ids past their horizon are forgotten")
	}
	return cmp.Or(explainItem(l, w), explainAct(l, w))
}

// explainItem says what happened to an item's stock: steps (1) and (3) of a redemption, and what a merchant set.
func explainItem(l lang, w Why) string {
	switch w.Kind {
	case "reserved":
		return sentence(l, w, fmt.Sprintf("为兑换预留 %s × %d", w.Item, w.Quantity), fmt.Sprintf("%s × %d reserved for a redemption", w.Item, w.Quantity))
	case "sold":
		return sentence(l, w, fmt.Sprintf("%s × %d 已兑出", w.Item, w.Quantity), fmt.Sprintf("%s × %d sold", w.Item, w.Quantity))
	case "released":
		return sentence(l, w, fmt.Sprintf("%s × %d 的预留已释放", w.Item, w.Quantity), fmt.Sprintf("reservation of %s × %d released", w.Item, w.Quantity))
	case "restocked":
		return sentence(l, w, fmt.Sprintf("%s × %d 已退回库存", w.Item, w.Quantity), fmt.Sprintf("%s × %d back in stock", w.Item, w.Quantity))
	case "sent_again":
		return sentence(l, w, fmt.Sprintf("换货 %s × %d", w.Item, w.Quantity), fmt.Sprintf("%s × %d in exchange", w.Item, w.Quantity))
	case "stepped":
		return explainStep(l, w)
	case "codes_loaded":
		return l.pick("已导入券码", "codes loaded")
	case "codes_expired":
		return l.pick("券码已过期", "codes expired")
	case "codes_low":
		return l.pick("券码库存不足", "few codes are left")
	case "item_set":
		return sentence(l, w, fmt.Sprintf("商品 %s 已设置", w.Item), fmt.Sprintf("item %s set", w.Item))
	}
	return ""
}

// sentence adds which order it is about.
func sentence(l lang, w Why, chinese, english string) string {
	if w.Order != "" {
		chinese = "订单 " + w.Order + "：" + chinese
		english = "order " + w.Order + ": " + english
	}
	return l.pick(chinese, english)
}

// explainGrant spells the arithmetic of semantics §1: eligible ÷ step × points × multipliers, floored once.
func explainGrant(l lang, w Why) string {
	var parts []string
	add := func(chinese, english string) { parts = append(parts, l.pick(chinese, english)) }
	if w.Order != "" {
		add("订单 "+w.Order, "order "+w.Order)
	}
	if w.Rule != "" {
		add(fmt.Sprintf("规则 %s（版本 %s）", w.Rule, w.Version), fmt.Sprintf("rule %s (version %s)", w.Rule, w.Version))
	}
	amount, per := money(w.Eligible, w.Currency), money(w.Per, w.Currency)
	switch w.Mode {
	case "step":
		steps := int64(0)
		if w.Per > 0 {
			steps = w.Eligible / w.Per
		}
		add(fmt.Sprintf("消费 %s，每满 %s 得 %d 分，共 %d 份", amount, per, w.Points, steps), fmt.Sprintf("%s spent, %s for every full %s, %s", amount, count(w.Points, "point"), per, count(steps, "step")))
	case "proportional":
		add(fmt.Sprintf("消费 %s，按每 %s 得 %d 分折算", amount, per, w.Points), fmt.Sprintf("%s spent, %s per %s in proportion", amount, count(w.Points, "point"), per))
	case "quantity":
		add(fmt.Sprintf("数量 %d，每个 %d 分", w.Quantity, w.Points), fmt.Sprintf("quantity %d, %s each", w.Quantity, count(w.Points, "point")))
	case "fixed":
		add(fmt.Sprintf("固定 %d 分", w.Points), fmt.Sprintf("%s, fixed", count(w.Points, "point")))
	}
	if m, ok := multiplier(w.TierRatio); ok {
		add(fmt.Sprintf("等级 %s ×%s", w.Tier, m), fmt.Sprintf("tier %s ×%s", w.Tier, m))
	}
	if m, ok := multiplier(w.CampaignRatio); ok {
		names := strings.Join(w.Campaigns, l.pick("、", ", "))
		add(fmt.Sprintf("活动 %s ×%s", names, m), fmt.Sprintf("campaign %s ×%s", names, m))
	}
	if exact := inexact(w); exact != "" {
		add("合 "+exact+"，只舍不入", exact+", rounded down")
	}
	if w.LessRatio.Den > 0 {
		m, ok := multiplier(w.LessRatio)
		if !ok {
			m = "1"
		}
		add(fmt.Sprintf("仅计活动 %s 追加的部分：减去 ×%s 已得的部分", w.Budget, m), fmt.Sprintf("what campaign %s adds: less the part at ×%s", w.Budget, m))
	}
	if w.Run != "" {
		add(fmt.Sprintf("减去此前已得 %d 分（%s）", w.Before, explainRun(zh, w)), fmt.Sprintf("less %d given already (%s)", w.Before, explainRun(en, w)))
	}
	switch {
	case w.Holdout:
		add(fmt.Sprintf("对照组：本应 %d 分，未发放", w.Desired), fmt.Sprintf("hold-out: %s not awarded", count(w.Desired, "point")))
	case w.Awarded < w.Desired:
		add(explainBound(w))
	default:
		add(fmt.Sprintf("得 %d 分", w.Awarded), count(w.Awarded, "point"))
	}
	if w.Pending > 0 {
		add(explainPending(w.ActiveAt))
	}
	return strings.Join(append(parts, explainLot(l, w)...), l.pick("；", "; "))
}

// explainBound says what cut an award.
func explainBound(w Why) (chinese, english string) {
	due, points := fmt.Sprintf("应得 %d 分", w.Desired), count(w.Desired, "point")+" due"
	switch w.Bound {
	case ledger.BoundLimit:
		return due + "，本期奖励次数已用完，不再得分", points + ", none awarded: the limit of times is used up"
	case ledger.BoundCap:
		if w.Awarded == 0 {
			return due + "，本期积分已达上限，不再得分", points + ", none awarded: the cap is reached"
		}
		return fmt.Sprintf("%s，因本期积分上限实得 %d 分", due, w.Awarded), fmt.Sprintf("%s, %d awarded: the cap left no more", points, w.Awarded)
	}
	if w.Bound == ledger.BoundBudget {
		if w.Awarded == 0 {
			return due + "，活动预算已用完，不再得分", points + ", none awarded: the campaign's budget is spent"
		}
		return fmt.Sprintf("%s，活动预算只剩 %d 分，实得 %d 分", due, w.Left, w.Awarded), fmt.Sprintf("%s, %d awarded: the campaign's budget left no more", points, w.Awarded)
	}
	return fmt.Sprintf("%s，实得 %d 分", due, w.Awarded), fmt.Sprintf("%s, %d awarded", points, w.Awarded)
}

// explainRun names a retro run.
func explainRun(l lang, w Why) string {
	if w.Undo {
		return sentence(l, w, "撤销重算 "+w.Run, "retro run "+w.Run+" undone")
	}
	return sentence(l, w, "按版本 "+w.Version+" 重算 "+w.Run, "retro run "+w.Run+" under version "+w.Version)
}

// explainPending says until when points wait; the zero time: until their order is completed.
func explainPending(until time.Time) (chinese, english string) {
	if until.IsZero() {
		return "待生效，订单完成后可用", "pending until the order is completed"
	}
	at := until.Format("2006-01-02 15:04:05")
	return fmt.Sprintf("待生效，%s 起可用", at), "pending until " + at
}

func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}

// multiplier spells a ratio other than 1: 3/2 is 1.5, 1/3 is 1/3.
func multiplier(r topics.Ratio) (string, bool) {
	if r.Den <= 0 || r.Num == r.Den {
		return "", false
	}
	for digits, scale := 0, int64(1); digits <= 4; digits, scale = digits+1, scale*10 {
		if r.Num <= 1e12 && r.Num*scale%r.Den == 0 {
			return decimal(r.Num*scale/r.Den, digits), true
		}
	}
	return fmt.Sprintf("%d/%d", r.Num, r.Den), true
}

// Money spells minor units in the currency's own decimals, with its code.
func Money(minor int64, code string) string { return money(minor, code) }

// money spells minor units in the currency's own decimals.
func money(minor int64, code string) string {
	digits := 2
	if unit, err := currency.ParseISO(code); err == nil {
		digits, _ = currency.Standard.Rounding(unit)
	}
	return strings.TrimSpace(decimal(minor, digits) + " " + code)
}

func decimal(n int64, digits int) string {
	if digits == 0 {
		return strconv.FormatInt(n, 10)
	}
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	s := fmt.Sprintf("%0*d", digits+1, n)
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}
