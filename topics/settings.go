package topics

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// SettingsKey is the key of the one record of points.settings.v1 that counts.
const SettingsKey = "retailer"

// The most that settings hold; texts in characters.
const (
	StoresMost       = 200
	settingsNameMost = 80
	settingsLineMost = 200
	settingsHelpMost = 5000
	settingsLogoMost = 500
)

// Settings are what a retailer says of itself on the pages of the mall (R63).
type Settings struct {
	Name    Words           `json:"name" yaml:"name" doc:"Of the retailer; at most 80 characters."`
	Logo    string          `json:"logo,omitempty" yaml:"logo,omitempty" doc:"https URL, or a path of this server such as /pictures/logo.svg."`
	Colours Colours         `json:"colours" yaml:"colours"`
	Contact RetailerContact `json:"contact" yaml:"contact"`
	Stores  []RetailerStore `json:"stores" yaml:"stores" doc:"At most 200."`
	Help    *Words          `json:"help,omitempty" yaml:"help,omitempty" doc:"Text of the help page; at most 5000 characters."`
}

// Colours are those of the pages, as #rrggbb.
type Colours struct {
	Primary string `json:"primary" yaml:"primary" doc:"#rrggbb."`
	Accent  string `json:"accent" yaml:"accent" doc:"#rrggbb."`
}

// RetailerContact is how members reach the retailer.
type RetailerContact struct {
	Phone string `json:"phone,omitempty" yaml:"phone,omitempty" doc:"3 to 20 digits, with + ( ) - and blanks between them."`
	Email string `json:"email,omitempty" yaml:"email,omitempty"`
	Hours string `json:"hours,omitempty" yaml:"hours,omitempty" doc:"When somebody answers; at most 200 characters."`
}

// RetailerStore is a place where members can go.
type RetailerStore struct {
	ID      string `json:"id" yaml:"id" doc:"As in the events' store; 1 to 128 characters."`
	Name    Words  `json:"name" yaml:"name"`
	Address string `json:"address,omitempty" yaml:"address,omitempty" doc:"At most 200 characters."`
	Phone   string `json:"phone,omitempty" yaml:"phone,omitempty"`
}

// SettingsVersion is the record: the settings, how often they were set, by whom and when. Revision 0 are the defaults.
type SettingsVersion struct {
	Revision int64     `json:"revision"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Settings Settings  `json:"settings"`
}

// DefaultSettings are those of an installation where none were set.
func DefaultSettings() Settings {
	return Settings{
		Name:    Words{Zh: "积分商城", En: "Points Mall"},
		Colours: Colours{Primary: "#c8102e", Accent: "#f5a623"},
		Stores:  []RetailerStore{},
	}
}

// SettingsFault is what is wrong at a place of settings such as stores[3].id, and what was expected there.
type SettingsFault struct{ At, Message, Expected string }

// Faults are all that is wrong with settings, in the order of their fields.
func (s *Settings) Faults() []SettingsFault {
	f := &settingsFaults{}
	f.words("name", s.Name, settingsNameMost, true)
	f.that("logo", s.Logo == "" || validLogo(s.Logo), "is no picture's address", "an https URL or a path such as /pictures/logo.svg, at most 500 characters")
	f.that("colours.primary", validColour(s.Colours.Primary), "is no colour", "#rrggbb")
	f.that("colours.accent", validColour(s.Colours.Accent), "is no colour", "#rrggbb")
	f.phone("contact.phone", s.Contact.Phone)
	f.that("contact.email", s.Contact.Email == "" || ValidEmail(s.Contact.Email), "is no e-mail address", "such as help@example.com")
	f.line("contact.hours", s.Contact.Hours)
	f.that("stores", len(s.Stores) <= StoresMost, fmt.Sprintf("%d stores", len(s.Stores)), "at most 200")
	seen := map[string]bool{}
	for i := range s.Stores {
		store, at := &s.Stores[i], fmt.Sprintf("stores[%d].", i)
		f.that(at+"id", ValidText(store.ID, 1, 128), "is no id", "1 to 128 printable characters")
		f.that(at+"id", !seen[store.ID], "stands there twice", "another id")
		seen[store.ID] = true
		f.words(at+"name", store.Name, settingsNameMost, true)
		f.line(at+"address", store.Address)
		f.phone(at+"phone", store.Phone)
	}
	if s.Help != nil {
		f.words("help", *s.Help, settingsHelpMost, false)
	}
	return f.all
}

type settingsFaults struct{ all []SettingsFault }

func (f *settingsFaults) that(at string, ok bool, message, expected string) {
	if !ok {
		f.all = append(f.all, SettingsFault{at, message, expected})
	}
}

func (f *settingsFaults) words(at string, w Words, most int, needed bool) {
	f.that(at, !needed || strings.TrimSpace(w.Zh+w.En) != "", "is missing", "a text in zh, en or both")
	for _, x := range [][2]string{{".zh", w.Zh}, {".en", w.En}} {
		f.that(at+x[0], validLines(x[1], most), "is too long or not printable", fmt.Sprintf("at most %d characters", most))
	}
}

func (f *settingsFaults) line(at, s string) {
	f.that(at, ValidText(s, 0, settingsLineMost), "is too long or not printable", "at most 200 characters on one line")
}

func (f *settingsFaults) phone(at, s string) {
	f.that(at, s == "" || ValidPhone(s), "is no phone number", "3 to 20 digits, with + ( ) - and blanks between them")
}

// ValidText says whether s is one line of least to most printable characters.
func ValidText(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && n >= least && n <= most && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// validLines allows line ends too.
func validLines(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most &&
		strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }) < 0
}

func validColour(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	return strings.IndexFunc(s[1:], func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) }) < 0
}

// validLogo allows nothing that a browser would run, and no other host over plain HTTP.
func validLogo(s string) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > settingsLogoMost || !ValidText(s, 1, settingsLogoMost) || strings.ContainsAny(s, ` "'<>\`) || u.User != nil {
		return false
	}
	if u.Scheme == "https" {
		return u.Host != "" && u.Opaque == ""
	}
	return u.Scheme == "" && u.Host == "" && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//")
}

// ValidPhone says whether s is a phone number: 3 to 20 digits, with a leading + and ( ) - and blanks between them.
func ValidPhone(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" ()-", r):
		default:
			return false
		}
	}
	return digits >= 3 && digits <= 20 && len(s) <= 32
}

// ValidEmail says whether s can be an e-mail address: one @, a domain with a dot, 254 characters at most, none of them a
// blank or a bracket. Only a message that arrives says more.
func ValidEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && len(local) <= 64 && len(s) <= 254 && ValidText(s, 3, 254) && !strings.ContainsAny(s, " <>()[],;:\"\\") &&
		!strings.Contains(domain, "@") && strings.Contains(domain, ".") && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") &&
		!strings.Contains(domain, "..")
}
