package rulefile

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"jifen/topics"
)

// scalar is the text of a node that holds one value, as it is written: 1.50 stays "1.50", so no rate passes through a float.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

// value is the text of a key; empty, with a fault, if it is something else.
func (s *section) value(key, expected string) string {
	n, ok := s.fields[key]
	if !ok {
		return ""
	}
	v, ok := scalar(n)
	if !ok || v == "" {
		s.fault(n, s.of(key)+" is "+emptyOr(ok, n), expected)
		return ""
	}
	return v
}

func emptyOr(scalar bool, n ast.Node) string {
	if scalar {
		return "empty"
	}
	return kind(n)
}

const expectedID = "1 to 128 printable characters without blanks"

// id reads a required name of something.
func (s *section) id(key string) string {
	if !s.has(key, expectedID) {
		return ""
	}
	return s.word(key)
}

// word is an id that may be absent.
func (s *section) word(key string) string {
	v := s.value(key, expectedID)
	if v != "" && !isID(v) {
		s.fault(s.fields[key], fmt.Sprintf("%s: %q is no id", s.of(key), v), expectedID)
		return ""
	}
	return v
}

func isID(v string) bool {
	blank := func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }
	return v != "" && utf8.RuneCountInString(v) <= 128 && !strings.ContainsFunc(v, blank)
}

// choice reads one of several words; the first is the default.
func (s *section) choice(key string, choices ...string) string {
	expected := "one of " + strings.Join(choices, ", ")
	v := s.value(key, expected)
	if v == "" {
		return choices[0]
	}
	if !slices.Contains(choices, v) {
		s.fault(s.fields[key], fmt.Sprintf("%s: unknown value %q", s.of(key), v), expected)
		return choices[0]
	}
	return v
}

var integers = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

// integer reads a whole number from lowest to highest; lowest, with a fault, where it is something else.
func (s *section) integer(key string, lowest, highest int64) int64 {
	expected := fmt.Sprintf("a whole number from %d to %d", lowest, highest)
	if highest == math.MaxInt64 {
		expected = fmt.Sprintf("a whole number of at least %d", lowest)
	}
	n, ok := s.fields[key]
	if !ok {
		return lowest
	}
	if _, ok := n.(*ast.IntegerNode); !ok {
		s.fault(n, s.of(key)+" is "+kind(n), expected)
		return lowest
	}
	text := n.GetToken().Value
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !integers.MatchString(text) || v < lowest || v > highest {
		s.fault(n, fmt.Sprintf("%s: %s is out of range", s.of(key), text), expected)
		return lowest
	}
	return v
}

// ratio reads an exact rate; the default where the key is absent.
func (s *section) ratio(key string, absent topics.Ratio) topics.Ratio {
	const expected = `an exact decimal such as "1.5"`
	v := s.value(key, expected)
	if v == "" {
		return absent
	}
	r, err := topics.ParseRatio(v)
	if err != nil {
		s.fault(s.fields[key], fmt.Sprintf("%s: %q is no rate", s.of(key), v), expected)
		return absent
	}
	return r
}

// multiplier reads a rate above zero and up to most.
func (s *section) multiplier(key string, most topics.Ratio) topics.Ratio {
	r := s.ratio(key, topics.One())
	switch {
	case r.Num == 0:
		s.fault(s.fields[key], s.of(key)+": a multiplier of 0 would take every point", `a rate above 0, such as "1.5"`)
		return topics.One()
	case r.Cmp(most) > 0:
		s.fault(s.fields[key], fmt.Sprintf("%s: %s is above max_multiplier", s.of(key), r), "at most "+most.String())
		return topics.One()
	}
	return r
}

// flag reads true or false; false where the key is absent.
func (s *section) flag(key string) bool {
	n, ok := s.fields[key]
	if !ok {
		return false
	}
	b, ok := n.(*ast.BoolNode)
	if !ok {
		s.fault(n, s.of(key)+" is "+kind(n), "true or false")
		return false
	}
	return b.Value
}

// instant reads a time with its offset; zero where the key is absent.
func (s *section) instant(key string) time.Time {
	const expected = "a time with its offset, such as 2026-01-01T00:00:00+08:00"
	v := s.value(key, expected)
	if v == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		s.fault(s.fields[key], fmt.Sprintf("%s: %q is no time with an offset", s.of(key), v), expected)
		return time.Time{}
	}
	return t
}

// texts reads a list of texts without repetition.
func (s *section) texts(key string) []string {
	var values []string
	s.each(key, func(n ast.Node, v string) {
		switch {
		case v == "" || len(v) > 512:
			s.fault(n, s.of(key)+": an element is empty or too long", "text of at most 512 bytes")
		case slices.Contains(values, v):
			s.fault(n, fmt.Sprintf("%s: %q stands here twice", s.of(key), v), "each value once")
		default:
			values = append(values, v)
		}
	})
	return values
}

// references reads a list of ids that the book defines elsewhere; what names their kind, for messages.
func (s *section) references(key, what string, defined map[string]bool) []string {
	var values []string
	s.each(key, func(n ast.Node, v string) {
		switch {
		case !defined[v]:
			s.fault(n, fmt.Sprintf("%s: there is no %s %q", s.of(key), what, v), "one of "+strings.Join(slices.Sorted(maps.Keys(defined)), ", "))
		case slices.Contains(values, v):
			s.fault(n, fmt.Sprintf("%s: %q stands here twice", s.of(key), v), "each value once")
		default:
			values = append(values, v)
		}
	})
	return values
}

// each calls for every element of a list that is one value, and records a fault for every other.
func (s *section) each(key string, element func(n ast.Node, v string)) {
	for _, n := range s.list(key) {
		v, ok := scalar(n)
		if !ok {
			s.fault(n, s.of(key)+": an element is "+kind(n), "text")
			continue
		}
		element(n, v)
	}
}
