// Package codes reads files of codes, and seals codes for the pools of items: nobody who reads the ledger or a store can
// read them, only who has the vault's keys.
package codes

import (
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jifen/ledger"
)

// CharsMax is the length of a code, characters.
const CharsMax = 256

// Code is one code, and until when it is good.
type Code struct {
	Text      string
	ExpiresAt int64 // Unix ms, not included; 0: for ever
}

// Problem is what is wrong with a line.
type Problem string

// The problems of lines.
const (
	BadLine    Problem = "bad_line"   // no CSV of one or two columns
	BadCode    Problem = "bad_code"   // empty, longer than CharsMax, or with characters that cannot be printed
	BadExpiry  Problem = "bad_expiry" // neither a date nor an instant in RFC 3339
	Expired    Problem = "expired"    // before it was loaded
	InFile     Problem = "duplicate"  // of an earlier line
	InPool     Problem = "in_pool"    // loaded before, whether or not somebody has it
	TooMany    Problem = "too_many"   // the first line after ledger.CodesMost codes
	NothingYet Problem = "empty"      // a file without any code
)

// Fault is a line that cannot be loaded. It never has the code itself.
type Fault struct {
	Line    int // from 1
	Problem Problem
	Of      int // InFile: the earlier line
}

// File is a file of codes, with the lines that they stand in.
type File struct {
	Codes  []Code
	lines  map[string]int
	faults []Fault
}

// Read reads a CSV file: a code a line, and in an optional second column until when it is good: the last day, as a date in the
// program's zone, or an instant in RFC 3339. A first line "code" or "code,expires" is a heading; empty lines are nothing.
func Read(data []byte, zone *time.Location, now time.Time) *File {
	f := &File{lines: map[string]int{}}
	text := strings.TrimPrefix(string(data), "\ufeff")
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimSpace(line) == "" || n == 1 && isHeading(line) {
			continue
		}
		if len(f.Codes) == ledger.CodesMost {
			f.fault(n, TooMany, 0)
			break
		}
		f.line(n, line, zone, now)
	}
	if len(f.Codes) == 0 && len(f.faults) == 0 {
		f.fault(1, NothingYet, 0)
	}
	return f
}

func isHeading(line string) bool {
	switch strings.ToLower(strings.ReplaceAll(line, " ", "")) {
	case "code", "code,expires":
		return true
	}
	return false
}

func (f *File) fault(line int, p Problem, of int) {
	f.faults = append(f.faults, Fault{Line: line, Problem: p, Of: of})
}

func (f *File) line(n int, line string, zone *time.Location, now time.Time) {
	r := csv.NewReader(strings.NewReader(line))
	r.TrimLeadingSpace = true
	columns, err := r.Read()
	if err != nil || len(columns) > 2 || !utf8.ValidString(line) {
		f.fault(n, BadLine, 0)
		return
	}
	c := Code{Text: strings.TrimSpace(columns[0])}
	if c.Text == "" || utf8.RuneCountInString(c.Text) > CharsMax || strings.ContainsFunc(c.Text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		f.fault(n, BadCode, 0)
		return
	}
	if len(columns) == 2 && strings.TrimSpace(columns[1]) != "" {
		at, err := expiry(strings.TrimSpace(columns[1]), zone)
		switch {
		case err != nil:
			f.fault(n, BadExpiry, 0)
			return
		case !at.After(now):
			f.fault(n, Expired, 0)
			return
		}
		c.ExpiresAt = at.UnixMilli()
	}
	if first, twice := f.lines[c.Text]; twice {
		f.fault(n, InFile, first)
		return
	}
	f.lines[c.Text] = n
	f.Codes = append(f.Codes, c)
}

var errYear = errors.New("not a year of four digits")

// expiry is from when on a code is not good any more.
func expiry(text string, zone *time.Location) (time.Time, error) {
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err == nil {
		return time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err == nil && at.Year() < 1970 {
		err = errYear
	}
	return at, err
}

// Faults are the lines that cannot be loaded, in their order, where pool tells which codes there are already.
func (f *File) Faults(pool map[string]bool) []Fault {
	all := slices.Clone(f.faults)
	for _, c := range f.Codes {
		if pool[c.Text] {
			all = append(all, Fault{Line: f.lines[c.Text], Problem: InPool})
		}
	}
	sortFaults(all)
	return all
}
