package notices

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
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

// cloudEvent is a notice as a CloudEvent in JSON (topics/schema/notice.json).
type cloudEvent struct {
	SpecVersion string `json:"specversion"`
	ID          string `json:"id"`
	Source      string `json:"source"`
	Type        string `json:"type"`
	Subject     string `json:"subject"`
	Time        string `json:"time"`
	ContentType string `json:"datacontenttype"`
	Data        data   `json:"data"`
}

type data struct {
	Member    string `json:"member"`
	Points    int64  `json:"points"`
	Available int64  `json:"available"`
	ExpiresAt string `json:"expires_at,omitempty"`
	Days      int32  `json:"days,omitempty"`
	Tier      string `json:"tier"`
	ToTier    string `json:"to_tier,omitempty"`
	Metric    string `json:"metric,omitempty"`
	Missing   int64  `json:"missing,omitempty"`
	Freeze    string `json:"freeze,omitempty"`
	ReviewBy  string `json:"review_by,omitempty"`
	Items     []item `json:"items"`
	Text      text   `json:"text"`
}

type item struct {
	Item   string `json:"item"`
	NameZh string `json:"name_zh"`
	NameEn string `json:"name_en"`
	Points int64  `json:"points"`
}

type text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// event is the CloudEvent of an entry; its id is the entry's, so it is the same however often it is made.
func event(member string, e *pointspb.Entry, items []item, zone *time.Location) ([]byte, error) {
	n := e.Notice
	c := cloudEvent{
		SpecVersion: "1.0", ID: hex.EncodeToString(e.Id), Source: "jifen", Type: "notice." + n.Kind + ".v1", Subject: member,
		Time: instant(e.EffectiveAt), ContentType: "application/json",
		Data: data{
			Member: member, Points: n.Points, Available: n.Available, Days: n.Days, Tier: n.Tier, ToTier: n.ToTier,
			Metric: n.Metric, Missing: n.Missing, Freeze: n.Freeze, Items: items, Text: words(n, items, zone),
		},
	}
	if n.ExpiresAt != 0 {
		c.Data.ExpiresAt = instant(n.ExpiresAt)
	}
	if n.ReviewBy != 0 {
		c.Data.ReviewBy = instant(n.ReviewBy)
	}
	value, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("notice %s: %w", c.ID, err)
	}
	return value, nil
}

func instant(t int64) string { return time.UnixMilli(t).UTC().Format(time.RFC3339Nano) }

// choose takes items that are on sale, in stock and open to the member's tier, at that tier's price: the dearest first.
func choose(all []*ledger.Item, n *pointspb.NoticeFacts) []item {
	out := []item{}
	if n.Kind == topics.NoticeTierFall || n.Freeze != "" {
		return out
	}
	for _, i := range all {
		price := i.Prices.For(n.Tier)
		if !i.OnSale || i.Free == 0 || price > n.Available || len(i.Tiers) > 0 && !slices.Contains(i.Tiers, n.Tier) {
			continue
		}
		out = append(out, item{i.ID, i.NameZh, i.NameEn, price})
	}
	slices.SortFunc(out, func(x, y item) int { return cmp.Or(cmp.Compare(y.Points, x.Points), cmp.Compare(x.Item, y.Item)) })
	return out[:min(len(out), itemsMost)]
}

// words say a notice in Chinese and English.
func words(n *pointspb.NoticeFacts, items []item, zone *time.Location) text {
	last := time.UnixMilli(n.ExpiresAt - 1).In(zone).Format(time.DateOnly) // the last day
	var t text
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
