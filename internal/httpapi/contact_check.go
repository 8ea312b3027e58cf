package httpapi

import (
	"strings"

	"golang.org/x/text/language"

	"jifen/topics"
)

// What is said of fields that cannot be right; translate words them in Chinese.
const (
	faultEmpty     = "must not be empty"
	faultLines     = "must be one line of printable characters"
	faultPhone     = "is no phone number: 3 to 20 digits"
	faultCountry   = "is no country: two letters of ISO 3166, such as CN"
	faultEmail     = "is no e-mail address"
	faultPostcode  = "is no postcode: at most 16 letters, digits, blanks and dashes"
	faultPrintable = "must be printable characters"
	faultChannel   = "needs an address to go to: email or phone"
)

// check names every field that cannot be right; where is what stands before their names.
func (x Address) check(where string) error {
	f := &fault{code: codeInvalid}
	text := func(field, value string, needed bool) {
		switch {
		case needed && strings.TrimSpace(value) == "":
			f.details = append(f.details, Detail{where + field, faultEmpty})
		case !topics.ValidText(value, 0, 200):
			f.details = append(f.details, Detail{where + field, faultLines})
		}
	}
	text("name", x.Name, true)
	if !topics.ValidPhone(x.Phone) {
		f.details = append(f.details, Detail{where + "phone", faultPhone})
	}
	text("province", x.Province, false)
	text("city", x.City, true)
	text("district", x.District, false)
	text("street", x.Street, true)
	if strings.ContainsFunc(x.Postcode, func(r rune) bool {
		plain := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == ' ' || r == '-'
		return !plain
	}) {
		f.details = append(f.details, Detail{where + "postcode", faultPostcode})
	}
	if !validCountry(x.Country) {
		f.details = append(f.details, Detail{where + "country", faultCountry})
	}
	if len(f.details) > 0 {
		return f
	}
	return nil
}

func validCountry(s string) bool {
	if len(s) != 2 || s != strings.ToUpper(s) {
		return false
	}
	r, err := language.ParseRegion(s)
	return err == nil && r.IsCountry() && r.String() == s
}

func (r Reach) check() error {
	f := &fault{code: codeInvalid}
	if r.Email != "" && !topics.ValidEmail(r.Email) {
		f.details = append(f.details, Detail{"body.email", faultEmail})
	}
	if r.Phone != "" && !topics.ValidPhone(r.Phone) {
		f.details = append(f.details, Detail{"body.phone", faultPhone})
	}
	for _, c := range r.Channels {
		if c == "email" && r.Email == "" || c == "sms" && r.Phone == "" {
			f.details = append(f.details, Detail{"body.channels", faultChannel})
		}
	}
	if len(f.details) > 0 {
		return f
	}
	return nil
}
