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

// GivenCode is a code that a redemption took: its number in the item's pool.
type GivenCode struct {
	Item     string
	Number   int64
	Replaced bool // another one was given in its place
}

// GivenCodes are the codes that the redemption's owner can read: those that were redeemed, then those that were given in
// place of some that did not work.
func (r *Redemption) GivenCodes() (all []GivenCode) {
	for _, p := range r.Parts {
		all = append(all, codesGiven(p.Item, p.Codes)...)
	}
	stands := make([]int, len(all)) // which code stands where one was redeemed; problems count those
	for i := range stands {
		stands[i] = i
	}
	l := r.Life()
	for _, x := range r.Steps {
		p := l.problem(x.Of)
		if p == nil || len(x.Codes) == 0 {
			continue
		}
		first := int(max(p.Code-1, 0)) // all of them are those of the first part
		for i := range x.Codes[:min(len(x.Codes), max(len(stands)-first, 0))] {
			all[stands[first+i]].Replaced = true
			stands[first+i] = len(all) + i
		}
		all = append(all, codesGiven(r.brokenPart(p.Code).Item, x.Codes)...)
	}
	return all
}

func codesGiven(item string, numbers []int64) (all []GivenCode) {
	for _, n := range numbers {
		all = append(all, GivenCode{Item: item, Number: n})
	}
	return all
}
