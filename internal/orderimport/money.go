package orderimport

import (
	"math"
	"math/bits"
	"strings"
)

// decimal is coef / 10^digits, exact.
type decimal struct {
	coef   int64
	digits int
}

const coefDigitsMax = 18 // what always fits an int64

// parseDecimal reads [-+]digits[.digits][e[-+]digits] with at most 18 significant digits.
func parseDecimal(s string) (d decimal, ok bool) {
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	mantissa, exponent, ok := cutExponent(s)
	if !ok {
		return decimal{}, false
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	significant := 0
	for _, part := range [2]string{whole, fraction} {
		for i := range len(part) {
			c := part[i] - '0'
			if c > 9 {
				return decimal{}, false
			}
			if d.coef != 0 || c != 0 {
				significant++
			}
			if significant > coefDigitsMax {
				return decimal{}, false
			}
			d.coef = d.coef*10 + int64(c)
		}
	}
	if mantissa == "" || mantissa == "." {
		return decimal{}, false
	}
	if negative {
		d.coef = -d.coef
	}
	d.digits = len(fraction) - exponent
	return d, true
}

// cutExponent parts 1.5e-3; exponents beyond ±30 are refused.
func cutExponent(s string) (mantissa string, exponent int, ok bool) {
	at := strings.IndexAny(s, "eE")
	if at < 0 {
		return s, 0, true
	}
	digits := strings.TrimPrefix(s[at+1:], "+")
	sign := 1
	if strings.HasPrefix(digits, "-") {
		digits, sign = digits[1:], -1
	}
	if digits == "" || len(digits) > 2 {
		return "", 0, false
	}
	for i := range len(digits) {
		c := digits[i] - '0'
		if c > 9 {
			return "", 0, false
		}
		exponent = exponent*10 + int(c)
	}
	return s[:at], sign * exponent, exponent <= 30
}

// scaled is |d| × 10^digits as an integer, rounded half up; ok is false beyond int64.
func (d decimal) scaled(digits int) (v int64, exact, ok bool) {
	return d.times(decimal{coef: 1}, digits)
}

// times is |d × o| × 10^digits as an integer, rounded half up: 0.125 × 3 with 2 digits is 38, and not exact.
func (d decimal) times(o decimal, digits int) (v int64, exact, ok bool) {
	hi, lo := bits.Mul64(magnitude(d.coef), magnitude(o.coef))
	shift := d.digits + o.digits - digits
	for ; shift < 0 && hi == 0 && lo != 0; shift++ {
		hi, lo = bits.Mul64(lo, 10)
	}
	if hi == 0 && lo == 0 {
		return 0, true, true
	}
	exact = true
	for ; shift > coefDigitsMax; shift-- { // digits this far down decide no rounding but by being there
		var r uint64
		hi, r = hi/10, hi%10
		lo, r = bits.Div64(r, lo, 10)
		exact = exact && r == 0
	}
	if shift < 0 {
		return 0, false, false
	}
	return divide(hi, lo, pow10(shift), exact)
}

// divide is hi:lo / by, rounded half up.
func divide(hi, lo, by uint64, exact bool) (int64, bool, bool) {
	if hi >= by {
		return 0, false, false
	}
	q, r := bits.Div64(hi, lo, by)
	if r >= by-r {
		q++
	}
	return int64(q), exact && r == 0, q <= math.MaxInt64
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-v)
	}
	return uint64(v)
}

// minorDigits is how many digits the currency's minor unit has (ISO 4217).
func minorDigits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

func isCurrency(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
