package topics

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"sort"
)

// ErrOverflow says that an amount of points does not fit into an int64.
var ErrOverflow = errors.New("points do not fit into 64 bits")

// Award is what a rule gives: floor(units × points × m), with one floor at the end (semantics §1, E1..E6).
//
// Units are floor(eligible/per) in mode step, eligible/per (exact) in mode proportional, floor(quantity/per) in mode quantity, and 1 in mode fixed. Eligible and per of
// a step are minor units; a per of 0 in mode quantity is 1. M is the tier's multiplier times the campaigns'. The error is ErrOverflow, or names a value out of range.
func Award(mode Mode, points, per, eligible, quantity int64, m Ratio) (int64, error) {
	if points < 0 || eligible < 0 || quantity < 0 || !m.Valid() {
		return 0, fmt.Errorf("award: points %d, eligible %d, quantity %d or multiplier %d/%d out of range", points, eligible, quantity, m.Num, m.Den)
	}
	switch mode {
	case ModeStep, ModeProportional:
		if per <= 0 {
			return 0, fmt.Errorf("award: %d minor units per step", per)
		}
		if mode == ModeStep {
			return floorProduct(eligible/per, points, m.Num, 1, m.Den)
		}
		return floorProduct(eligible, points, m.Num, per, m.Den)
	case ModeQuantity:
		return floorProduct(quantity/max(per, 1), points, m.Num, 1, m.Den)
	case ModeFixed:
		return floorProduct(1, points, m.Num, 1, m.Den)
	}
	return 0, fmt.Errorf("award: unknown mode %q", mode)
}

// floorProduct is floor(a × b × c / (d × e)) of values ≥ 0, d and e > 0: in 64 bits where that is enough, else with math/big.
func floorProduct(a, b, c, d, e int64) (int64, error) {
	h1, ab := bits.Mul64(uint64(a), uint64(b))
	h2, abc := bits.Mul64(ab, uint64(c))
	h3, de := bits.Mul64(uint64(d), uint64(e))
	if h1|h3 == 0 && h2 < de {
		q, _ := bits.Div64(h2, abc, de)
		if q > math.MaxInt64 {
			return 0, ErrOverflow
		}
		return int64(q), nil
	}
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	n.Mul(n, big.NewInt(c))
	n.Quo(n, new(big.Int).Mul(big.NewInt(d), big.NewInt(e)))
	if !n.IsInt64() {
		return 0, ErrOverflow
	}
	return n.Int64(), nil
}

// Allocate splits total over weights by largest remainder, ties to the lower index; the parts add up to total (E6).
// Total and weights are ≥ 0 and the weights' sum fits into an int64. Without any weight all parts weigh the same.
func Allocate(total int64, weights []int64) []int64 {
	parts := make([]int64, len(weights))
	var sum uint64
	for _, w := range weights {
		sum += uint64(w)
	}
	if len(parts) == 0 || total <= 0 {
		return parts
	}
	even := sum == 0
	if even {
		sum = uint64(len(weights))
	}
	left := total
	rests := make([]uint64, len(parts))
	order := make([]int, len(parts))
	for i, w := range weights {
		if even {
			w = 1
		}
		hi, lo := bits.Mul64(uint64(total), uint64(w))
		q, rest := bits.Div64(hi, lo, sum)
		parts[i], rests[i], order[i] = int64(q), rest, i
		left -= int64(q)
	}
	sort.SliceStable(order, func(i, j int) bool { return rests[order[i]] > rests[order[j]] })
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}
