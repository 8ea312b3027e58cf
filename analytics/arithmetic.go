package analytics

import "strconv"

// appendArithmetic writes what explains an amount as JSON, without the fields that are zero.
func appendArithmetic(j []byte, a *arithmeticView) []byte {
	start := len(j)
	j = appendText(j, "mode", a.mode)
	j = appendNumber(j, "points", a.points)
	j = appendNumber(j, "per", a.per)
	j = appendNumber(j, "eligible", a.eligible)
	j = appendNumber(j, "quantity", a.quantity)
	j = appendText(j, "tier", a.tier)
	j = appendRatio(j, "tier_multiplier", a.tierMultiplier)
	j = appendRatio(j, "campaign", a.campaign)
	if len(a.campaigns) > 0 {
		j = append(appendName(j, "campaigns"), '[')
		for i, name := range a.campaigns {
			if i > 0 {
				j = append(j, ',')
			}
			j = appendQuoted(j, name)
		}
		j = append(j, ']')
	}
	j = appendNumber(j, "kept_points", a.kept)
	j = appendNumber(j, "reversed_before", a.takenBefore)
	j = appendNumber(j, "lot", a.lot)
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

func appendRatio(j []byte, name string, r ratioView) []byte {
	if r.den == 0 {
		return j
	}
	j = strconv.AppendInt(append(appendName(j, name), '"'), r.num, 10)
	if r.den > 1 {
		j = strconv.AppendInt(append(j, '/'), r.den, 10)
	}
	return append(j, '"')
}

func appendName(j []byte, name string) []byte {
	return append(append(append(j, ',', '"'), name...), '"', ':')
}
