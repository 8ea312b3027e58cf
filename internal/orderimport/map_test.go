package orderimport

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMapFaultsHaveTheirPlace(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"kind: OrderImport", "kind: Import", "map.yaml:2:7: kind: must be OrderImport"},
		{"currency: EUR", "currency: eur", "map.yaml:4:11: currency: "},
		{"source: /s", "", "source: must be"},
		{"zone: Europe/Berlin", "zone: Berlin", "map.yaml:6:42: time.zone: "},
		{`"2006-01-02 15:04"`, `"YYYY-MM-DD"`, "map.yaml:6:16: time.layout: "},
		{"unit_price: p", "unit_price: p, amount: a", "columns.amount: either"},
		{"order: o, ", "", "refund: order_prefix and by_id need columns.order"},
		{"match: latest", "match: newest", "map.yaml:7:42: refund.match: "},
		{"columns:", "colums:", `map.yaml:5:1: unknown field "colums"`},
		{"order: o", "order: [o]", "map.yaml:5:18: columns.order"},
		{"currency: EUR", "currency: EUR\nfile: {header: false}", "columns.member: without a header"},
		{"currency: EUR", "currency: EUR\nfile: {delimiter: '--', encoding: utf-7}", "map.yaml:5:"},
		{"kind:", "\tkind:", "map.yaml:"},
	} {
		_, err := ParseMap("map.yaml", []byte(strings.Replace(baseMap, c.from, c.to, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.to, err, c.want)
		}
	}
}

func TestEveryFaultOfAMapIsReportedAtOnce(t *testing.T) {
	_, err := ParseMap("map.yaml", []byte("kind: x\ncurrency: y\n"))
	if err == nil || strings.Count(err.Error(), "\n") < 5 {
		t.Fatal(err)
	}
}

func TestDecimals(t *testing.T) {
	for s, want := range map[string]decimal{
		"0": {}, "-1": {-1, 0}, "+2.50": {25, 1}, ".5": {5, 1}, "5.": {5, 0}, "22.200000000000003": {22200000000000003, 15},
		"1e3": {1, -3}, "1.5E-3": {15, 4}, "2.5000000000000000000000": {25, 1}, "1e+2": {1, -2},
	} {
		if got, ok := parseDecimal(s); !ok || got != want {
			t.Errorf("%s: got %v %t, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", ".", "-", "1,5", "1 000", "0x1", "1e", "1e999", "1e31", "e5", "1.2.3", "NaN", "£1", "1234567890123456789", "1e--5"} {
		if got, ok := parseDecimal(s); ok {
			t.Errorf("%s was read as %v", s, got)
		}
	}
}

func TestTimesIsExactHalfUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) decimal {
			return decimal{rapid.Int64Range(0, 999_999_999_999_999_999).Draw(t, label), rapid.IntRange(-3, 25).Draw(t, label+" digits")}
		}
		a, b := draw("a"), draw("b")
		if rapid.Bool().Draw(t, "small") {
			a.coef, b.coef = a.coef%1000, b.coef%1000
		}
		digits := rapid.IntRange(0, 6).Draw(t, "digits")
		got, exact, ok := a.times(b, digits)
		scaled := new(big.Rat).Mul(rat(a), rat(b))
		scaled.Mul(scaled, rat(decimal{1, -digits}))
		half := new(big.Rat).Add(scaled, big.NewRat(1, 2))
		want := new(big.Int).Quo(half.Num(), half.Denom())
		if !want.IsInt64() {
			if ok {
				t.Fatalf("%v × %v: %d, want none", a, b, got)
			}
			return
		}
		if !ok || got != want.Int64() || exact != scaled.IsInt() {
			t.Fatalf("%v × %v: got %d %t %t, want %s %t", a, b, got, exact, ok, want, scaled.IsInt())
		}
	})
}

func rat(d decimal) *big.Rat {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(d.digits, -d.digits))), nil)
	if d.digits < 0 {
		return new(big.Rat).SetInt(p.Mul(p, big.NewInt(d.coef)))
	}
	return new(big.Rat).SetFrac(big.NewInt(d.coef), p)
}

func TestMinorUnits(t *testing.T) {
	for currency, want := range map[string]int{"GBP": 2, "CNY": 2, "JPY": 0, "BHD": 3, "CLF": 4} {
		if got := minorDigits(currency); got != want {
			t.Errorf("%s: got %d, want %d", currency, got, want)
		}
	}
}
