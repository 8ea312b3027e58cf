package rulefile_test

import (
	"slices"
	"strings"
	"testing"

	"jifen/internal/rulefile"
	"jifen/topics"
)

// TestConditionAsksTheEvent: what the event has, integers only.
func TestConditionAsksTheEvent(t *testing.T) {
	order := topics.Data{Member: "ana", Store: "SH01", Channel: "pos", PaidWithPoints: 100, Lines: []topics.Line{
		{Line: "1", SKU: "A-1", Category: "basic", Tags: []string{"spring"}, Quantity: 2, Net: 29900}, {Line: "2", Category: "new", Quantity: 1, Net: 45500},
	}}
	night := topics.Data{Member: "ana", Activity: "hotel_night", Quantity: 3, Amount: 90000, Attributes: map[string]string{"room": "deluxe"}}
	for _, c := range []struct {
		on, when string
		data     topics.Data
		holds    bool
	}{
		{topics.TypeOrderPaid, "order.net >= 75400", order, true},
		{topics.TypeOrderPaid, "order.net > 75400", order, false},
		{topics.TypeOrderPaid, `order.lines.exists(l, l.category == "new" && l.net > 45000)`, order, true},
		{topics.TypeOrderPaid, `order.lines.all(l, "spring" in l.tags)`, order, false},
		{topics.TypeOrderPaid, `size(order.lines) == 2 && order.lines[0].quantity == 2 && order.paid_with_points == 100`, order, true},
		{topics.TypeOrderPaid, `store.startsWith("SH") && channel in ["pos", "web"] && member != "ben"`, order, true},
		{topics.TypeActivity, `quantity % 2 == 1 && attributes["room"] == "deluxe" && amount / 3 == 30000`, night, true},
		{topics.TypeReviewPublished, "rating >= 4 || pictures > 2", topics.Data{Rating: 3, Pictures: 2}, false},
		{topics.TypeShareCreated, `platform == "wechat"`, topics.Data{Platform: "wechat"}, true},
	} {
		condition, err := rulefile.Condition(c.on, c.when)
		if err != nil {
			t.Errorf("%s: %v", c.when, err)
			continue
		}
		if holds, err := condition(&topics.Event{Data: c.data}); err != nil || holds != c.holds {
			t.Errorf("%s: %v, %v", c.when, holds, err)
		}
	}
}

// TestConditionThatCannotBeToldIsAnError: a division by zero, a key that is not there, a sum beyond 64 bits, and what costs too much.
func TestConditionThatCannotBeToldIsAnError(t *testing.T) {
	lines := make([]topics.Line, topics.LinesMax)
	for when, on := range map[string]string{
		"1 / quantity > 0":                 topics.TypeActivity,
		`attributes["room"] == "deluxe"`:   topics.TypeActivity,
		"9223372036854775807 + amount > 0": topics.TypeActivity,
		"order.lines[1000].net > 0":        topics.TypeOrderPaid,
		"order.lines.all(x, order.lines.all(y, x.net == y.net && x.sku == y.sku))": topics.TypeOrderPaid,
	} {
		condition, err := rulefile.Condition(on, when)
		if err != nil {
			t.Errorf("%s: %v", when, err)
			continue
		}
		if holds, err := condition(&topics.Event{Data: topics.Data{Amount: 1, Lines: lines}}); err == nil {
			t.Errorf("%s is %v", when, holds)
		}
	}
	cheap, err := rulefile.Condition(topics.TypeOrderPaid, `order.lines.all(l, l.net == 0 && l.category != "new" && !("x" in l.tags))`)
	if err != nil {
		t.Fatal(err)
	}
	if holds, err := cheap(&topics.Event{Data: topics.Data{Lines: lines}}); err != nil || !holds {
		t.Errorf("one look at each of the most lines: %v, %v", holds, err)
	}
}

// TestFaultsOfAConditionHaveTheirPlace within the expression.
func TestFaultsOfAConditionHaveTheirPlace(t *testing.T) {
	for _, c := range []struct{ when, want string }{
		{"when: order.total >= 1000", "23:18 spec.rules[0].when: undeclared reference to 'order.total' (did you mean 'order.tax'?)"},
		{"when: \"order.net >= 1000 && tier == 'gold'\"", "23:35 spec.rules[0].when: undeclared reference to 'tier'"},
		{"when: order.net >= '1000'", "23:23 spec.rules[0].when: found no matching overload for '_>=_' applied to '(int, string)'"},
		{"when: order.lines.exists(l, l.price > 1)", "23:36 spec.rules[0].when: undefined field 'price'"},
		{"when: order.net", "23:13 spec.rules[0].when: is not true or false"},
		{"when: double(order.net) * 0.1 > 5.0", "23:13 spec.rules[0].when: calculates with a float, which is not exact"},
		{"when: rating > 3", "23:13 spec.rules[0].when: undeclared reference to 'rating'"},
		{"when: [a]", "23:13 spec.rules[0].when is a list"},
		{"when: " + strings.Repeat("x", 2001), "23:13 spec.rules[0].when has more than 2000 characters"},
	} {
		text := strings.Replace(base, spendEarn, spendEarn+"\n      "+c.when, 1)
		if got := faults(t, text); !slices.Contains(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.when, strings.Join(got, "\n"), c.want)
		}
	}
}
