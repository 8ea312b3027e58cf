package analytics

import (
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"

	"jifen/topics/pointspb"
)

// entryView is what the table ledger keeps of an entry, read off the record's bytes: its strings point into them and
// nothing is allocated. The numbers of the fields are those of topics/points.proto; TestViewSeesWhatTheEntrySays
// compares it with the generated type, which takes 1 µs and 31 allocations for the same.
type entryView struct {
	account, rule, version string
	seq                    uint64
	kind                   pointspb.Kind
	effective, recorded    int64
	id                     []byte
	cause                  causeView
	sums                   [pointspb.Account_ADJUSTED + 1]int64 // of the postings, by account
	lot                    uint64
	active, expires        int64
	arithmetic             arithmeticView
	order, refundOrder     string
	orderNet               int64
	refund                 string
	tierFrom, tierTo       string
	redemption, item       string
	quantity               int64
	outcome                string
}

type causeView struct {
	source, id, typ, backfill, store, channel string
	occurred                                  int64
}

type arithmeticView struct {
	there                                                                     bool
	mode, tier                                                                string
	points, per, eligible, quantity, desired, awarded, kept, takenBefore, lot int64
	tierMultiplier, campaign                                                  ratioView
	campaigns                                                                 []string
	holdout                                                                   bool
}

type ratioView struct{ num, den int64 }

// visit is told of one field: its number and its value, x of a varint or b of bytes.
type visit func(number protowire.Number, x uint64, b []byte) error

// eachField walks over the fields of one message; fields of other wire types are passed over.
func eachField(message []byte, do visit) error {
	for len(message) > 0 {
		tag, n := varint(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		number, typ := protowire.DecodeTag(tag)
		if number < protowire.MinValidNumber {
			return fmt.Errorf("field %d", number)
		}
		message = message[n:]
		var x uint64
		var b []byte
		switch typ {
		case protowire.VarintType:
			x, n = varint(message)
		case protowire.BytesType:
			if x, n = varint(message); n > 0 {
				if x > uint64(len(message)-n) {
					return io.ErrUnexpectedEOF
				}
				b, n = message[n:n+int(x)], n+int(x) //nolint:gosec // not above the length of message
			}
		default:
			n = protowire.ConsumeFieldValue(number, typ, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if err := do(number, x, b); err != nil {
			return err
		}
	}
	return nil
}

// varint is protowire.ConsumeVarint, short for the one byte that most of them have.
func varint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return protowire.ConsumeVarint(b)
}

// read fills the view from the bytes of a record of points.ledger.v1.
func (v *entryView) read(record []byte) error {
	*v = entryView{arithmetic: arithmeticView{campaigns: v.arithmetic.campaigns[:0]}}
	return eachField(record, func(number protowire.Number, x uint64, b []byte) error {
		switch number {
		case 1:
			v.account = text(b)
		case 2:
			v.seq = x
		case 3:
			v.kind = pointspb.Kind(x) //nolint:gosec // an enum is an int32 on the wire
		case 4:
			v.effective = signed(x)
		case 5:
			v.recorded = signed(x)
		case 6:
			v.id = b
		case 7:
			return v.cause.read(b)
		case 8:
			v.rule = text(b)
		case 9:
			v.version = text(b)
		case 10:
			return v.readPosting(b)
		case 11:
			return v.readLot(b)
		case 12:
			return v.arithmetic.read(b)
		default:
			return v.readFacts(number, b)
		}
		return nil
	})
}

// readFacts reads the messages of what happened: order 13, refund 14, tier 16 and redemption 17.
func (v *entryView) readFacts(message protowire.Number, b []byte) error {
	if message != 13 && message != 14 && message != 16 && message != 17 {
		return nil
	}
	return eachField(b, func(number protowire.Number, x uint64, b []byte) error {
		switch message*100 + number {
		case 1301:
			v.order = text(b)
		case 1302:
			return v.readOrderLine(b)
		case 1401:
			v.refundOrder = text(b)
		case 1402:
			v.refund = text(b)
		case 1601:
			v.tierFrom = text(b)
		case 1602:
			v.tierTo = text(b)
		case 1701:
			v.redemption = text(b)
		case 1703:
			v.item = text(b)
		case 1704:
			v.quantity = signed(x)
		case 1706:
			v.outcome = text(b)
		}
		return nil
	})
}

func (v *entryView) readOrderLine(b []byte) error {
	return eachField(b, func(number protowire.Number, x uint64, _ []byte) error {
		if number == 2 {
			v.orderNet += signed(x)
		}
		return nil
	})
}

func (v *entryView) readPosting(b []byte) error {
	var account uint64
	var points int64
	err := eachField(b, func(number protowire.Number, x uint64, _ []byte) error {
		switch number {
		case 1:
			account = x
		case 2:
			points = signed(x)
		}
		return nil
	})
	if account < uint64(len(v.sums)) {
		v.sums[account] += points
	}
	return err
}

func (v *entryView) readLot(b []byte) error {
	return eachField(b, func(number protowire.Number, x uint64, _ []byte) error {
		switch number {
		case 1:
			v.lot = x
		case 2:
			v.active = signed(x)
		case 3:
			v.expires = signed(x)
		}
		return nil
	})
}

func (c *causeView) read(b []byte) error {
	return eachField(b, func(number protowire.Number, x uint64, b []byte) error {
		switch number {
		case 1:
			c.source = text(b)
		case 2:
			c.id = text(b)
		case 3:
			c.typ = text(b)
		case 4:
			c.occurred = signed(x)
		case 5:
			c.backfill = text(b)
		case 6:
			c.store = text(b)
		case 7:
			c.channel = text(b)
		}
		return nil
	})
}

func (a *arithmeticView) read(b []byte) error {
	a.there = true
	return eachField(b, func(number protowire.Number, x uint64, b []byte) error {
		switch number {
		case 1:
			a.mode = text(b)
		case 2:
			a.points = signed(x)
		case 3:
			a.per = signed(x)
		case 4:
			a.eligible = signed(x)
		case 5:
			a.quantity = signed(x)
		case 6:
			return a.tierMultiplier.read(b)
		case 7:
			return a.campaign.read(b)
		case 8:
			a.campaigns = append(a.campaigns, text(b))
		case 9:
			a.tier = text(b)
		case 10:
			a.desired = signed(x)
		case 11:
			a.awarded = signed(x)
		case 12:
			a.holdout = x != 0
		case 14:
			a.kept = signed(x)
		case 15:
			a.takenBefore = signed(x)
		case 16:
			a.lot = signed(x)
		}
		return nil
	})
}

func (r *ratioView) read(b []byte) error {
	return eachField(b, func(number protowire.Number, x uint64, _ []byte) error {
		switch number {
		case 1:
			r.num = signed(x)
		case 2:
			r.den = signed(x)
		}
		return nil
	})
}

// signed is an int64 as Protobuf has it on the wire.
func signed(x uint64) int64 { return int64(x) } //nolint:gosec // two's complement is the meaning
