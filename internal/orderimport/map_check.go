package orderimport

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"jifen/topics"
)

const (
	apiVersion = "jifen/v1"
	kindName   = "OrderImport"
)

// faults collects what is wrong with a map, each with its place.
type faults struct {
	name string
	data []byte
	list []error
}

func (f *faults) err() error { return errors.Join(f.list...) }

// add notes a fault of the value at path, such as columns.order; a value that is not there is its parent's fault.
func (f *faults) add(path, format string, args ...any) {
	place := f.name + ":" + f.place(path)
	f.list = append(f.list, fmt.Errorf("%s: %s: %s", place, path, fmt.Sprintf(format, args...)))
}

func (f *faults) place(path string) string {
	file, err := parser.ParseBytes(f.data, 0)
	for err == nil && path != "" {
		if p, pathErr := yaml.PathString("$." + path); pathErr == nil {
			if node, findErr := p.FilterFile(file); findErr == nil && node.GetToken() != nil {
				at := node.GetToken().Position
				return fmt.Sprintf("%d:%d", at.Line, at.Column)
			}
		}
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return "1:1"
}

func (m *Map) check(f *faults) {
	m.defaults()
	if m.APIVersion != apiVersion {
		f.add("apiVersion", "must be %s", apiVersion)
	}
	if m.Kind != kindName {
		f.add("kind", "must be %s", kindName)
	}
	if m.Source == "" || utf8.RuneCountInString(m.Source) > topics.SourceCharsMax || !printable(m.Source) {
		f.add("source", "must be 1 to %d printable characters, such as /shops/sh01", topics.SourceCharsMax)
	}
	if !isCurrency(m.Currency) {
		f.add("currency", "must be an ISO 4217 code of three capital letters")
	}
	m.checkFile(f)
	m.checkColumns(f)
	m.checkTime(f)
	m.checkRefund(f)
}

func (m *Map) checkFile(f *faults) {
	if d := m.File.Delimiter; d != Blanks && (utf8.RuneCountInString(d) != 1 || strings.ContainsAny(d, "\"\r\n\uFFFD")) {
		f.add("file.delimiter", "must be one character other than a quote or a line break, or %s", Blanks)
	}
	if _, err := decoder(m.File.Encoding); err != nil {
		f.add("file.encoding", "%v", err)
	}
	if m.File.Delimiter == Blanks && m.header() && m.File.Header == nil {
		f.add("file.header", "say true or false for a file of %s", Blanks)
	}
}

func (m *Map) checkColumns(f *faults) {
	c := &m.Columns
	if c.Member == "" {
		f.add("columns.member", "is missing")
	}
	if c.Time == "" {
		f.add("columns.time", "is missing")
	}
	switch {
	case c.Amount != "" && c.UnitPrice != "":
		f.add("columns.amount", "either amount, or quantity and unit_price")
	case c.Amount == "" && (c.Quantity == "" || c.UnitPrice == ""):
		f.add("columns", "amount, or quantity and unit_price, are missing")
	}
	for _, nc := range m.columns() {
		if nc.column == noColumn {
			f.add("columns."+nc.part, "must be a column's name, or its number from 1")
			continue
		}
		if m.header() {
			continue
		}
		if n, err := strconv.Atoi(string(nc.column)); nc.column != "" && (err != nil || n < 1) {
			f.add("columns."+nc.part, "without a header, a column is a number from 1")
		}
	}
}

func (m *Map) checkTime(f *faults) {
	sample := time.Date(2013, 11, 27, 0, 0, 0, 0, time.UTC)
	if back, err := time.Parse(m.Time.Layout, sample.Format(m.Time.Layout)); err != nil || !back.Equal(sample) {
		f.add("time.layout", `must be a Go layout with year, month and day, such as "2006-01-02T15:04:05"`)
	}
	zone, err := time.LoadLocation(m.Time.Zone)
	if err != nil || m.Time.Zone == "" {
		f.add("time.zone", "must be the IANA name of a time zone, such as Europe/London")
	}
	m.zone = zone
}

func (m *Map) checkRefund(f *faults) {
	r := m.Refund
	if r == nil {
		return
	}
	if r.Match != MatchLatest && r.Match != MatchByID {
		f.add("refund.match", "must be %s or %s", MatchLatest, MatchByID)
	}
	if (r.When.OrderPrefix == "") == (r.When.Negative == "") {
		f.add("refund.when", "must have order_prefix or negative, one of them")
	}
	switch r.When.Negative {
	case "":
	case "quantity":
		if m.Columns.Quantity == "" {
			f.add("refund.when.negative", "columns.quantity is missing")
		}
	case "amount":
		if m.Columns.Amount == "" {
			f.add("refund.when.negative", "columns.amount is missing")
		}
	default:
		f.add("refund.when.negative", "must be quantity or amount")
	}
	if m.Columns.Order == "" && (r.When.OrderPrefix != "" || r.Match == MatchByID) {
		f.add("refund", "order_prefix and by_id need columns.order")
	}
}
