package topics_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"jifen/topics"
)

// amount draws small, usual and extreme values, so that both the 64-bit path and the big one are met.
func amount() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Int64Range(0, 1_000_000_000_000), rapid.Int64Range(0, math.MaxInt64))
}

func TestAwardEqualsTheExactRational(t *testing.T) {
	modes := []topics.Mode{topics.ModeStep, topics.ModeProportional, topics.ModeQuantity, topics.ModeFixed}
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom(modes).Draw(t, "mode")
		points, per := amount().Draw(t, "points"), max(amount().Draw(t, "per"), 1)
		eligible, quantity := amount().Draw(t, "eligible"), amount().Draw(t, "quantity")
		m := topics.Ratio{Num: amount().Draw(t, "num"), Den: max(amount().Draw(t, "den"), 1)}

		units := big.NewRat(1, 1)
		switch mode {
		case topics.ModeStep:
			units.SetInt64(eligible / per)
		case topics.ModeProportional:
			units.SetFrac64(eligible, per)
		case topics.ModeQuantity:
			units.SetInt64(quantity / per)
		}
		exact := new(big.Rat).Mul(units, new(big.Rat).SetInt64(points))
		exact.Mul(exact, big.NewRat(m.Num, m.Den))
		want := new(big.Int).Quo(exact.Num(), exact.Denom())

		got, err := topics.Award(mode, points, per, eligible, quantity, m)
		if want.IsInt64() != (err == nil) || err == nil && got != want.Int64() {
			t.Fatalf("got %d (%v), want %s", got, err, want)
		}
	})
}

func TestAwardRefusesWhatIsOutOfRange(t *testing.T) {
	one := topics.One()
	if _, err := topics.Award(topics.ModeFixed, math.MaxInt64, 0, 0, 0, topics.Ratio{Num: 2, Den: 1}); !errors.Is(err, topics.ErrOverflow) {
		t.Errorf("overflow: got %v", err)
	}
	for name, call := range map[string]func() (int64, error){
		"points":     func() (int64, error) { return topics.Award(topics.ModeFixed, -1, 0, 0, 0, one) },
		"eligible":   func() (int64, error) { return topics.Award(topics.ModeStep, 1, 1, -1, 0, one) },
		"quantity":   func() (int64, error) { return topics.Award(topics.ModeQuantity, 1, 1, 0, -1, one) },
		"per":        func() (int64, error) { return topics.Award(topics.ModeStep, 1, 0, 1, 0, one) },
		"multiplier": func() (int64, error) { return topics.Award(topics.ModeFixed, 1, 0, 0, 0, topics.Ratio{}) },
		"mode":       func() (int64, error) { return topics.Award("odd", 1, 1, 1, 1, one) },
	} {
		if _, err := call(); err == nil {
			t.Errorf("%s out of range was accepted", name)
		}
	}
}

func TestAllocateAddsUpAndFavoursTheLowerIndex(t *testing.T) {
	for _, c := range []struct {
		total         int64
		weights, want []int64
	}{
		{43, []int64{19900, 10000}, []int64{29, 14}}, // E6
		{1, []int64{5, 5}, []int64{1, 0}},
		{2, []int64{1, 1, 1}, []int64{1, 1, 0}},
		{5, []int64{0, 0}, []int64{3, 2}},
		{0, []int64{3, 4}, []int64{0, 0}},
		{7, nil, []int64{}},
		{math.MaxInt64, []int64{math.MaxInt64}, []int64{math.MaxInt64}},
	} {
		if diff := cmp.Diff(topics.Allocate(c.total, c.weights), c.want); diff != "" {
			t.Errorf("Allocate(%d, %v) (-got +want):\n%s", c.total, c.weights, diff)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(0, math.MaxInt64).Draw(t, "total")
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000_000_000), 1, 50).Draw(t, "weights")
		var sum, weight int64
		for _, w := range weights {
			weight += w
		}
		for i, part := range topics.Allocate(total, weights) {
			sum += part
			floor := new(big.Int).Mul(big.NewInt(total), big.NewInt(weights[i]))
			if weight > 0 && (part < floor.Quo(floor, big.NewInt(weight)).Int64() || part-1 > floor.Int64()) {
				t.Fatalf("part %d of line %d is not within one of its share %s", part, i, floor)
			}
		}
		if sum != total {
			t.Fatalf("parts add up to %d, want %d", sum, total)
		}
	})
}

func TestHoldoutIsStableAndAboutItsPercent(t *testing.T) {
	held := 0
	for i := range 10_000 {
		member := "m" + big.NewInt(int64(i)).String()
		in := topics.InHoldout(member, "spend", 10)
		if in != topics.InHoldout(member, "spend", 10) || in && !topics.InHoldout(member, "spend", 20) {
			t.Fatal("a member's place changed")
		}
		if in {
			held++
		}
		if topics.InHoldout(member, "spend", 0) || !topics.InHoldout(member, "spend", 100) {
			t.Fatal("0 holds out nobody, 100 everybody")
		}
	}
	if held < 900 || held > 1100 {
		t.Errorf("held out %d of 10000, want about 1000", held)
	}
	// Frozen: a change of the hash would move members in and out of running hold-outs.
	if topics.InHoldout("m1", "spend", 50) != true || topics.InHoldout("m2", "spend", 50) != false {
		t.Errorf("the hash changed: m1 %v, m2 %v", topics.InHoldout("m1", "spend", 50), topics.InHoldout("m2", "spend", 50))
	}
}
