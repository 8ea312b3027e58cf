package topics

import (
	"errors"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// rejectJSON says why the library refused value: bytes that are no JSON are DECODE, numbers too large RANGE, and what is
// JSON but not of the type's shape SCHEMA.
func rejectJSON(err error, value []byte) *Reject {
	if !jsontext.Value(value).IsValid(jsontext.AllowDuplicateNames(true)) {
		return reject(ReasonDecode, "not JSON in UTF-8")
	}
	if !jsontext.Value(value).IsValid() {
		return reject(ReasonSchema, "an object has a name twice")
	}
	if errors.Is(err, strconv.ErrRange) {
		return reject(ReasonRange, "a number is larger than 64 bits")
	}
	return reject(ReasonSchema, "a member of the data has another JSON type than the schema's")
}

// checker keeps the first fault that it meets.
type checker struct{ reject *Reject }

func (c *checker) fail(reason Reason, parts ...string) {
	if c.reject == nil {
		c.reject = reject(reason, parts...)
	}
}

// id checks a required id or name: 1–128 printable characters.
func (c *checker) id(name, v string) { c.text(name, v, IDCharsMax, true) }

// optional checks text that may be empty.
func (c *checker) optional(name, v string) { c.text(name, v, IDCharsMax, false) }

// token checks a share token: longer than an id.
func (c *checker) token(name, v string, required bool) { c.text(name, v, TokenCharsMax, required) }

func (c *checker) text(name, v string, charsMax int, required bool) {
	if v == "" {
		if required {
			c.fail(ReasonSchema, name, " is missing")
		}
		return
	}
	if len(v) <= charsMax && isPlain(v) {
		return
	}
	if n, ok := printable(v); !ok || n > charsMax {
		c.fail(ReasonSchema, name, " must be 1 to ", strconv.Itoa(charsMax), " printable characters")
	}
}

// printable counts v's characters; ok is false when one is not printable or v is not UTF-8.
func printable(v string) (chars int, ok bool) {
	for i := 0; i < len(v); chars++ {
		if b := v[i]; b < utf8.RuneSelf {
			if b < 0x20 || b == 0x7f {
				return 0, false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(v[i:])
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) {
			return 0, false
		}
		i += n
	}
	return chars, true
}

// IsID says whether events take v as an id or name: 1–128 printable characters.
func IsID(v string) bool {
	n, ok := printable(v)
	return ok && n >= 1 && n <= IDCharsMax
}

func isPrintable(v string) bool {
	_, ok := printable(v)
	return ok
}

// currency checks the form of an ISO 4217 code; which one is right is the rulebook's matter.
func (c *checker) currency(v string) {
	if !isCurrency(v) {
		c.fail(ReasonSchema, "currency must be three capital letters")
	}
}

func isCurrency(v string) bool {
	return len(v) == 3 && isCapital(v[0]) && isCapital(v[1]) && isCapital(v[2])
}

func isCapital(b byte) bool { return 'A' <= b && b <= 'Z' }

// amount checks 0…10^12, of minor units or a count.
func (c *checker) amount(name string, v int64) {
	if v < 0 || v > AmountMax {
		c.fail(ReasonRange, name, " must be from 0 to 10^12")
	}
}

func (c *checker) quantity(name string, v *int64) int64 {
	if v == nil {
		return 1
	}
	c.amount(name, *v)
	return *v
}

func (c *checker) net(v *int64) int64 {
	if v == nil {
		c.fail(ReasonSchema, "lines.net is missing")
		return 0
	}
	c.amount("lines.net", *v)
	return *v
}

func (c *checker) lineCount(n int) bool {
	if n == 0 {
		c.fail(ReasonSchema, "lines are missing")
	} else if n > LinesMax {
		c.fail(ReasonRange, "there are more than ", strconv.Itoa(LinesMax), " lines")
	}
	return n > 0 && n <= LinesMax
}

// lines checks what holds between lines.
func (c *checker) lines(d *Data) {
	if !linesDiffer(d.Lines) {
		c.fail(ReasonSchema, "two lines have the same id")
	}
	if d.PaidWithPoints > sumNet(d.Lines) {
		c.fail(ReasonRange, "paid_with_points is more than the lines' net together")
	}
}

func sumNet(lines []Line) (sum int64) {
	for i := range lines {
		sum += lines[i].Net
	}
	return sum
}

func linesDiffer(lines []Line) bool {
	if len(lines) > 16 {
		seen := make(map[string]struct{}, len(lines))
		for i := range lines {
			seen[lines[i].Line] = struct{}{}
		}
		return len(seen) == len(lines)
	}
	for i := range lines {
		for j := range i {
			if lines[i].Line == lines[j].Line {
				return false
			}
		}
	}
	return true
}
