package topics

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDefaultSettingsHaveNoFault(t *testing.T) {
	s := DefaultSettings()
	if f := s.Faults(); len(f) > 0 {
		t.Error(f)
	}
}

// TestFaultsOfSettingsNameTheirPlaces: all of them at once.
func TestFaultsOfSettingsNameTheirPlaces(t *testing.T) {
	s := Settings{
		Name: Words{En: strings.Repeat("x", 81)}, Logo: "http://example.com/x.svg", Colours: Colours{Primary: "red", Accent: "#12345g"},
		Contact: RetailerContact{Phone: "12", Email: "nobody", Hours: "a\nb"},
		Stores:  []RetailerStore{{ID: "a", Name: Words{Zh: "店"}}, {ID: "a", Phone: "call me"}, {ID: " \x00", Name: Words{Zh: "店"}, Address: strings.Repeat("路", 201)}},
		Help:    &Words{Zh: "\x1b"},
	}
	var got []string
	for _, f := range s.Faults() {
		got = append(got, f.At)
	}
	want := []string{
		"name.en", "logo", "colours.primary", "colours.accent", "contact.phone", "contact.email", "contact.hours", "stores[1].id", "stores[1].name",
		"stores[1].phone", "stores[2].id", "stores[2].address", "help.zh",
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	s = DefaultSettings()
	s.Stores = make([]RetailerStore, StoresMost+1)
	if f := s.Faults(); f[0].At != "stores" {
		t.Error(f[0])
	}
}

func TestLogosAreHTTPSOrOurOwn(t *testing.T) {
	for logo, ok := range map[string]bool{
		"https://example.com/logo.svg": true, "/pictures/logo.svg": true, "http://example.com/logo.svg": false, "//example.com/logo.svg": false,
		"javascript:alert(1)": false, "data:image/png;base64,AA": false, "logo.svg": false, "https://": false, "https://a:b@example.com/x": false,
		`/a"onerror="x`: false, "/\\example.com": false,
	} {
		if got := validLogo(logo); got != ok {
			t.Errorf("%s: %v", logo, got)
		}
	}
}

func TestPhonesAndEmails(t *testing.T) {
	for s, ok := range map[string]bool{"+86 138-0000-0000": true, "110": true, "12": false, "138 0000 000a": false, "1+2345": false, strings.Repeat("1", 21): false} {
		if ValidPhone(s) != ok {
			t.Errorf("phone %s", s)
		}
	}
	for s, ok := range map[string]bool{"a@b.cn": true, "a@b": false, "@b.cn": false, "a b@c.cn": false, "a@b@c.cn": false, "a@b..cn": false, "<a@b.cn>": false, "a@b.cn\r\nBcc: x": false} {
		if ValidEmail(s) != ok {
			t.Errorf("email %q", s)
		}
	}
}
