package ledger

import "slices"

// brokenPart is the part that a problem is about: that of the code, else the first one that is not shipped.
func (r *Redemption) brokenPart(code int64) Part {
	parts := r.Pieces()
	for _, p := range parts {
		if p.Fulfilment == FulfilCodes {
			if code <= p.Quantity {
				return p
			}
			code -= p.Quantity
		}
	}
	i := slices.IndexFunc(parts, func(p Part) bool { return p.Fulfilment != FulfilShipping && p.Fulfilment != FulfilBundle })
	return parts[max(i, 0)]
}

// GivenCodes are the codes that the redemption's owner can read, by the items that they are of: those that were redeemed, then
// those that were given in place of some that did not work.
func (r *Redemption) GivenCodes() (all []Part) {
	for _, p := range r.Parts {
		if len(p.Codes) > 0 {
			all = append(all, p)
		}
	}
	l := r.Life()
	for _, x := range r.Steps {
		if p := l.problem(x.Of); p != nil && len(x.Codes) > 0 {
			all = append(all, Part{Item: r.brokenPart(p.Code).Item, Quantity: x.Quantity, Fulfilment: FulfilCodes, Codes: x.Codes})
		}
	}
	return all
}
