package httpapi

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"jifen/topics"
)

// inexact spells the product of semantics §1 before its one floor; empty: nothing was cut off.
func inexact(w Why) string {
	product := big.NewRat(w.Points, 1)
	switch w.Mode {
	case "step":
		if w.Per > 0 {
			product.Mul(product, big.NewRat(w.Eligible/w.Per, 1))
		}
	case "proportional":
		if w.Per > 0 {
			product.Mul(product, big.NewRat(w.Eligible, w.Per))
		}
	case "quantity":
		product.Mul(product, big.NewRat(w.Quantity/max(w.Per, 1), 1))
	}
	for _, r := range []topics.Ratio{w.TierRatio, w.CampaignRatio} {
		if r.Den > 0 {
			product.Mul(product, big.NewRat(r.Num, r.Den))
		}
	}
	if product.IsInt() {
		return ""
	}
	if digits, exact := product.FloatPrec(); exact && digits <= 4 {
		return product.FloatString(digits)
	}
	return product.RatString()
}

// explainReversal spells what a clawback is made of: what is kept would earn so much, so much was taken back before, and
// where the points come from (semantics §4).
func explainReversal(l lang, w Why) string {
	parts := []string{sentence(l, w, fmt.Sprintf("退货收回 %d 积分", w.Awarded), count(w.Awarded, "point")+" taken back after a return")}
	add := func(chinese, english string) { parts = append(parts, l.pick(chinese, english)) }
	if w.Kind == "rebate_reversed" {
		parts[0] = l.pick(fmt.Sprintf("兑换 %s 退回，收回返还的 %d 积分", w.Item, w.Awarded), fmt.Sprintf("%s returned: %s given back for it taken back", w.Item, count(w.Awarded, "point")))
		add(fmt.Sprintf("保留部分返还 %d 分", w.KeptPoints), fmt.Sprintf("what is kept gives %d back", w.KeptPoints))
	}
	if w.Rule != "" {
		add(fmt.Sprintf("规则 %s（版本 %s）", w.Rule, w.Version), fmt.Sprintf("rule %s (version %s)", w.Rule, w.Version))
		add(fmt.Sprintf("保留部分应得 %d 分", w.KeptPoints), fmt.Sprintf("what is kept earns %d", w.KeptPoints))
	}
	if n := w.ReversedBefore; n > 0 {
		add(fmt.Sprintf("此前已收回 %d 分", n), fmt.Sprintf("%d were taken back before", n))
	}
	parts = append(parts, explainSources(l, w.Sources)...)
	if n := w.Desired - w.Awarded; n > 0 {
		add(fmt.Sprintf("按政策放弃 %d 分", n), fmt.Sprintf("%d are let go by the clawback policy", n))
	}
	return strings.Join(parts, l.pick("；", "; "))
}

// explainErasure spells what was left of an account that was closed: points are void, debt is written off.
func explainErasure(l lang, w Why) string {
	parts := []string{l.pick("会员注销", "the member was erased")}
	for _, s := range w.Sources {
		chinese, english := fmt.Sprintf("批次 %s 作废 %d 分", s.Lot, s.Points), fmt.Sprintf("%d of lot %s are void", s.Points, s.Lot)
		if s.Account == "adjusted" {
			chinese, english = fmt.Sprintf("核销欠账 %d 分", s.Points), fmt.Sprintf("a debt of %d is written off", s.Points)
		}
		parts = append(parts, l.pick(chinese, english))
	}
	return strings.Join(parts, l.pick("；", "; "))
}

// took is a sentence, and from which lots the points were taken.
func took(l lang, w Why, chinese, english string) string {
	return strings.Join(append([]string{sentence(l, w, chinese, english)}, explainSources(l, w.Sources)...), l.pick("；", "; "))
}

func explainSources(l lang, sources []Source) []string {
	var parts []string
	add := func(chinese, english string) { parts = append(parts, l.pick(chinese, english)) }
	for _, s := range sources {
		switch s.Account {
		case "breakage":
			add(fmt.Sprintf("其中 %d 分已过期", s.Points), fmt.Sprintf("%d had expired", s.Points))
		case "debt":
			add(fmt.Sprintf("记欠账 %d 分", s.Points), fmt.Sprintf("%d as debt", s.Points))
		default:
			add(fmt.Sprintf("批次 %s 扣 %d 分", s.Lot, s.Points), fmt.Sprintf("%d from lot %s", s.Points, s.Lot))
		}
	}
	return parts
}

// explainLot says which lot a grant made, how long it can be spent, and what became of it.
func explainLot(l lang, w Why) []string {
	if w.Lot == "" {
		return nil
	}
	var parts []string
	add := func(chinese, english string) { parts = append(parts, l.pick(chinese, english)) }
	switch {
	case !w.ExpiresAt.IsZero(): // 00:00 of the day after the last one (semantics §2)
		day := w.ExpiresAt.Add(-time.Millisecond).Format(time.DateOnly)
		add(fmt.Sprintf("批次 %s，有效期至 %s", w.Lot, day), fmt.Sprintf("lot %s, valid until %s", w.Lot, day))
	case w.Pending > 0 && w.ActiveAt.IsZero():
		add("批次 "+w.Lot, "lot "+w.Lot)
	default:
		add(fmt.Sprintf("批次 %s，长期有效", w.Lot), fmt.Sprintf("lot %s, valid for ever", w.Lot))
	}
	if !w.Followed || len(w.Fates) == 0 {
		return parts
	}
	left := w.Awarded
	var gone []string
	for _, f := range w.Fates {
		gone, left = append(gone, fmt.Sprintf(l.pick(fateText(f.Kind)), max(f.Points, -f.Points))), left-f.Points
	}
	add("去向："+strings.Join(gone, "，")+fmt.Sprintf("，剩 %d 分", left), "since then "+strings.Join(gone, ", ")+fmt.Sprintf(", %d left", left))
	return parts
}

// fateText words what entries of a kind do to a lot: they take from it, all but one.
func fateText(kind string) (chinese, english string) {
	switch kind {
	case "redeemed":
		return "兑换 %d 分", "%d spent"
	case "expired":
		return "到期 %d 分", "%d expired"
	case "rebate_reversed":
		return "随兑换退回收回 %d 分", "%d taken back with the redemption"
	case "reversed":
		return "退货收回 %d 分", "%d taken back after returns"
	case "repaid":
		return "还欠账 %d 分", "%d repaid debt"
	case "restored":
		return "兑换退回 %d 分", "%d given back"
	case "adjusted":
		return "人工扣减 %d 分", "%d taken by hand"
	case "merged_out":
		return "并入另一会员 %d 分", "%d went with the account"
	case "erased":
		return "注销作废 %d 分", "%d void with the erasure"
	}
	return "其他扣减 %d 分", "%d taken otherwise"
}
