package devstack

import (
	"fmt"
	"strings"
)

// pairs is a repeatable name=value flag.
type pairs map[string]string

// String is what a flag needs.
func (p pairs) String() string { return "" }

// Set takes one name=value.
func (p pairs) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%q is not name=value", s)
	}
	p[name] = value
	return nil
}
