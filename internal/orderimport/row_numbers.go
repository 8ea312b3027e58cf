package orderimport

import (
	"strings"

	"jifen/topics"
)

// numbers reads quantity, price and amount and says what the row is: a sale's line, a refund's, or none.
func (p *rowParser) numbers(fields []string, r *parsedRow) *refusal {
	hasQuantity := p.index["quantity"] >= 0
	quantity := decimal{coef: 1}
	if hasQuantity {
		var ok bool
		if quantity, ok = parseDecimal(p.field(fields, "quantity")); !ok {
			return &refusal{rejectQuantity, "is not a number"}
		}
	}
	part, reason := "unit_price", rejectPrice
	if p.index["amount"] >= 0 {
		part, reason = "amount", rejectAmount
	}
	value, ok := parseDecimal(p.field(fields, part))
	if !ok {
		return &refusal{reason, "is not a number"}
	}
	r.refund = p.isRefund(r.order, quantity, value)
	if why := p.amounts(r, quantity, value, part == "amount"); why != nil {
		return why
	}
	if !hasQuantity {
		r.quantity = r.net // without quantities, what is given back is measured in money
	}
	if r.refund {
		r.worthNoLine = r.quantity == 0
	} else {
		r.worthNoLine = quantity.coef <= 0 || value.coef <= 0
	}
	return nil
}

func (p *rowParser) isRefund(order string, quantity, value decimal) bool {
	if p.m.Refund == nil {
		return false
	}
	switch when := p.m.Refund.When; when.Negative {
	case "quantity":
		return quantity.coef < 0
	case "amount":
		return value.coef < 0
	default:
		return strings.HasPrefix(order, when.OrderPrefix)
	}
}

// amounts sets the row's quantity and its net, rounded half up to the minor unit.
func (p *rowParser) amounts(r *parsedRow, quantity, value decimal, isAmount bool) *refusal {
	var exact, ok bool
	if r.quantity, exact, ok = quantity.scaled(quantityDigits); !ok || !exact || r.quantity > topics.AmountMax*quantityOne {
		return &refusal{rejectQuantity, "is too large or has more than six decimals"}
	}
	r.pieces = 1
	if r.quantity%quantityOne == 0 {
		r.pieces = r.quantity / quantityOne
	}
	if isAmount {
		r.net, exact, ok = value.scaled(p.minor)
	} else {
		r.price = value
		r.net, exact, ok = value.times(quantity, p.minor)
	}
	if !ok || r.net > topics.AmountMax {
		return &refusal{rejectAmount, "is more than 10^12 minor units"}
	}
	r.rounded = !exact
	return nil
}
