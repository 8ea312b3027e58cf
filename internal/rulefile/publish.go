package rulefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-yaml/ast"

	"jifen/topics"
)

// Notice is how far ahead a later version must start: more than the clock skew that events may have, so that no event is
// decided under one version and repeated under another.
const Notice = 10 * time.Minute

// The reasons why a version is not published.
var (
	ErrChanged = errors.New("the version is published with other content, and a published version never changes")
	ErrTooSoon = errors.New("a later version must start at least 10 minutes ahead")
	ErrOverlap = errors.New("another version starts at the same instant, and only one can be in force")
)

// Refusal is why a version is not published, at the place of its document that says so.
type Refusal struct {
	Fault
	Why error // ErrChanged, ErrTooSoon or ErrOverlap
}

func (r *Refusal) Error() string { return r.String() }

func (r *Refusal) Unwrap() error { return r.Why }

// Document is a rulebook and the text that it was read from.
type Document struct {
	File string
	Text []byte
	Book *topics.Rulebook
}

// CheckPublish says whether a version may be published beside existing ones at now. Publishing the same content again is
// allowed and changes nothing; the first version may start in the past. The error is a Refusal.
func CheckPublish(d Document, existing topics.Books, now time.Time) error {
	book := d.Book
	if old := existing.Version(book.Version); old != nil {
		same, err := sameContent(old, book)
		if err == nil && !same {
			err = d.refuse(ErrChanged, "metadata", "version", book.Version, "a new version")
		}
		return err
	}
	if first := now.Add(Notice); len(existing) > 0 && book.From.Before(first) {
		return d.refuse(ErrTooSoon, "spec", "effective_from", book.From.Format(time.RFC3339), first.In(book.From.Location()).Format(time.RFC3339)+" or later")
	}
	for _, other := range existing {
		if other.From.Equal(book.From) {
			return d.refuse(ErrOverlap, "spec", "effective_from", "version "+other.Version, "another instant")
		}
	}
	return nil
}

// CheckBeside says whether versions of one name, which are to be published side by side, exclude each other. The error is
// a Refusal.
func CheckBeside(d Document, others []Document) error {
	for _, o := range others {
		switch {
		case o.Book.Name != d.Book.Name:
		case o.Book.Version == d.Book.Version:
			return d.refuse(ErrChanged, "metadata", "version", d.Book.Version+" of "+o.File, "a new version")
		case o.Book.From.Equal(d.Book.From):
			return d.refuse(ErrOverlap, "spec", "effective_from", "version "+o.Book.Version+" of "+o.File, "another instant")
		}
	}
	return nil
}

// refuse places a reason at a key of a section; what says which value or version it is about.
func (d Document) refuse(why error, section, key, what, expected string) error {
	doc, at := open(d.File, d.Text)
	for _, name := range []string{section, key} {
		m, ok := at.(*ast.MappingNode)
		if !ok {
			break // not read from this text
		}
		for _, pair := range m.Values {
			if k, ok := pair.Key.(*ast.StringNode); ok && k.Value == name {
				at = pair.Value
			}
		}
	}
	doc.fault(at, fmt.Sprintf("%s.%s: %s: %s", section, key, what, why), expected)
	return &Refusal{doc.faults[len(doc.faults)-1], why}
}

// sameContent compares what two versions mean: instants whatever their offset, zones by name.
func sameContent(a, b *topics.Rulebook) (bool, error) {
	x, err := content(a)
	if err != nil {
		return false, err
	}
	y, err := content(b)
	return x == y, err
}

func content(b *topics.Rulebook) (string, error) {
	c := *b
	zone := c.Zone.String()
	c.Zone, c.From = nil, c.From.UTC()
	c.Campaigns = append([]topics.Campaign(nil), c.Campaigns...)
	for i := range c.Campaigns {
		c.Campaigns[i].From, c.Campaigns[i].To = c.Campaigns[i].From.UTC(), c.Campaigns[i].To.UTC()
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("compare rulebook %s: %w", b.Version, err)
	}
	return zone + string(text), nil
}
