package httpapi

import (
	"fmt"
	"strings"
)

// explainRedeemed says what a redemption cost, and what it gave back.
func explainRedeemed(l lang, w Why) string {
	switch w.Kind {
	case "rebated":
		return explainRebate(l, w)
	case "rebate_reversed":
		return explainReversal(l, w)
	}
	return explainRedemption(l, w)
}

// explainRedemption spells what was paid: the tier's price, the best campaign, rounded down (D11), and which lots paid.
func explainRedemption(l lang, w Why) string {
	parts := []string{sentence(l, w, fmt.Sprintf("兑换 %s × %d", w.Item, w.Quantity), fmt.Sprintf("redeemed %s × %d", w.Item, w.Quantity))}
	add := func(chinese, english string) { parts = append(parts, l.pick(chinese, english)) }
	if w.Mode == "price" {
		add(fmt.Sprintf("每件 %d 分", w.Points), count(w.Points, "point")+" each")
		if w.Tier != "" {
			parts[len(parts)-1] += l.pick("（等级 "+w.Tier+"）", " (tier "+w.Tier+")")
		}
		if m, ok := multiplier(w.CampaignRatio); ok {
			unit, names := w.CampaignRatio.Of(w.Points), strings.Join(w.Campaigns, l.pick("、", ", "))
			add(fmt.Sprintf("活动 %s ×%s，只舍不入，每件 %d 分", names, m, unit), fmt.Sprintf("campaign %s ×%s, rounded down: %d each", names, m, unit))
		}
	}
	return strings.Join(append(parts, explainSources(l, w.Sources)...), l.pick("；", "; "))
}

// explainRebate spells what a redemption gave back: part of the points paid, rounded down (D10).
func explainRebate(l lang, w Why) string {
	var parts []string
	add := func(chinese, english string) { parts = append(parts, l.pick(chinese, english)) }
	m, _ := multiplier(w.CampaignRatio)
	add(fmt.Sprintf("兑换 %s 返还积分", w.Item), "given back for redeeming "+w.Item)
	add(fmt.Sprintf("所付 %d 分 ×%s，只舍不入", w.Eligible, m), fmt.Sprintf("%s paid ×%s, rounded down", count(w.Eligible, "point"), m))
	if len(w.Campaigns) > 0 {
		names := strings.Join(w.Campaigns, l.pick("、", ", "))
		add("含活动 "+names, "campaign "+names+" included")
	}
	add(fmt.Sprintf("得 %d 分", w.Awarded), count(w.Awarded, "point"))
	if w.Pending > 0 {
		add("待生效，兑换完成后可用", "pending until it is fulfilled")
	}
	return strings.Join(append(parts, explainLot(l, w)...), l.pick("；", "; "))
}
