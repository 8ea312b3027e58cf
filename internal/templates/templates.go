// Package templates makes the words of notices for the channels: title and text per channel, language and kind (R54).
package templates

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"

	"jifen/topics"
)

//go:embed defaults.yaml
var defaults []byte

// anyKind stands for all kinds that have no template of their own.
const anyKind = "*"

// languages are those that templates are written in; the first one is for members who chose none.
var languages = []string{"zh-CN", "en"}

// Fields are what templates may use, as {{.Points}}. A template that uses anything else is refused when it is read.
type Fields struct {
	Kind       string
	Title      string // of the kind, in the language
	Text       string // as the mall has it, in the language
	Member     string
	Points     int64
	Available  int64
	Days       int32
	Date       string // expiry, tier_fall: from then on, such as 2027-01-01, in the program's zone
	LastDay    string // the day before
	Tier       string
	ToTier     string
	Metric     string
	Missing    int64
	Freeze     string
	ReviewBy   string // a day
	Redemption string
	Item       string
	ItemName   string // in the language
	Quantity   int64
	Carrier    string
	Number     string
	Reason     string
	Resolution string
}

// FieldsOf reads a notice for a language.
func FieldsOf(e *topics.NoticeEvent, language string, zone *time.Location) Fields {
	d := &e.Data
	pick := func(w topics.Words) string {
		if language == "en" {
			return w.En
		}
		return w.Zh
	}
	f := Fields{
		Kind: e.Kind, Title: pick(topics.MessageTitle(e.Kind)), Text: pick(d.Text), Member: d.Member, Points: d.Points, Available: d.Available,
		Days: d.Days, Tier: d.Tier, ToTier: d.ToTier, Metric: d.Metric, Missing: d.Missing, Freeze: d.Freeze, Redemption: d.Redemption,
		Item: d.Item, ItemName: d.Item, Quantity: d.Quantity, Carrier: d.Carrier, Number: d.Number, Reason: d.Reason, Resolution: d.Resolution,
	}
	if d.ItemName != nil && pick(*d.ItemName) != "" {
		f.ItemName = pick(*d.ItemName)
	}
	if at, err := time.Parse(time.RFC3339Nano, d.ExpiresAt); err == nil {
		f.Date, f.LastDay = at.In(zone).Format(time.DateOnly), at.Add(-time.Millisecond).In(zone).Format(time.DateOnly)
	}
	if at, err := time.Parse(time.RFC3339Nano, d.ReviewBy); err == nil {
		f.ReviewBy = at.In(zone).Format(time.DateOnly)
	}
	return f
}

// Set is the templates of all channels.
type Set struct{ by map[string]*words }

// words are one template.
type words struct{ title, text *template.Template }

// Read reads a file of templates over those that there are by default; nil: those alone. Its error names every fault with
// its line.
func Read(file []byte) (*Set, error) {
	s := &Set{by: map[string]*words{}}
	for _, f := range [][]byte{defaults, file} {
		if f == nil {
			continue
		}
		r := reader{into: s.by}
		r.read(f)
		if err := errors.Join(r.faults...); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func nameOf(channel, language, kind string) string { return channel + "/" + language + "/" + kind }

// Render makes title and text of a notice, and says from which template.
func (s *Set) Render(channel, language string, e *topics.NoticeEvent, zone *time.Location) (name, title, text string, err error) {
	if language != languages[1] {
		language = languages[0]
	}
	name = nameOf(channel, language, e.Kind)
	w := s.by[name]
	if w == nil {
		name = nameOf(channel, language, anyKind)
		w = s.by[name]
	}
	if w == nil {
		return name, "", "", fmt.Errorf("there is no template %s", name)
	}
	f := FieldsOf(e, language, zone)
	if w.title != nil {
		if title, err = render(w.title, f); err != nil {
			return name, "", "", fmt.Errorf("template %s: %w", name, err)
		}
	}
	if text, err = render(w.text, f); err != nil {
		return name, "", "", fmt.Errorf("template %s: %w", name, err)
	}
	return name, strings.TrimSpace(title), text, nil
}

func render(t *template.Template, f Fields) (string, error) {
	var b strings.Builder
	err := t.Execute(&b, f)
	return b.String(), err //nolint:wrapcheck // the caller names the template
}
