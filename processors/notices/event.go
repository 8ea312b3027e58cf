package notices

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// itemsMost is how many items a notice names.
const itemsMost = 3

// event tells what an entry says; its id is the entry's, so it is the same however often it is made.
func (s *Stage) event(member string, e *pointspb.Entry, n *pointspb.NoticeFacts, catalogue []*ledger.Item) topics.NoticeEvent {
	out := topics.NoticeEvent{
		ID: hex.EncodeToString(e.Id), Kind: n.Kind, Time: time.UnixMilli(e.EffectiveAt),
		Data: topics.NoticeData{
			Member: member, Points: n.Points, Available: n.Available, Days: n.Days, Tier: n.Tier, ToTier: n.ToTier,
			Metric: n.Metric, Missing: n.Missing, Freeze: n.Freeze, Items: choose(catalogue, n),
		},
	}
	if n.ExpiresAt != 0 {
		out.Data.ExpiresAt = instant(n.ExpiresAt)
	}
	if n.ReviewBy != 0 {
		out.Data.ReviewBy = instant(n.ReviewBy)
	}
	if t, ok := stepOf(e); ok {
		t.tell(&out.Data, catalogue)
		out.Data.Text = t.words(n.Kind, *out.Data.ItemName)
		return out
	}
	out.Data.Text = words(n, out.Data.Items, s.Zone())
	return out
}

func instant(t int64) string { return time.UnixMilli(t).UTC().Format(time.RFC3339Nano) }

// choose takes items that are on sale, in stock and open to the member's tier, at that tier's price: the dearest first.
func choose(all []*ledger.Item, n *pointspb.NoticeFacts) []topics.NoticeItem {
	out := []topics.NoticeItem{}
	if n.Kind != topics.NoticeExpiry && n.Kind != topics.NoticeDigest {
		return out
	}
	for _, i := range all {
		price := i.Prices.For(n.Tier)
		if !i.OnSale || i.Free == 0 || price > n.Available || len(i.Tiers) > 0 && !slices.Contains(i.Tiers, n.Tier) {
			continue
		}
		out = append(out, topics.NoticeItem{Item: i.ID, NameZh: i.NameZh, NameEn: i.NameEn, Points: price})
	}
	slices.SortFunc(out, func(x, y topics.NoticeItem) int {
		return cmp.Or(cmp.Compare(y.Points, x.Points), cmp.Compare(x.Item, y.Item))
	})
	return out[:min(len(out), itemsMost)]
}

// words say a notice in Chinese and English.
func words(n *pointspb.NoticeFacts, items []topics.NoticeItem, zone *time.Location) topics.Words {
	last := time.UnixMilli(n.ExpiresAt - 1).In(zone).Format(time.DateOnly) // the last day
	var t topics.Words
	switch n.Kind {
	case topics.NoticeFrozen, topics.NoticeUnfrozen, topics.NoticeConfirmed:
		return freezeWords(n, zone)
	case topics.NoticeTierFall:
		from := time.UnixMilli(n.ExpiresAt).In(zone).Format(time.DateOnly)
		t.Zh = fmt.Sprintf("您的等级将于 %s 由 %s 变为 %s。", from, n.Tier, n.ToTier)
		t.En = fmt.Sprintf("Your tier changes from %s to %s on %s.", n.Tier, n.ToTier, from)
		return t
	case topics.NoticeDigest:
		t.Zh, t.En = fmt.Sprintf("您现有 %d 积分", n.Available), fmt.Sprintf("You have %d points", n.Available)
		if n.Points > 0 {
			t.Zh += fmt.Sprintf("，其中 %d 积分将在明年年底前到期，最早于 %s 到期", n.Points, last)
			t.En += fmt.Sprintf(", of which %d expire by the end of next year, the first after %s", n.Points, last)
		}
	default:
		t.Zh = fmt.Sprintf("您有 %d 积分将到期，最后有效日为 %s", n.Points, last)
		t.En = fmt.Sprintf("%d of your points expire; the last day to use them is %s", n.Points, last)
	}
	t.Zh, t.En = t.Zh+"。", t.En+"."
	if len(items) > 0 {
		var zh, en []string
		for _, i := range items {
			zh = append(zh, fmt.Sprintf("%s（%d 积分）", i.NameZh, i.Points))
			en = append(en, fmt.Sprintf("%s (%d points)", i.NameEn, i.Points))
		}
		t.Zh += "现在可以兑换：" + strings.Join(zh, "、") + "。"
		t.En += " You could redeem: " + strings.Join(en, ", ") + "."
	}
	return t
}
