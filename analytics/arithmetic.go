package analytics

import "strconv"

func (a *arithmeticView) read(m []byte) bool {
	a.there = true
	for len(m) > 0 {
		number, x, b, rest := next(m)
		ok := number != 0
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
			ok = a.tierMultiplier.read(b)
		case 7:
			ok = a.campaign.read(b)
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
		case 17:
			a.bound = text(b)
		case 18:
			a.left = signed(x)
		case 19:
			ok = a.less.read(b)
		case 20:
			a.before = signed(x)
		}
		if !ok {
			return false
		}
		m = rest
	}
	return true
}

func (r *ratioView) read(m []byte) bool {
	for len(m) > 0 {
		number, x, _, rest := next(m)
		switch number {
		case 0:
			return false
		case 1:
			r.num = signed(x)
		case 2:
			r.den = signed(x)
		}
		m = rest
	}
	return true
}

// appendArithmetic writes what explains an amount as JSON, without the fields that are zero.
func appendArithmetic(j []byte, a *arithmeticView, budget string) []byte {
	start := len(j)
	j = appendText(j, `,"mode":`, a.mode)
	j = appendNumber(j, `,"points":`, a.points)
	j = appendNumber(j, `,"per":`, a.per)
	j = appendNumber(j, `,"eligible":`, a.eligible)
	j = appendNumber(j, `,"quantity":`, a.quantity)
	j = appendText(j, `,"tier":`, a.tier)
	j = appendRatio(j, `,"tier_multiplier":`, a.tierMultiplier)
	j = appendRatio(j, `,"campaign":`, a.campaign)
	if len(a.campaigns) > 0 {
		j = append(j, `,"campaigns":[`...)
		for i, name := range a.campaigns {
			if i > 0 {
				j = append(j, ',')
			}
			j = appendQuoted(j, name)
		}
		j = append(j, ']')
	}
	j = appendNumber(j, `,"kept_points":`, a.kept)
	j = appendNumber(j, `,"reversed_before":`, a.takenBefore)
	j = appendNumber(j, `,"lot":`, a.lot)
	j = appendText(j, `,"bound":`, a.bound)
	j = appendNumber(j, `,"left":`, a.left)
	j = appendRatio(j, `,"less":`, a.less)
	j = appendText(j, `,"budget":`, budget)
	j = appendNumber(j, `,"before":`, a.before)
	if len(j) == start {
		return append(j, "{}"...)
	}
	j[start] = '{' // every field wrote the comma of its name
	return append(j, '}')
}

// appendNumber appends a field that is not zero; name is what stands before the value, with a comma and quotes.
func appendNumber(j []byte, name string, v int64) []byte {
	if v == 0 {
		return j
	}
	return strconv.AppendInt(append(j, name...), v, 10)
}

func appendText(j []byte, name, v string) []byte {
	if v == "" {
		return j
	}
	return appendQuoted(append(j, name...), v)
}

func appendRatio(j []byte, name string, r ratioView) []byte {
	if r.den == 0 {
		return j
	}
	j = strconv.AppendInt(append(append(j, name...), '"'), r.num, 10)
	if r.den > 1 {
		j = strconv.AppendInt(append(j, '/'), r.den, 10)
	}
	return append(j, '"')
}

// appendPostings writes postings as JSON: [["available",3,-50],["redeemed",0,50]].
func appendPostings(j []byte, postings []postingView) []byte {
	for i, p := range postings {
		if i == 0 {
			j = append(j, "[["...)
		} else {
			j = append(j, ",["...)
		}
		j = append(appendQuoted(j, accountWord(p.account)), ',')
		j = append(strconv.AppendUint(j, p.lot, 10), ',')
		j = append(strconv.AppendInt(j, p.points, 10), ']')
	}
	if len(postings) > 0 {
		j = append(j, ']')
	}
	return j
}
