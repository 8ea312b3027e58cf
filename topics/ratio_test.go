package topics_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"jifen/topics"
)

func TestParseRatioIsExact(t *testing.T) {
	for text, want := range map[string]topics.Ratio{
		"1.5": {Num: 3, Den: 2}, "2": {Num: 2, Den: 1}, "0.70": {Num: 7, Den: 10}, "1/3": {Num: 1, Den: 3}, "0": {Num: 0, Den: 1},
		"0.000000000000000001": {}, "0.00000000000000001": {Num: 1, Den: 100_000_000_000_000_000},
		"": {}, "-1": {}, "+1": {}, ".5": {}, "1.": {}, "1e3": {}, "1/0": {}, "1.5.5": {}, "٣": {}, "1234567890123456789": {}, "0x1": {}, "1,5": {},
	} {
		got, err := topics.ParseRatio(text)
		if got != want || (err == nil) != want.Valid() {
			t.Errorf("ParseRatio(%q) = %v (%v), want %v", text, got, err, want)
		}
	}
}

func TestRatioAgreesWithTheExactRational(t *testing.T) {
	ratio := rapid.Custom(func(t *rapid.T) topics.Ratio {
		return topics.Ratio{Num: amount().Draw(t, "num"), Den: max(amount().Draw(t, "den"), 1)}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := ratio.Draw(t, "a"), ratio.Draw(t, "b")
		x, y := big.NewRat(a.Num, a.Den), big.NewRat(b.Num, b.Den)
		if got, want := a.Cmp(b), x.Cmp(y); got != want {
			t.Fatalf("Cmp = %d, want %d", got, want)
		}
		want := new(big.Rat).Mul(x, y)
		got := a.Mul(b)
		if fits := want.Num().IsInt64() && want.Denom().IsInt64(); fits != got.Valid() {
			t.Fatalf("Mul = %v, want %v", got, want)
		} else if fits && (got.Num != want.Num().Int64() || got.Den != want.Denom().Int64()) {
			t.Fatalf("Mul = %v, want %v", got, want)
		}
		if again, ok := new(big.Rat).SetString(a.String()); !ok || again.Cmp(x) != 0 {
			t.Fatalf("String = %s, want %s", a, x)
		}
	})
}

func TestRatioThatIsNone(t *testing.T) {
	if (topics.Ratio{}).Valid() || (topics.Ratio{}).Mul(topics.One()).Valid() {
		t.Error("the zero Ratio is not a number")
	}
	if topics.NoMaximum().Cmp(topics.Ratio{Num: math.MaxInt64 - 1, Den: 1}) != 1 {
		t.Error("nothing is above no maximum")
	}
}
