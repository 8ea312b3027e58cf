package topics

import "strings"

// fastShape says which members the data of an order event may and must have for the fast path.
type fastShape struct {
	allowed, required         uint16 // of the data object
	lineAllowed, lineRequired uint8  // of each line
}

const (
	hasMember uint16 = 1 << iota
	hasOrder
	hasStore
	hasChannel
	hasCurrency
	hasLines
	hasFreight
	hasTax
	hasPaidWithPoints
	hasReferral
	hasRefund
)

const (
	hasLine uint8 = 1 << iota
	hasNet
	hasSKU
	hasCategory
	hasTags
	hasQuantity
)

const (
	hasAlways = hasMember | hasOrder
	hasPlace  = hasStore | hasChannel
)

func paidShape() fastShape {
	required := hasAlways | hasCurrency | hasLines
	return fastShape{
		required: required, allowed: required | hasPlace | hasFreight | hasTax | hasPaidWithPoints | hasReferral,
		lineRequired: hasLine | hasNet, lineAllowed: hasLine | hasNet | hasSKU | hasCategory | hasTags | hasQuantity,
	}
}

func completedShape() fastShape { return fastShape{required: hasAlways, allowed: hasAlways | hasPlace} }

func refundedShape() fastShape {
	required := hasAlways | hasRefund | hasLines
	return fastShape{
		required: required, allowed: required | hasPlace,
		lineRequired: hasLine | hasNet, lineAllowed: hasLine | hasNet,
	}
}

// fastOrder reads the data of an order event from s, which d's strings share. True means that it is acceptable and d is
// what the library path would give; false means "I do not know": d is spoilt and the library must decide.
// It knows no escapes, unknown members, nulls, floats or faults: those are rare, and the library's.
func fastOrder(s string, shape fastShape, d *Data) bool {
	p := fastReader{s: s, tags: tagRoom(d.Lines)}
	d.Lines = d.Lines[:0]
	if !p.data(shape, d) {
		return false
	}
	p.space()
	return p.i == len(p.s) && linesDiffer(d.Lines) && (d.PaidWithPoints == 0 || d.PaidWithPoints <= sumNet(d.Lines))
}

// fastReader is a position in s. Each method returns false as soon as it meets what it does not know.
type fastReader struct {
	s    string
	i    int
	tags []string
}

func (p *fastReader) data(shape fastShape, d *Data) bool {
	if !p.next('{') {
		return false
	}
	var seen uint16
	for {
		if !p.next('"') {
			return false
		}
		bit := p.member()
		if seen&bit != 0 || shape.allowed&bit == 0 || !p.value(bit, shape, d) {
			return false
		}
		seen |= bit
		more, ok := p.more('}')
		if !more {
			return ok && seen&shape.required == shape.required
		}
	}
}

// member takes a member's name, whose quote was taken, and the colon behind it; 0 stands for names that it does not know.
func (p *fastReader) member() (bit uint16) {
	s, n := p.s[p.i:], 0
	switch {
	case s == "":
	case s[0] == 'o' && strings.HasPrefix(s, "order"):
		bit, n = hasOrder, len("order")
	case s[0] == 'm' && strings.HasPrefix(s, "member"):
		bit, n = hasMember, len("member")
	case s[0] == 's' && strings.HasPrefix(s, "store"):
		bit, n = hasStore, len("store")
	case s[0] == 'c' && strings.HasPrefix(s, "channel"):
		bit, n = hasChannel, len("channel")
	case s[0] == 'c' && strings.HasPrefix(s, "currency"):
		bit, n = hasCurrency, len("currency")
	case s[0] == 'l' && strings.HasPrefix(s, "lines"):
		bit, n = hasLines, len("lines")
	case s[0] == 'f' && strings.HasPrefix(s, "freight"):
		bit, n = hasFreight, len("freight")
	case s[0] == 't' && strings.HasPrefix(s, "tax"):
		bit, n = hasTax, len("tax")
	case s[0] == 'p' && strings.HasPrefix(s, "paid_with_points"):
		bit, n = hasPaidWithPoints, len("paid_with_points")
	case s[0] == 'r' && strings.HasPrefix(s, "referral"):
		bit, n = hasReferral, len("referral")
	case s[0] == 'r' && strings.HasPrefix(s, "refund"):
		bit, n = hasRefund, len("refund")
	}
	if !p.named(n) {
		return 0
	}
	return bit
}

// value reads the value of a member.
func (p *fastReader) value(bit uint16, shape fastShape, d *Data) bool {
	switch bit {
	case hasMember:
		return p.id(&d.Member)
	case hasOrder:
		return p.id(&d.Order)
	case hasStore:
		return p.text(&d.Store)
	case hasChannel:
		return p.text(&d.Channel)
	case hasCurrency:
		return p.text(&d.Currency) && isCurrency(d.Currency)
	case hasLines:
		return p.lines(shape, d)
	case hasFreight:
		return p.amount(&d.Freight)
	case hasTax:
		return p.amount(&d.Tax)
	case hasPaidWithPoints:
		return p.amount(&d.PaidWithPoints)
	case hasReferral:
		return p.text(&d.Referral)
	case hasRefund:
		return p.id(&d.Refund)
	}
	return false
}

func (p *fastReader) lines(shape fastShape, d *Data) bool {
	if !p.next('[') {
		return false
	}
	if d.Lines == nil {
		d.Lines = make([]Line, 0, min(strings.Count(p.s[p.i:], "{"), LinesMax))
	}
	for {
		if len(d.Lines) == LinesMax {
			return false
		}
		d.Lines = append(d.Lines, Line{})
		if !p.line(shape, &d.Lines[len(d.Lines)-1]) {
			return false
		}
		if more, ok := p.more(']'); !more {
			return ok
		}
	}
}

func (p *fastReader) line(shape fastShape, l *Line) bool {
	if !p.next('{') {
		return false
	}
	if shape.lineAllowed&hasQuantity != 0 {
		l.Quantity = 1
	}
	var seen uint8
	for {
		if !p.next('"') {
			return false
		}
		bit := p.lineMember()
		if seen&bit != 0 || shape.lineAllowed&bit == 0 || !p.lineValue(bit, l) {
			return false
		}
		seen |= bit
		more, ok := p.more('}')
		if !more {
			return ok && seen&shape.lineRequired == shape.lineRequired
		}
	}
}

func (p *fastReader) lineMember() (bit uint8) {
	s, n := p.s[p.i:], 0
	switch {
	case s == "":
	case s[0] == 'l' && strings.HasPrefix(s, "line"):
		bit, n = hasLine, len("line")
	case s[0] == 's' && strings.HasPrefix(s, "sku"):
		bit, n = hasSKU, len("sku")
	case s[0] == 'c' && strings.HasPrefix(s, "category"):
		bit, n = hasCategory, len("category")
	case s[0] == 't' && strings.HasPrefix(s, "tags"):
		bit, n = hasTags, len("tags")
	case s[0] == 'q' && strings.HasPrefix(s, "quantity"):
		bit, n = hasQuantity, len("quantity")
	case s[0] == 'n' && strings.HasPrefix(s, "net"):
		bit, n = hasNet, len("net")
	}
	if !p.named(n) {
		return 0
	}
	return bit
}

func (p *fastReader) lineValue(bit uint8, l *Line) bool {
	switch bit {
	case hasLine:
		return p.id(&l.Line)
	case hasNet:
		return p.amount(&l.Net)
	case hasSKU:
		return p.text(&l.SKU)
	case hasCategory:
		return p.text(&l.Category)
	case hasTags:
		return p.tagList(l)
	case hasQuantity:
		return p.amount(&l.Quantity)
	}
	return false
}
