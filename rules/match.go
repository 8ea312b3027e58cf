package rules

import (
	"slices"

	"jifen/topics"
)

// many is from how many values on a set is asked instead of a list.
const many = 8

// oneOf tests whether a value is one of values; nil if there are none, which means every value is.
func oneOf(values []string) func(string) bool {
	switch {
	case len(values) == 0:
		return nil
	case len(values) == 1:
		only := values[0]
		return func(v string) bool { return v == only }
	case len(values) < many:
		return func(v string) bool { return slices.Contains(values, v) }
	}
	set := make(map[string]struct{}, len(values))
	for _, v := range values {
		set[v] = struct{}{}
	}
	return func(v string) bool { _, ok := set[v]; return ok }
}

// eventTest joins what a rule asks of an event as a whole; nil if nothing.
func eventTest(on string, m topics.Match) func(*topics.Event) bool {
	tests := placeTests(m.Store, m.Channel)
	if is := oneOf(m.Activity); is != nil {
		tests = append(tests, func(e *topics.Event) bool { return is(e.Data.Activity) })
	}
	if n := m.MinLength; n > 0 && on == topics.TypeReviewPublished {
		tests = append(tests, func(e *topics.Event) bool { return e.Data.Length >= n })
	}
	if n := m.MinPictures; n > 0 && on == topics.TypeReviewPublished {
		tests = append(tests, func(e *topics.Event) bool { return e.Data.Pictures >= n })
	}
	return all(tests)
}

// placeTests are the tests of an event's store and channel.
func placeTests(store, channel []string) []func(*topics.Event) bool {
	var tests []func(*topics.Event) bool
	if is := oneOf(store); is != nil {
		tests = append(tests, func(e *topics.Event) bool { return is(e.Data.Store) })
	}
	if is := oneOf(channel); is != nil {
		tests = append(tests, func(e *topics.Event) bool { return is(e.Data.Channel) })
	}
	return tests
}

// lineTest joins what a rule asks of an order's line; nil if nothing.
func lineTest(m topics.Match) func(*topics.Line) bool {
	var tests []func(*topics.Line) bool
	if is := oneOf(m.Category); is != nil {
		tests = append(tests, func(l *topics.Line) bool { return is(l.Category) })
	}
	if is := oneOf(m.SKU); is != nil {
		tests = append(tests, func(l *topics.Line) bool { return is(l.SKU) })
	}
	if is := oneOf(m.Tag); is != nil {
		tests = append(tests, func(l *topics.Line) bool { return slices.ContainsFunc(l.Tags, is) })
	}
	return all(tests)
}

// all is true where every test is; nil if there is none.
func all[T any](tests []func(*T) bool) func(*T) bool {
	switch len(tests) {
	case 0:
		return nil
	case 1:
		return tests[0]
	}
	return func(v *T) bool {
		for _, test := range tests {
			if !test(v) {
				return false
			}
		}
		return true
	}
}
