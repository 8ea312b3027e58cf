// Package orderimport turns a retailer's order history, a CSV file and a map of its columns, into the events that its
// shop would have sent: order.paid and order.refunded, marked as a backfill.
package orderimport

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"
)

// Map says where the columns of a file are and what they mean (issue 3: "jifen import orders"). Its YAML is a contract.
type Map struct {
	APIVersion string     `yaml:"apiVersion"`
	Kind       string     `yaml:"kind"`
	Source     string     `yaml:"source"`   // ce_source
	Currency   string     `yaml:"currency"` // ISO 4217
	File       FileFormat `yaml:"file"`
	Columns    Columns    `yaml:"columns"`
	Time       TimeFormat `yaml:"time"`
	Refund     *Refund    `yaml:"refund"` // nil: the file has no refunds

	zone *time.Location
}

// FileFormat is how the file's rows are written.
type FileFormat struct {
	Delimiter string `yaml:"delimiter"` // one character, or `blanks` for runs of them; default a comma
	Header    *bool  `yaml:"header"`    // default true; without it, columns are numbers from 1
	Encoding  string `yaml:"encoding"`  // utf-8 (default), latin1 or windows-1252
}

// Blanks is the delimiter for columns that runs of spaces and tabs part.
const Blanks = "blanks"

// Columns names the file's column of each part; the empty name is none.
type Columns struct {
	Order       Column `yaml:"order"`
	Member      Column `yaml:"member"`
	Time        Column `yaml:"time"`
	SKU         Column `yaml:"sku"`
	Description Column `yaml:"description"`
	Quantity    Column `yaml:"quantity"`
	UnitPrice   Column `yaml:"unit_price"`
	Amount      Column `yaml:"amount"`
	Store       Column `yaml:"store"`
	Channel     Column `yaml:"channel"`
	Category    Column `yaml:"category"`
}

// Column is a column's name, or its number from 1 in a file without a header.
type Column string

// noColumn stands for a value that is neither a name nor a number.
const noColumn Column = "\x00"

// UnmarshalYAML takes a name or a number.
func (c *Column) UnmarshalYAML(unmarshal func(any) error) error {
	var v any
	if err := unmarshal(&v); err != nil {
		return err
	}
	switch v := v.(type) {
	case string:
		*c = Column(v)
	case uint64:
		*c = Column(strconv.FormatUint(v, 10))
	default:
		*c = noColumn // the check knows its place in the file, this method does not
	}
	return nil
}

// TimeFormat is how times are written and where their clock stood.
type TimeFormat struct {
	Layout string `yaml:"layout"` // as Go's time package has it
	Zone   string `yaml:"zone"`   // IANA name
}

// Refund says which rows are refunds and which orders they are of.
type Refund struct {
	When  When   `yaml:"when"`
	Match string `yaml:"match"` // latest (default) or by_id
}

// When is one of the two marks of a refund.
type When struct {
	OrderPrefix string `yaml:"order_prefix"` // of the order's id
	Negative    string `yaml:"negative"`     // the column that is below 0: quantity or amount
}

// The ways to find the order of a refund.
const (
	MatchLatest = "latest"
	MatchByID   = "by_id"
)

// ParseMap reads and checks a map. Its error lists every fault as name:line:column: what was expected.
func ParseMap(name string, data []byte) (Map, error) {
	var m Map
	if err := yaml.UnmarshalWithOptions(data, &m, yaml.Strict()); err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			p := at.GetToken().Position
			return Map{}, fmt.Errorf("%s:%d:%d: %s", name, p.Line, p.Column, at.GetMessage())
		}
		return Map{}, fmt.Errorf("%s: %w", name, err)
	}
	f := faults{name: name, data: data}
	m.check(&f)
	if err := f.err(); err != nil {
		return Map{}, err
	}
	return m, nil
}

// header tells whether the first row names the columns.
func (m *Map) header() bool { return m.File.Header == nil || *m.File.Header }

// Zone is where the file's clock stood.
func (m *Map) Zone() *time.Location { return m.zone }

// columns lists what the map names, with the words of the contract.
func (m *Map) columns() []namedColumn {
	c := &m.Columns
	return []namedColumn{
		{"order", c.Order},
		{"member", c.Member},
		{"time", c.Time},
		{"sku", c.SKU},
		{"description", c.Description},
		{"quantity", c.Quantity},
		{"unit_price", c.UnitPrice},
		{"amount", c.Amount},
		{"store", c.Store},
		{"channel", c.Channel},
		{"category", c.Category},
	}
}

type namedColumn struct {
	part   string
	column Column
}

func (m *Map) defaults() {
	if m.File.Delimiter == "" {
		m.File.Delimiter = ","
	}
	if m.File.Encoding == "" {
		m.File.Encoding = "utf-8"
	}
	if m.Refund != nil && m.Refund.Match == "" {
		m.Refund.Match = MatchLatest
	}
}
