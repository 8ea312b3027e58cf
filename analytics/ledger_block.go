package analytics

import (
	"strconv"

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
	b := &ledgerBlock{}
	b.shard, b.seq, b.offset = add[uint16](b, "shard", "UInt16"), add[uint64](b, "seq", "UInt64"), add[int64](b, "record_offset", "Int64")
	b.id = add[[]byte](b, "id", "FixedString(16)")
	b.accountKind, b.member, b.item, b.kind = b.text("account_kind"), b.text("member"), b.text("item"), b.text("kind")
	b.effective, b.recorded, b.occurred = b.instant("effective_at"), b.instant("recorded_at"), b.instant("occurred_at")
	b.active, b.expires = b.instant("active_at"), b.instant("expires_at")
	b.causeSource, b.causeID, b.causeType = b.text("cause_source"), b.text("cause_id"), b.text("cause_type")
	b.backfill, b.store, b.channel = b.text("backfill"), b.text("store"), b.text("channel")
	b.rule, b.version = b.text("rule"), b.text("version")
	b.points, b.desired, b.awarded = b.number("points"), b.number("desired"), b.number("awarded")
	b.orderNet, b.quantity = b.number("order_net"), b.number("quantity")
	for account, name := range []string{"", "issued", "pending", "available", "frozen", "debt", "redeemed", "breakage", "reversed", "adjusted"} {
		if name != "" {
			b.sums[account] = b.number(name)
		}
	}
	b.holdout, b.lot = add[bool](b, "holdout", "Bool"), add[uint32](b, "lot", "UInt32")
	b.arithmetic = &textColumn{column: column[string]{name: "arithmetic", typ: "String"}}
	b.fields = append(b.fields, b.arithmetic)
	b.order, b.refund, b.redemption = b.text("order_id"), b.text("refund"), b.text("redemption")
	b.outcome, b.tierFrom, b.tierTo = b.text("outcome"), b.text("tier_from"), b.text("tier_to")
	return b
}

func add[T any](b *ledgerBlock, name, typ string) *column[T] {
	c := &column[T]{name: name, typ: typ}
	b.fields = append(b.fields, c)
	return c
}

func (b *ledgerBlock) text(name string) *column[string]  { return add[string](b, name, "String") }
func (b *ledgerBlock) number(name string) *column[int64] { return add[int64](b, name, "Int64") }
func (b *ledgerBlock) instant(name string) *column[int64] {
	return add[int64](b, name, "DateTime64(3, 'UTC')")
}

func (b *ledgerBlock) rows() int { return len(b.seq.values) }

func (b *ledgerBlock) reset() {
	for _, f := range b.fields {
		f.reset()
	}
}

// add appends one entry. The block keeps the entry's strings and bytes until it is reset.
func (b *ledgerBlock) add(shard int32, offset int64, e *pointspb.Entry) {
	b.shard.add(uint16(shard)) //nolint:gosec // a shard is a Kafka partition below 65536, checked by the caller
	b.seq.add(e.GetSeq())
	b.offset.add(offset)
	b.id.add(e.GetId())
	b.kind.add(kindWord(e.GetKind()))
	b.effective.add(e.GetEffectiveAt())
	b.recorded.add(e.GetRecordedAt())
	b.rule.add(e.GetRule())
	b.version.add(e.GetVersion())
	b.addAccount(e)
	b.addCause(e.GetCause())
	b.addPostings(e.GetPostings())
	b.addArithmetic(e.GetArithmetic())
	b.addLot(e.GetLot())
	b.addOrder(e)
	b.addRedemption(e.GetRedemption())
	b.tierFrom.add(e.GetTier().GetFrom())
	b.tierTo.add(e.GetTier().GetTo())
}

func (b *ledgerBlock) addAccount(e *pointspb.Entry) {
	item := e.GetRedemption().GetItem()
	member, ok := topics.MemberOf(e.GetAccount())
	kind := "member"
	if !ok {
		kind = "other"
		if of, isItem := topics.ItemOf(e.GetAccount()); isItem {
			kind, item = "item", of
		}
		member = ""
	}
	b.accountKind.add(kind)
	b.member.add(member)
	b.item.add(item)
}

func (b *ledgerBlock) addCause(c *pointspb.Cause) {
	b.causeSource.add(c.GetSource())
	b.causeID.add(c.GetId())
	b.causeType.add(c.GetType())
	b.occurred.add(c.GetOccurredAt())
	b.backfill.add(c.GetBackfill())
	b.store.add(c.GetStore())
	b.channel.add(c.GetChannel())
}

// addPostings sums the postings per account: an entry may post to several lots of one account.
func (b *ledgerBlock) addPostings(postings []*pointspb.Posting) {
	var sums [pointspb.Account_ADJUSTED + 1]int64
	for _, p := range postings {
		if a := p.GetAccount(); a > 0 && int(a) < len(sums) {
			sums[a] += p.GetPoints()
		}
	}
	for account, c := range b.sums {
		if c != nil {
			c.add(sums[account])
		}
	}
	b.points.add(sums[pointspb.Account_AVAILABLE] + sums[pointspb.Account_PENDING] + sums[pointspb.Account_FROZEN] + sums[pointspb.Account_DEBT])
}

func (b *ledgerBlock) addLot(l *pointspb.Lot) {
	b.lot.add(l.GetNumber())
	b.active.add(l.GetActiveAt())
	b.expires.add(l.GetExpiresAt())
}

func (b *ledgerBlock) addOrder(e *pointspb.Entry) {
	order := e.GetOrder().GetOrder()
	if order == "" {
		order = e.GetRefund().GetOrder()
	}
	net := int64(0)
	for _, line := range e.GetOrder().GetLines() {
		net += line.GetNet()
	}
	b.order.add(order)
	b.orderNet.add(net)
	b.refund.add(e.GetRefund().GetRefund())
}

func (b *ledgerBlock) addRedemption(r *pointspb.RedemptionFacts) {
	b.redemption.add(r.GetId())
	b.quantity.add(r.GetQuantity())
	b.outcome.add(r.GetOutcome())
}

func (b *ledgerBlock) addArithmetic(a *pointspb.Arithmetic) {
	b.desired.add(a.GetDesired())
	b.awarded.add(a.GetAwarded())
	b.holdout.add(a.GetHoldout())
	if a != nil {
		b.arithmetic.buf = appendArithmetic(b.arithmetic.buf, a)
	}
	b.arithmetic.end()
}

// appendArithmetic writes what explains an amount as JSON, without the fields that are zero.
func appendArithmetic(j []byte, a *pointspb.Arithmetic) []byte {
	start := len(j)
	j = appendText(j, "mode", a.GetMode())
	j = appendNumber(j, "points", a.GetPoints())
	j = appendNumber(j, "per", a.GetPer())
	j = appendNumber(j, "eligible", a.GetEligible())
	j = appendNumber(j, "quantity", a.GetQuantity())
	j = appendText(j, "tier", a.GetTier())
	j = appendRatio(j, "tier_multiplier", a.GetTierMultiplier())
	j = appendRatio(j, "campaign", a.GetCampaign())
	if names := a.GetCampaigns(); len(names) > 0 {
		j = append(j, `,"campaigns":[`...)
		for i, name := range names {
			if i > 0 {
				j = append(j, ',')
			}
			j = appendQuoted(j, name)
		}
		j = append(j, ']')
	}
	j = appendNumber(j, "kept_points", a.GetKeptPoints())
	j = appendNumber(j, "reversed_before", a.GetReversedBefore())
	if len(j) == start {
		return append(j, "{}"...)
	}
	j[start] = '{' // every field wrote a comma before itself
	return append(j, '}')
}

func appendNumber(j []byte, name string, v int64) []byte {
	if v == 0 {
		return j
	}
	return strconv.AppendInt(appendName(j, name), v, 10)
}

func appendText(j []byte, name, v string) []byte {
	if v == "" {
		return j
	}
	return appendQuoted(appendName(j, name), v)
}

func appendRatio(j []byte, name string, r *pointspb.Ratio) []byte {
	if r == nil {
		return j
	}
	j = strconv.AppendInt(append(appendName(j, name), '"'), r.GetNum(), 10)
	if r.GetDen() > 1 {
		j = strconv.AppendInt(append(j, '/'), r.GetDen(), 10)
	}
	return append(j, '"')
}

func appendName(j []byte, name string) []byte {
	return append(append(append(j, ',', '"'), name...), '"', ':')
}
