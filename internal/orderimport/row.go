package orderimport

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"jifen/topics"
)

// The reasons for which a row cannot be used; they are the words of the summary and of the reject file.
const (
	rejectCSV      = "csv"
	rejectColumns  = "columns"
	rejectOrder    = "order"
	rejectMember   = "member"
	rejectTime     = "time"
	rejectText     = "text" // sku, store, channel or category
	rejectQuantity = "quantity"
	rejectPrice    = "unit_price"
	rejectAmount   = "amount"
	rejectDiffers  = "member_differs"
	rejectTooMany  = "too_many_lines"
)

const (
	quantityDigits = 6 // quantities are kept in millionths: goods are sold by weight, too
	quantityOne    = 1_000_000
)

// parsedRow is one row of the file; its strings are valid until the next row.
type parsedRow struct {
	line                         int // of the file
	order, member, sku           string
	store, channel, category     string
	at                           time.Time
	quantity                     int64   // millionths, or the amount's minor units in a file without quantities; never negative
	pieces                       int64   // the event's quantity
	price                        decimal // of one; zero where the amount is given
	net                          int64   // minor units, never negative
	refund, rounded, worthNoLine bool
}

// refusal says why a row cannot be used.
type refusal struct{ reason, message string }

// rowParser turns fields into rows, as the map says.
type rowParser struct {
	m       *Map
	minor   int
	fields  int // how many a row must have; 0: as many as the map needs
	index   map[string]int
	needs   int
	lastRaw string // the last time's text and its value: rows of one order share it
	last    time.Time
}

// newRowParser finds the map's columns in the header, or takes their numbers if header is nil.
func newRowParser(m *Map, header []string) (*rowParser, error) {
	p := &rowParser{m: m, minor: minorDigits(m.Currency), fields: len(header), index: map[string]int{}}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	for _, nc := range m.columns() {
		if nc.column == "" {
			p.index[nc.part] = -1
			continue
		}
		at := slices.Index(header, string(nc.column))
		if header == nil {
			n, err := strconv.Atoi(string(nc.column))
			if err != nil {
				return nil, fmt.Errorf("columns.%s: %q is no number: %w", nc.part, nc.column, err)
			}
			at = n - 1
		}
		if at < 0 {
			return nil, fmt.Errorf("columns.%s: the file has no column %q; it has %s", nc.part, nc.column, strings.Join(header, ", "))
		}
		p.index[nc.part], p.needs = at, max(p.needs, at+1)
	}
	return p, nil
}

func (p *rowParser) parse(fields []string, line int, r *parsedRow) *refusal {
	if len(fields) < p.needs || p.fields > 0 && len(fields) != p.fields {
		return &refusal{rejectColumns, fmt.Sprintf("%d columns", len(fields))}
	}
	*r = parsedRow{line: line}
	if why := p.texts(fields, r); why != nil {
		return why
	}
	if raw := p.field(fields, "time"); raw != p.lastRaw || p.last.IsZero() {
		at, err := time.ParseInLocation(p.m.Time.Layout, raw, p.m.zone)
		if err != nil || at.Year() < 0 || at.Year() > 9999 {
			return &refusal{rejectTime, "is not as the layout says"}
		}
		p.lastRaw, p.last = strings.Clone(raw), at
	}
	r.at = p.last
	return p.numbers(fields, r)
}

// field is the part's trimmed text; empty if the map does not name it.
func (p *rowParser) field(fields []string, part string) string {
	if at := p.index[part]; at >= 0 {
		return strings.TrimSpace(fields[at])
	}
	return ""
}

func (p *rowParser) texts(fields []string, r *parsedRow) *refusal {
	r.order, r.member, r.sku = p.field(fields, "order"), p.field(fields, "member"), p.field(fields, "sku")
	r.store, r.channel, r.category = p.field(fields, "store"), p.field(fields, "channel"), p.field(fields, "category")
	if p.index["order"] >= 0 && r.order == "" {
		return &refusal{rejectOrder, "is missing"}
	}
	if !fits(r.order) {
		return &refusal{rejectOrder, "must be up to 128 printable characters"}
	}
	if !fits(r.member) {
		return &refusal{rejectMember, "must be up to 128 printable characters"}
	}
	for _, text := range [...]string{r.sku, r.store, r.channel, r.category} {
		if !fits(text) {
			return &refusal{rejectText, "sku, store, channel and category must be up to 128 printable characters"}
		}
	}
	return nil
}

func fits(s string) bool {
	return printable(s) && (len(s) <= topics.IDCharsMax || utf8.RuneCountInString(s) <= topics.IDCharsMax)
}
