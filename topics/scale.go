package topics

import "math/bits"

// Scale returns floor(amount × part / whole) for amounts ≥ 0 and 0 ≤ part ≤ whole, whole > 0, without overflow.
func Scale(amount, part, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(amount), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}

// MulPoints multiplies a price by a quantity; ok is false where int64 cannot hold it.
func MulPoints(price, quantity int64) (total int64, ok bool) {
	if price < 0 || quantity < 0 {
		return 0, false
	}
	hi, lo := bits.Mul64(uint64(price), uint64(quantity))
	return int64(lo), hi == 0 && lo <= 1<<63-1
}
