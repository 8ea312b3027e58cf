package httpapi

import (
	"strings"
	"testing"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func TestExplanationsSpellTheArithmetic(t *testing.T) {
	e1 := Why{Kind: "granted", Rule: "spend-basic", Version: "2026-05", Mode: "step", Points: 1, Per: 1000, Eligible: 29900, Currency: "CNY", Tier: "silver", TierRatio: topics.Ratio{Num: 3, Den: 2}, Desired: 43, Awarded: 43}
	e4 := Why{Kind: "granted", Mode: "proportional", Points: 100, Per: 100, Eligible: 435, Currency: "CNY", Desired: 435, Awarded: 435}
	e5 := Why{Kind: "granted", Mode: "quantity", Points: 100, Quantity: 2, Tier: "gold", TierRatio: topics.Ratio{Num: 2, Den: 1}, Desired: 400, Awarded: 400}
	b1 := Why{Kind: "granted", Mode: "fixed", Points: 10, Desired: 10, Bound: "cap", CampaignRatio: topics.Ratio{Num: 10, Den: 3}, Campaigns: []string{"a", "b"}}
	cut := Why{Kind: "granted", Mode: "fixed", Points: 10, Desired: 10, Awarded: 5, Bound: "cap", Left: 5}
	often := Why{Kind: "granted", Mode: "fixed", Points: 10, Desired: 10, Bound: "limit"}
	none := Why{Kind: "recorded", Mode: "fixed", Points: 10, Desired: 10, Bound: "cap"}
	more := Why{
		Kind: "granted", Mode: "fixed", Points: 10, Desired: 10, Awarded: 10, CampaignRatio: topics.Ratio{Num: 2, Den: 1}, Campaigns: []string{"june"},
		LessRatio: topics.One(), Budget: "june",
	}
	some, nothing := more, more
	some.Awarded, some.Bound, some.Left = 5, "budget", 5
	nothing.Kind, nothing.Awarded, nothing.Bound = "recorded", 0, "budget"
	hold := Why{Kind: "granted", Mode: "fixed", Points: 10, Desired: 10, Holdout: true, TierRatio: topics.One()}
	v3, back := e1, Why{Kind: "reversed", Version: "2026-08", Awarded: 8, Run: "R1", Undo: true}
	v3.Run, v3.Version, v3.Per, v3.TierRatio, v3.Before, v3.Desired, v3.Awarded = "R1", "2026-08", 800, topics.One(), 29, 8, 8
	p1, completed := e5, e5
	p1.Pending, p1.ActiveAt = 400, time.Date(2026, 6, 8, 10, 0, 0, 0, time.FixedZone("", 8*3600))
	completed.Pending = 400
	whole, clawed := e1, Why{
		Kind: "reversed", Order: "O1", Rule: "new", Version: "2", KeptPoints: 43, ReversedBefore: 20, Desired: 120, Awarded: 116,
		Sources: []Source{{"pending", "3", 10}, {"breakage", "3", 6}, {"available", "1", 40}, {"debt", "", 60}},
	}
	whole.Order, whole.Lot, whole.ExpiresAt, whole.Followed = "O1", "3", time.Date(2027, 5, 27, 0, 0, 0, 0, time.FixedZone("", 8*3600)), true
	whole.Fates = []Fate{{"redeemed", 20}, {"expired", 3}, {"reversed", 2}, {"repaid", 1}, {"adjusted", 4}, {"restored", -6}, {"merged_out", 3}, {"other", 1}}
	kept := b1
	kept.Lot, kept.Campaigns, kept.CampaignRatio, kept.Awarded = "4", nil, topics.Ratio{}, 10
	cases := []struct {
		why            Why
		chinese, other string
	}{
		{
			e1, "规则 spend-basic（版本 2026-05）；消费 299.00 CNY，每满 10.00 CNY 得 1 分，共 29 份；等级 silver ×1.5；合 43.5，只舍不入；得 43 分",
			"rule spend-basic (version 2026-05); 299.00 CNY spent, 1 point for every full 10.00 CNY, 29 steps; tier silver ×1.5; 43.5, rounded down; 43 points",
		},
		{e4, "消费 4.35 CNY，按每 1.00 CNY 得 100 分折算；得 435 分", "4.35 CNY spent, 100 points per 1.00 CNY in proportion; 435 points"},
		{e5, "数量 2，每个 100 分；等级 gold ×2；得 400 分", "quantity 2, 100 points each; tier gold ×2; 400 points"},
		{
			v3, "规则 spend-basic（版本 2026-08）；消费 299.00 CNY，每满 8.00 CNY 得 1 分，共 37 份；减去此前已得 29 分（按版本 2026-08 重算 R1）；得 8 分",
			"rule spend-basic (version 2026-08); 299.00 CNY spent, 1 point for every full 8.00 CNY, 37 steps; less 29 given already (retro run R1 under version 2026-08); 8 points",
		},
		{back, "撤销重算 R1，收回 8 积分", "retro run R1 undone, 8 points taken back"},
		{
			p1, "数量 2，每个 100 分；等级 gold ×2；得 400 分；待生效，2026-06-08 10:00:00 起可用",
			"quantity 2, 100 points each; tier gold ×2; 400 points; pending until 2026-06-08 10:00:00",
		},
		{
			completed, "数量 2，每个 100 分；等级 gold ×2；得 400 分；待生效，订单完成后可用",
			"quantity 2, 100 points each; tier gold ×2; 400 points; pending until the order is completed",
		},
		{b1, "固定 10 分；活动 a、b ×10/3；合 100/3，只舍不入；应得 10 分，本期积分已达上限，不再得分", "10 points, fixed; campaign a, b ×10/3; 100/3, rounded down; 10 points due, none awarded: the cap is reached"},
		{cut, "固定 10 分；应得 10 分，因本期积分上限实得 5 分", "10 points, fixed; 10 points due, 5 awarded: the cap left no more"},
		{often, "固定 10 分；应得 10 分，本期奖励次数已用完，不再得分", "10 points, fixed; 10 points due, none awarded: the limit of times is used up"},
		{none, "固定 10 分；应得 10 分，本期积分已达上限，不再得分", "10 points, fixed; 10 points due, none awarded: the cap is reached"},
		{
			more, "固定 10 分；活动 june ×2；仅计活动 june 追加的部分：减去 ×1 已得的部分；得 10 分",
			"10 points, fixed; campaign june ×2; what campaign june adds: less the part at ×1; 10 points",
		},
		{
			some, "固定 10 分；活动 june ×2；仅计活动 june 追加的部分：减去 ×1 已得的部分；应得 10 分，活动预算只剩 5 分，实得 5 分",
			"10 points, fixed; campaign june ×2; what campaign june adds: less the part at ×1; 10 points due, 5 awarded: the campaign's budget left no more",
		},
		{
			nothing, "固定 10 分；活动 june ×2；仅计活动 june 追加的部分：减去 ×1 已得的部分；应得 10 分，活动预算已用完，不再得分",
			"10 points, fixed; campaign june ×2; what campaign june adds: less the part at ×1; 10 points due, none awarded: the campaign's budget is spent",
		},
		{hold, "固定 10 分；对照组：本应 10 分，未发放", "10 points, fixed; hold-out: 10 points not awarded"},
		{Why{Kind: "reversed", Order: "O1", Awarded: 136}, "订单 O1：退货收回 136 积分", "order O1: 136 points taken back after a return"},
		{
			clawed, "订单 O1：退货收回 116 积分；规则 new（版本 2）；保留部分应得 43 分；此前已收回 20 分；批次 3 扣 10 分；其中 6 分已过期；批次 1 扣 40 分；记欠账 60 分；按政策放弃 4 分",
			"order O1: 116 points taken back after a return; rule new (version 2); what is kept earns 43; 20 were taken back before; 10 from lot 3; 6 had expired; " +
				"40 from lot 1; 60 as debt; 4 are let go by the clawback policy",
		},
		{
			whole, "订单 O1；规则 spend-basic（版本 2026-05）；消费 299.00 CNY，每满 10.00 CNY 得 1 分，共 29 份；等级 silver ×1.5；合 43.5，只舍不入；得 43 分；" +
				"批次 3，有效期至 2027-05-26；去向：兑换 20 分，到期 3 分，退货收回 2 分，还欠账 1 分，人工扣减 4 分，兑换退回 6 分，并入另一会员 3 分，其他扣减 1 分，剩 15 分",
			"order O1; rule spend-basic (version 2026-05); 299.00 CNY spent, 1 point for every full 10.00 CNY, 29 steps; tier silver ×1.5; 43.5, rounded down; 43 points; " +
				"lot 3, valid until 2027-05-26; since then 20 spent, 3 expired, 2 taken back after returns, 1 repaid debt, 4 taken by hand, 6 given back, 3 went with the account, 1 taken otherwise, 15 left",
		},
		{kept, "固定 10 分；得 10 分；批次 4，长期有效", "10 points, fixed; 10 points; lot 4, valid for ever"},
		{
			Why{Kind: "redeemed", Item: "cup", Quantity: 2, Sources: []Source{{"available", "2", 50}, {"available", "1", 70}}},
			"兑换 cup × 2；批次 2 扣 50 分；批次 1 扣 70 分", "redeemed cup × 2; 50 from lot 2; 70 from lot 1",
		},
		{Why{Kind: "redeemed", Item: "night", Quantity: 1}, "兑换 night × 1", "redeemed night × 1"},
		{
			Why{Kind: "redeemed", Item: "book", Quantity: 2, Mode: "price", Points: 999, Tier: "gold", CampaignRatio: topics.Ratio{Num: 4, Den: 5}, Campaigns: []string{"sale"}, Sources: []Source{{"available", "1", 1598}}},
			"兑换 book × 2；每件 999 分（等级 gold）；活动 sale ×0.8，只舍不入，每件 799 分；批次 1 扣 1598 分",
			"redeemed book × 2; 999 points each (tier gold); campaign sale ×0.8, rounded down: 799 each; 1598 from lot 1",
		},
		{
			Why{Kind: "rebated", Item: "night", Mode: "proportional", Points: 1, Per: 1, Eligible: 4800, CampaignRatio: topics.Ratio{Num: 1, Den: 10}, Campaigns: []string{"double"}, Awarded: 480, Pending: 480, Lot: "2"},
			"兑换 night 返还积分；所付 4800 分 ×0.1，只舍不入；含活动 double；得 480 分；待生效，兑换完成后可用；批次 2",
			"given back for redeeming night; 4800 points paid ×0.1, rounded down; campaign double included; 480 points; pending until it is fulfilled; lot 2",
		},
		{
			Why{Kind: "rebate_reversed", Item: "night", Awarded: 33, KeptPoints: 66, Sources: []Source{{"available", "2", 33}}},
			"兑换 night 退回，收回返还的 33 积分；保留部分返还 66 分；批次 2 扣 33 分",
			"night returned: 33 points given back for it taken back; what is kept gives 66 back; 33 from lot 2",
		},
		{Why{Kind: "refused", Item: "night", Refusal: "sold_out"}, "兑换 night 未成功：已兑完", "redemption of night refused: Sold out"},
		{Why{Kind: "milestone"}, "可用积分达到门槛，发放优惠券", "the spendable points reached a threshold: a coupon is issued"},
		{
			Why{Kind: "coupon_revoked", Order: "O1"},
			"订单 O1：积分收回后不再达到门槛，优惠券作废",
			"order O1: with points taken back the threshold would not have been reached: the coupon is revoked",
		},
		{Why{Kind: "coupon_revoked", Erased: true}, "会员注销，优惠券作废", "the member was erased: the coupon is revoked"},
		{
			Why{Kind: "erased", Erased: true, Sources: []Source{{"pending", "2", 50}, {"available", "1", 70}}},
			"会员注销；批次 2 作废 50 分；批次 1 作废 70 分", "the member was erased; 50 of lot 2 are void; 70 of lot 1 are void",
		},
		{Why{Kind: "erased", Sources: []Source{{"adjusted", "", 80}}}, "会员注销；核销欠账 80 分", "the member was erased; a debt of 80 is written off"},
		{Why{Kind: "coupon_used"}, "优惠券使用已登记", "use of a coupon recorded"},
		{Why{Kind: "expired"}, "积分到期", "points expired"},
		{Why{Kind: "activated", Pending: -43}, "43 待生效积分转为可用", "43 pending points became available"},
		{Why{Kind: "completed", Order: "O1"}, "订单 O1：订单完成已登记", "order O1: completion recorded"},
		{Why{Kind: "repaid"}, "偿还积分欠账", "owed points repaid"},
		{Why{Kind: "tier_changed", FromTier: "normal", Tier: "gold"}, "等级由 normal 变为 gold", "tier changed from normal to gold"},
		{Why{Kind: "recorded"}, "已登记，不产生积分", "recorded, earns no points"},
		{Why{Kind: "frozen", Frozen: 100, Reason: "velocity"}, "冻结 100 积分（原因：velocity）", "100 points frozen (reason: velocity)"},
		{Why{Kind: "frozen", Reason: "velocity"}, "账户冻结，暂不能使用积分（原因：velocity）", "account frozen: points cannot be spent (reason: velocity)"},
		{
			Why{Kind: "frozen", Frozen: 100, Rule: "many-shares", Reason: "many-shares"},
			"冻结 100 积分（由防刷规则 many-shares 自动冻结，待人工复核，可申诉）",
			"100 points frozen (by abuse rule many-shares, until people have looked at it; open to appeal)",
		},
		{
			Why{Kind: "frozen", Rule: "own-link", Reason: "own-link"},
			"账户冻结，暂不能使用积分（由防刷规则 own-link 自动冻结，待人工复核，可申诉）",
			"account frozen: points cannot be spent (by abuse rule own-link, until people have looked at it; open to appeal)",
		},
		{Why{Kind: "flagged", Rule: "own-link"}, "触发防刷规则 own-link，未冻结", "abuse rule own-link was met, nothing is frozen"},
		{Why{Kind: "unfrozen", Frozen: -1}, "解冻 1 积分", "1 point unfrozen"},
		{Why{Kind: "unfrozen"}, "冻结已解除", "freeze released"},
		{Why{Kind: "adjusted", Changed: 5, Reason: "goodwill"}, "人工调整，增加 5 积分（原因：goodwill）", "adjusted by hand: 5 points given (reason: goodwill)"},
		{Why{Kind: "adjusted", Changed: -5}, "人工调整，扣减 5 积分", "adjusted by hand: 5 points taken"},
		{Why{Kind: "adjusted", Changed: -5, Frozen: -5}, "确认违规，扣除冻结的 5 积分", "abuse confirmed: 5 frozen points taken"},
		{Why{Kind: "adjusted"}, "人工调整，没有可扣的积分", "adjusted by hand: nothing to take"},
		{Why{Kind: "proposed"}, "积分调整待第二人复核", "adjustment waits for a second person"},
		{Why{Kind: "declined"}, "积分调整未获批准", "adjustment declined"},
		{Why{Kind: "appealed"}, "会员已申诉", "appealed by the member"},
		{Why{Kind: "review_due"}, "冻结已过复核日期", "the freeze is past its review date"},
		{Why{Kind: "restored", Changed: 60}, "退回兑换，返还 60 积分", "60 points given back: redemption returned"},
		{Why{Kind: "refused", Act: "a", Refusal: "same_person"}, "人工操作未执行：须由另一人复核", "done by hand, refused: Another person must decide"},
		{Why{Kind: "refunded", Order: "O1"}, "订单 O1：退货已登记", "order O1: return recorded"},
	}
	for _, c := range cases {
		if got := explain(zh, c.why); got != c.chinese {
			t.Errorf("\n got %s\nwant %s", got, c.chinese)
		}
		if got := explain(en, c.why); got != c.other {
			t.Errorf("\n got %s\nwant %s", got, c.other)
		}
	}
}

// TestEveryKindOfEntryHasATextInBothLanguages: whoever adds a kind adds what members read of it (R65).
func TestEveryKindOfEntryHasATextInBothLanguages(t *testing.T) {
	for number, name := range pointspb.Kind_name {
		w := Why{Kind: strings.ToLower(name), Item: "cup", Quantity: 1, Mode: "fixed", Points: 1, Refusal: codeSoldOut, Tier: "gold", FromTier: "normal"}
		chinese, english := explain(zh, w), explain(en, w)
		if number == 0 {
			continue
		}
		if chinese == "" || english == "" || chinese == english || strings.Contains(chinese+english, "%!") {
			t.Errorf("%s: %q, %q", name, chinese, english)
		}
	}
}

// TestEveryStepHasATextInBothLanguages, those that were refused, too: which step, and of what.
func TestEveryStepHasATextInBothLanguages(t *testing.T) {
	seen := map[string]string{}
	for _, step := range []string{
		ledger.StepCancel, ledger.StepShip, ledger.StepDeliver, ledger.StepFulfil, ledger.StepReturn, ledger.StepInspect, ledger.StepReport, ledger.StepResolve,
		ledger.StepUnit,
	} {
		for _, kind := range []string{"stepped", "refused"} {
			for _, l := range []lang{zh, en} {
				text := explain(l, Why{Kind: kind, Step: step, Item: "cup", Refusal: outcomeApplied})
				if seen[text] != "" || !strings.Contains(text, "cup") || strings.Contains(text, "went on") || strings.Contains(text, "有新进展") {
					t.Errorf("%s %s, like %s: %q", kind, step, seen[text], text)
				}
				seen[text] = kind + " " + step
			}
		}
	}
	got := explain(en, Why{Kind: "refused", Step: ledger.StepCancel, Item: "cup"})
	if want := "redemption of cup: cancelled (refused)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for cause, want := range map[string]string{"jifen.cancel": "cancel", "jifen.got": "unit", "jifen.debit": "", "cancel": "", "got": "", "jifen.": ""} {
		if got := ledger.StepCaused(cause); got != want {
			t.Errorf("%q is of step %q, want %q", cause, got, want)
		}
	}
}

func TestMoneyHasItsCurrencysDecimals(t *testing.T) {
	for want, got := range map[string]string{"12.05 GBP": money(1205, "GBP"), "1205 JPY": money(1205, "JPY"), "0.05 CNY": money(5, "CNY"), "-0.05 CNY": money(-5, "CNY"), "1.000 KWD": money(1000, "KWD"), "0.05": money(5, "")} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestEveryCodeHasAStatusAndWords(t *testing.T) {
	internal := textOf(codeInternal)
	for _, code := range []string{
		codeBadRequest, codeKeyMissing, codeUnauthorized, codeForbidden, codeNotFound, codeMethod, codeNotAcceptable, codeTimeout, codeConflict, codeTooLarge, codeMediaType, codeInvalid, codeQuoteInvalid,
		codeCursorInvalid, codeNotSupported, codeUnavailable, codeStale, codeInsufficientPoints, codeSoldOut, codeFrozen, codeLimitReached, codeTierRequired, codePriceChanged, codeDebt, codeNotOnSale,
		codeMerged, codeSamePerson, codeDecided, codeUnproposed, codeEventRefused, codeOrderAmbiguous, codeFullyRefunded, codeCodesInvalid, codeNotCodes, codeNoVault,
	} {
		if statusOf(code) == 500 || textOf(code) == internal || textOf(code).titleZH == "" || textOf(code).titleEN == "" {
			t.Errorf("%s: status %d, words %+v", code, statusOf(code), textOf(code))
		}
	}
}
