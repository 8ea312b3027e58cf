package analytics

import (
	"cmp"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// ledgerBlock is a block of the table ledger, column by column.
type ledgerBlock struct {
	block

	shard                                        *column[uint16]
	seq                                          *column[uint64]
	offset                                       *column[int64]
	id                                           *marks
	accountKind, kind                            *repeats
	member, item, causeID                        *texts
	effective, recorded, occurred                *column[int64] // Unix ms
	active, expires                              *column[int64] // Unix ms
	causeSource, causeType, backfill             *repeats
	store, channel, rule, version                *repeats
	points, desired, awarded, orderNet, quantity *column[int64]
	sums                                         [pointspb.Account_ADJUSTED_POINTS + 1]*column[int64]
	holdout                                      *flags
	arithmetic, postings                         *texts
	lot                                          *column[uint32]
	order, refund, redemption                    *texts
	outcome, under, tierFrom, tierTo             *repeats
	act                                          *texts
	reason                                       *repeats

	json []byte
}

func newLedgerBlock() *ledgerBlock {
	b, l := &ledgerBlock{}, &columns{}
	b.shard, b.seq = add(l, "shard", proto.ColumnTypeUInt16, putUInt16), add(l, "seq", proto.ColumnTypeUInt64, putUInt64)
	b.offset, b.id = l.number("record_offset"), l.mark("id")
	b.accountKind, b.member, b.item, b.kind = l.repeated("account_kind"), l.text("member"), l.text("item"), l.repeated("kind")
	b.effective, b.recorded, b.occurred = l.instant("effective_at"), l.instant("recorded_at"), l.instant("occurred_at")
	b.active, b.expires = l.instant("active_at"), l.instant("expires_at")
	b.causeSource, b.causeID, b.causeType = l.repeated("cause_source"), l.text("cause_id"), l.repeated("cause_type")
	b.backfill, b.store, b.channel = l.repeated("backfill"), l.repeated("store"), l.repeated("channel")
	b.rule, b.version = l.repeated("rule"), l.repeated("version")
	b.points, b.desired, b.awarded = l.number("points"), l.number("desired"), l.number("awarded")
	b.orderNet, b.quantity = l.number("order_net"), l.number("quantity")
	for account, name := range accountWords() {
		if name != "" {
			b.sums[account] = l.number(name)
		}
	}
	b.holdout, b.lot = l.flag("holdout"), add(l, "lot", proto.ColumnTypeUInt32, putUInt32)
	b.arithmetic, b.postings = l.text("arithmetic"), l.text("postings")
	b.order, b.refund, b.redemption = l.text("order_id"), l.text("refund"), l.text("redemption")
	b.outcome, b.tierFrom, b.tierTo = l.repeated("outcome"), l.repeated("tier_from"), l.repeated("tier_to")
	b.under = l.repeated("campaign")
	b.act, b.reason = l.text("act"), l.repeated("reason")
	b.fields = *l
	return b
}

// add appends one entry. The block keeps the view's strings until it is reset.
func (b *ledgerBlock) add(shard int32, offset int64, v *entryView) {
	row := b.n
	b.n++
	b.shard.add(row, uint16(shard)) //nolint:gosec // a shard is a Kafka partition below 65536, checked by the caller
	b.seq.add(row, v.seq)
	b.offset.add(row, offset)
	b.id.add(row, v.id)
	b.kind.add(row, kindWord(v.kind))
	b.effective.add(row, v.effective)
	b.recorded.add(row, v.recorded)
	b.rule.add(row, v.rule)
	b.version.add(row, v.version)
	b.addAccount(row, v)
	b.addCause(row, &v.cause)
	b.addPostings(row, v)
	b.addArithmetic(row, v)
	if len(v.postings) > 0 {
		b.json = appendPostings(b.json[:0], v.postings)
		b.postings.add(row, text(b.json))
	}
	b.lot.add(row, uint32(v.lot)) //nolint:gosec // uint32 in the schema
	b.active.add(row, v.active)
	b.expires.add(row, v.expires)
	b.order.add(row, v.orderID())
	b.orderNet.add(row, v.orderNet)
	b.refund.add(row, v.refund)
	b.redemption.add(row, v.redemption)
	b.under.add(row, v.under)
	b.quantity.add(row, v.quantity)
	b.outcome.add(row, v.outcome)
	b.tierFrom.add(row, v.tierFrom)
	b.tierTo.add(row, v.tierTo)
	b.act.add(row, cmp.Or(v.actOf, v.act))
	b.reason.add(row, v.reason)
}

func (b *ledgerBlock) addAccount(row int, v *entryView) {
	kind, item := "other", v.item
	member, isMember := topics.MemberOf(v.account)
	if isMember {
		kind = "member"
	} else {
		member = ""
		if of, isItem := topics.ItemOf(v.account); isItem {
			kind, item = "item", of
		} else if _, isCampaign := topics.CampaignOf(v.account); isCampaign {
			kind = "campaign"
		}
	}
	b.accountKind.add(row, kind)
	b.member.add(row, member)
	b.item.add(row, item)
}

func (b *ledgerBlock) addCause(row int, c *causeView) {
	b.causeSource.add(row, c.source)
	b.causeID.add(row, c.id)
	b.causeType.add(row, c.typ)
	b.occurred.add(row, c.occurred)
	b.backfill.add(row, c.backfill)
	b.store.add(row, c.store)
	b.channel.add(row, c.channel)
}

func (b *ledgerBlock) addPostings(row int, v *entryView) {
	for account, points := range v.sums[1:] {
		b.sums[account+1].add(row, points)
	}
	b.points.add(row, v.sums[pointspb.Account_AVAILABLE]+v.sums[pointspb.Account_PENDING]+v.sums[pointspb.Account_FROZEN_POINTS]+v.sums[pointspb.Account_DEBT])
}

// addArithmetic adds why the amount; of a campaign's entry that is what its budget gave, or got back.
func (b *ledgerBlock) addArithmetic(row int, v *entryView) {
	a, f := &v.arithmetic, &v.budget
	switch {
	case a.there:
		b.desired.add(row, a.desired)
		b.awarded.add(row, a.awarded)
		b.holdout.add(row, a.holdout)
	case f.campaign != "":
		b.desired.add(row, f.desired)
		b.awarded.add(row, f.awarded)
	default:
		return
	}
	b.json = appendArithmetic(b.json[:0], a, f.campaign)
	b.arithmetic.add(row, text(b.json))
}

// orderID is the order that an entry is about, as the shop names it; of an entry that only changes an order, by its key.
func (v *entryView) orderID() string {
	if id := cmp.Or(v.order, v.refundOrder, v.completed); id != "" || v.orderKey == "" {
		return id
	}
	return v.orderKey[strings.LastIndexByte(v.orderKey, 0x1f)+1:]
}
