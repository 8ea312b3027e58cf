package rulefile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing wrong with a file: where (1-based, columns in characters), what, and what was expected there.
type Fault struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Message  string `json:"message"`
	Expected string `json:"expected,omitempty"`
	Source   string `json:"source,omitempty"` // the line as it stands in the file
}

// String is file:line:column: message (expected …), as editors and CI systems read it.
func (f Fault) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
	if f.Expected != "" {
		s += " (expected " + f.Expected + ")"
	}
	return s
}

// Snippet is the line and a caret under the fault.
func (f Fault) Snippet() string {
	number := fmt.Sprintf("%5d | ", f.Line)
	return number + f.Source + "\n" + strings.Repeat(" ", len(number)+max(f.Column-1, 0)) + "^"
}

// Faults are all faults of a file, in the order in which they stand in it. As an error it is one line per fault.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].String()
	}
	return strings.Join(lines, "\n")
}

// sorted puts faults into the order of the file.
func (f Faults) sorted() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return f
}
