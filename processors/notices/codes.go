package notices

import (
	"encoding/hex"
	"fmt"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// lowPool tells whoever keeps an item's codes that few are left. Its key is the item's account, as it is no member's.
func lowPool(e *pointspb.Entry, catalogue []*ledger.Item) topics.NoticeEvent {
	id, _ := topics.ItemOf(e.Account)
	name := nameIn(catalogue, id)
	return topics.NoticeEvent{
		ID: hex.EncodeToString(e.Id), Kind: topics.NoticeCodesLow, Time: time.UnixMilli(e.EffectiveAt),
		Data: topics.NoticeData{
			Member: e.Account, Item: id, ItemName: &name, CodesLeft: &e.Item.CodesLeft,
			Text: topics.Words{
				Zh: fmt.Sprintf("%s的兑换码仅剩 %d 个，低于 %d 个，请补充。", name.Zh, e.Item.CodesLeft, e.Item.CodesLow),
				En: fmt.Sprintf("%s has %d codes left, fewer than %d; load more.", name.En, e.Item.CodesLeft, e.Item.CodesLow),
			},
		},
	}
}
