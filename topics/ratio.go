package topics

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// NoMaximum is the max_multiplier of a book that sets none: no product of multipliers is above it.
func NoMaximum() Ratio { return Ratio{math.MaxInt64, 1} }

// Valid says that r is a number ≥ 0; the zero Ratio is not one.
func (r Ratio) Valid() bool { return r.Num >= 0 && r.Den > 0 }

// Mul is r × o, reduced. A product that does not fit is the zero Ratio, which Award refuses; rulebooks whose
// multipliers could come to that are refused when they are compiled.
func (r Ratio) Mul(o Ratio) Ratio {
	if !r.Valid() || !o.Valid() {
		return Ratio{}
	}
	r, o = r.reduced(), o.reduced()
	g, h := gcd(r.Num, o.Den), gcd(o.Num, r.Den)
	nh, n := bits.Mul64(uint64(r.Num/g), uint64(o.Num/h))
	dh, d := bits.Mul64(uint64(r.Den/h), uint64(o.Den/g))
	if nh|dh != 0 || n > math.MaxInt64 || d > math.MaxInt64 {
		return Ratio{}
	}
	return Ratio{int64(n), int64(d)}
}

// Cmp is -1, 0 or 1 as r is below, equal to or above o; both are valid.
func (r Ratio) Cmp(o Ratio) int {
	ah, al := bits.Mul64(uint64(r.Num), uint64(o.Den))
	bh, bl := bits.Mul64(uint64(o.Num), uint64(r.Den))
	switch {
	case ah < bh || ah == bh && al < bl:
		return -1
	case ah == bh && al == bl:
		return 0
	}
	return 1
}

// String is a decimal where one is exact, else num/den; ParseRatio reads both.
func (r Ratio) String() string {
	r = r.reduced()
	if !r.Valid() {
		return fmt.Sprintf("%d/%d", r.Num, r.Den)
	}
	places, scale := 0, int64(1)
	for scale%r.Den != 0 && places < 18 {
		scale *= 10
		places++
	}
	hi, n := bits.Mul64(uint64(r.Num), uint64(scale/r.Den))
	if scale%r.Den != 0 || hi != 0 {
		return fmt.Sprintf("%d/%d", r.Num, r.Den)
	}
	digits := strconv.FormatUint(n, 10)
	if places == 0 {
		return digits
	}
	if len(digits) <= places {
		digits = strings.Repeat("0", places-len(digits)+1) + digits
	}
	return digits[:len(digits)-places] + "." + digits[len(digits)-places:]
}

// ParseRatio reads a rate ≥ 0 exactly: "2", "1.5" or "1/3", at most 18 digits each side. No float is involved.
func ParseRatio(s string) (Ratio, error) {
	if n, d, ok := strings.Cut(s, "/"); ok {
		num, err1 := parseDigits(n)
		den, err2 := parseDigits(d)
		if err1 != nil || err2 != nil || den == 0 {
			return Ratio{}, fmt.Errorf("rate %q is not a decimal or a fraction", s)
		}
		return Ratio{num, den}.reduced(), nil
	}
	whole, part, dotted := strings.Cut(s, ".")
	if dotted && part == "" {
		return Ratio{}, fmt.Errorf("rate %q is not a decimal or a fraction", s)
	}
	num, err := parseDigits(whole + part)
	if err != nil || whole == "" {
		return Ratio{}, fmt.Errorf("rate %q is not a decimal or a fraction", s)
	}
	den := int64(1)
	for range part {
		den *= 10
	}
	return Ratio{num, den}.reduced(), nil
}

// parseDigits reads 1 to 18 decimal digits, so that the value and its power of ten fit into an int64.
func parseDigits(s string) (int64, error) {
	if len(s) == 0 || len(s) > 18 {
		return 0, strconv.ErrRange
	}
	var n int64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, strconv.ErrSyntax
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}

func (r Ratio) reduced() Ratio {
	if r.Den <= 0 || r.Num < 0 {
		return r
	}
	g := gcd(r.Num, r.Den)
	return Ratio{r.Num / g, r.Den / g}
}

// gcd of values ≥ 0, at least 1 where b > 0.
func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, 1)
}
