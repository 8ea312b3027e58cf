package analytics

import (
	"cmp"

	"github.com/ClickHouse/ch-go/proto"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// ledgerBlock is a block of the table ledger, column by column.
type ledgerBlock struct {
	fields []field

	shard                                                *column[uint16]
	seq                                                  *column[uint64]
	offset                                               *column[int64]
	id                                                   *column[[]byte]
	accountKind, member, item, kind                      *column[string]
	effective, recorded, occurred, active, expires       *column[int64] // Unix ms
	causeSource, causeID, causeType                      *column[string]
	backfill, store, channel, rule, version              *column[string]
	points, desired, awarded, orderNet, quantity         *column[int64]
	sums                                                 [pointspb.Account_ADJUSTED + 1]*column[int64]
	holdout                                              *column[bool]
	arithmetic                                           *textColumn
	lot                                                  *column[uint32]
	order, refund, redemption, outcome, tierFrom, tierTo *column[string]
}

func newLedgerBlock() *ledgerBlock {
	b, l := &ledgerBlock{}, &columns{}
	b.shard, b.seq = add(l, "shard", proto.ColumnTypeUInt16, putUInt16), add(l, "seq", proto.ColumnTypeUInt64, putUInt64)
	b.offset, b.id = l.number("record_offset"), l.mark("id")
	b.accountKind, b.member, b.item, b.kind = l.text("account_kind"), l.text("member"), l.text("item"), l.text("kind")
	b.effective, b.recorded, b.occurred = l.instant("effective_at"), l.instant("recorded_at"), l.instant("occurred_at")
	b.active, b.expires = l.instant("active_at"), l.instant("expires_at")
	b.causeSource, b.causeID, b.causeType = l.text("cause_source"), l.text("cause_id"), l.text("cause_type")
	b.backfill, b.store, b.channel = l.text("backfill"), l.text("store"), l.text("channel")
	b.rule, b.version = l.text("rule"), l.text("version")
	b.points, b.desired, b.awarded = l.number("points"), l.number("desired"), l.number("awarded")
	b.orderNet, b.quantity = l.number("order_net"), l.number("quantity")
	for account, name := range []string{"", "issued", "pending", "available", "frozen", "debt", "redeemed", "breakage", "reversed", "adjusted"} {
		if name != "" {
			b.sums[account] = l.number(name)
		}
	}
	b.holdout, b.lot = add(l, "holdout", proto.ColumnTypeBool, putBool), add(l, "lot", proto.ColumnTypeUInt32, putUInt32)
	b.arithmetic = l.madeText("arithmetic")
	b.order, b.refund, b.redemption = l.text("order_id"), l.text("refund"), l.text("redemption")
	b.outcome, b.tierFrom, b.tierTo = l.text("outcome"), l.text("tier_from"), l.text("tier_to")
	b.fields = *l
	return b
}

func (b *ledgerBlock) rows() int { return len(b.seq.values) }

func (b *ledgerBlock) reset() {
	for _, f := range b.fields {
		f.reset()
	}
}

// add appends one entry. The block keeps the view's strings and bytes until it is reset.
func (b *ledgerBlock) add(shard int32, offset int64, v *entryView) {
	b.shard.add(uint16(shard)) //nolint:gosec // a shard is a Kafka partition below 65536, checked by the caller
	b.seq.add(v.seq)
	b.offset.add(offset)
	b.id.add(v.id)
	b.kind.add(kindWord(v.kind))
	b.effective.add(v.effective)
	b.recorded.add(v.recorded)
	b.rule.add(v.rule)
	b.version.add(v.version)
	b.addAccount(v)
	b.addCause(&v.cause)
	b.addPostings(v)
	b.addArithmetic(&v.arithmetic)
	b.lot.add(uint32(v.lot)) //nolint:gosec // uint32 in the schema
	b.active.add(v.active)
	b.expires.add(v.expires)
	b.order.add(cmp.Or(v.order, v.refundOrder))
	b.orderNet.add(v.orderNet)
	b.refund.add(v.refund)
	b.redemption.add(v.redemption)
	b.quantity.add(v.quantity)
	b.outcome.add(v.outcome)
	b.tierFrom.add(v.tierFrom)
	b.tierTo.add(v.tierTo)
}

func (b *ledgerBlock) addAccount(v *entryView) {
	kind, item := "other", v.item
	member, isMember := topics.MemberOf(v.account)
	if isMember {
		kind = "member"
	} else {
		member = ""
		if of, isItem := topics.ItemOf(v.account); isItem {
			kind, item = "item", of
		}
	}
	b.accountKind.add(kind)
	b.member.add(member)
	b.item.add(item)
}

func (b *ledgerBlock) addCause(c *causeView) {
	b.causeSource.add(c.source)
	b.causeID.add(c.id)
	b.causeType.add(c.typ)
	b.occurred.add(c.occurred)
	b.backfill.add(c.backfill)
	b.store.add(c.store)
	b.channel.add(c.channel)
}

func (b *ledgerBlock) addPostings(v *entryView) {
	for account, c := range b.sums {
		if c != nil {
			c.add(v.sums[account])
		}
	}
	b.points.add(v.sums[pointspb.Account_AVAILABLE] + v.sums[pointspb.Account_PENDING] + v.sums[pointspb.Account_FROZEN] + v.sums[pointspb.Account_DEBT])
}

func (b *ledgerBlock) addArithmetic(a *arithmeticView) {
	b.desired.add(a.desired)
	b.awarded.add(a.awarded)
	b.holdout.add(a.holdout)
	if a.there {
		b.arithmetic.buf = appendArithmetic(b.arithmetic.buf, a)
	}
	b.arithmetic.end()
}
