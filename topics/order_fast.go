package topics

import (
	"encoding/binary"
	"strings"
)

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

// fastOrder reads the data of an order event from s, which d's strings share; plain says what isPlain says of it. True means that it is acceptable and d is
// what the library path would give; false means "I do not know": d is spoilt and the library must decide.
// It knows no escapes, unknown members, nulls, floats or faults: those are rare, and the library's.
func fastOrder(s string, plain bool, shape fastShape, d *Data) bool {
	p := fastReader{s: s, plain: plain, tags: tagRoom(d.Lines)}
	d.Lines = d.Lines[:0]
	if !p.data(shape, d) {
		return false
	}
	p.space()
	return p.i == len(p.s) && linesDiffer(d.Lines) && d.PaidWithPoints <= sumNet(d.Lines)
}

// fastReader is a position in s. Each method returns false as soon as it meets what it does not know.
type fastReader struct {
	s     string
	i     int
	plain bool // s is printable ASCII without a backslash, so its strings need no check
	tags  []string
}

func (p *fastReader) data(shape fastShape, d *Data) bool {
	if !p.next('{') {
		return false
	}
	var seen uint16
	for {
		name, ok := p.name()
		if !ok {
			return false
		}
		bit := p.member(name, shape, d)
		if bit == 0 || seen&bit != 0 || shape.allowed&bit == 0 {
			return false
		}
		seen |= bit
		if p.next(',') {
			continue
		}
		return p.next('}') && seen&shape.required == shape.required
	}
}

// member reads the value of the named member and returns its bit, or 0.
func (p *fastReader) member(name string, shape fastShape, d *Data) (bit uint16) {
	ok := false
	switch name {
	case "member":
		bit, ok = hasMember, p.id(&d.Member)
	case "order":
		bit, ok = hasOrder, p.id(&d.Order)
	case "store":
		bit, ok = hasStore, p.text(&d.Store)
	case "channel":
		bit, ok = hasChannel, p.text(&d.Channel)
	case "currency":
		bit, ok = hasCurrency, p.text(&d.Currency) && isCurrency(d.Currency)
	case "lines":
		bit, ok = hasLines, p.lines(shape, d)
	case "freight":
		bit, ok = hasFreight, p.amount(&d.Freight)
	case "tax":
		bit, ok = hasTax, p.amount(&d.Tax)
	case "paid_with_points":
		bit, ok = hasPaidWithPoints, p.amount(&d.PaidWithPoints)
	case "referral":
		bit, ok = hasReferral, p.text(&d.Referral)
	case "refund":
		bit, ok = hasRefund, p.id(&d.Refund)
	}
	if !ok {
		return 0
	}
	return bit
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
		if p.next(',') {
			continue
		}
		return p.next(']')
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
		name, ok := p.name()
		if !ok {
			return false
		}
		bit := p.lineMember(name, l)
		if bit == 0 || seen&bit != 0 || shape.lineAllowed&bit == 0 {
			return false
		}
		seen |= bit
		if p.next(',') {
			continue
		}
		return p.next('}') && seen&shape.lineRequired == shape.lineRequired
	}
}

func (p *fastReader) lineMember(name string, l *Line) (bit uint8) {
	ok := false
	switch name {
	case "line":
		bit, ok = hasLine, p.id(&l.Line)
	case "net":
		bit, ok = hasNet, p.amount(&l.Net)
	case "sku":
		bit, ok = hasSKU, p.text(&l.SKU)
	case "category":
		bit, ok = hasCategory, p.text(&l.Category)
	case "tags":
		bit, ok = hasTags, p.tagList(l)
	case "quantity":
		bit, ok = hasQuantity, p.amount(&l.Quantity)
	}
	if !ok {
		return 0
	}
	return bit
}

// isPlain tells whether b is printable ASCII without a backslash, eight bytes at a time.
func isPlain(b []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(b) >= 8; b = b[8:] {
		w := binary.LittleEndian.Uint64(b)
		below := (w - ones*0x20) & ^w
		backslash := w ^ ones*'\\'
		del := w ^ ones*0x7f
		if (w|below|(backslash-ones)&^backslash|(del-ones)&^del)&highs != 0 {
			return false
		}
	}
	for _, c := range b {
		if c < 0x20 || c >= 0x7f || c == '\\' {
			return false
		}
	}
	return true
}
