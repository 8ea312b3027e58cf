package topics

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseTimeEqualsLibrary(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, s string) {
		got, ok := ParseTime([]byte(s))
		want, err := time.Parse(time.RFC3339Nano, s)
		if !ok || err != nil || !want.Equal(got) || got.Location() != time.UTC {
			t.Fatalf("%s: got %s %t, the library %s %v", s, got, ok, want, err)
		}
	}
	for _, s := range []string{
		"2026-05-26T11:00:55+08:00", "0000-02-29T00:00:00Z", "0000-03-01T00:00:00Z", "1900-02-28T23:59:59-23:59",
		"2000-02-29T12:00:00.000000001+00:00", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.5Z",
		"2026-05-26T11:00:55.1234567891Z",
	} {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-62167219200, 253402300799).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns"))
		at = at.In(time.FixedZone("", rapid.IntRange(-1439, 1439).Draw(t, "zone")*60))
		if y := at.Year(); y >= 0 && y < 10000 {
			check(t, at.Format(time.RFC3339Nano))
		}
	})
}

func TestParseTimeIsStrict(t *testing.T) {
	for _, s := range []string{
		"2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "1900-02-29T00:00:00Z",
		"2026-05-26T11:00:60Z", "2026-05-26T11:60:00Z", "2026-05-26T11:00:55.Z", "2026-05-26T11:00:55,5Z", "2026-05-26T11:00:55",
		"2026-05-26T11:00:55+24:00", "2026-05-26T11:00:55+08:60", "2026-05-26T11:00:55+0800", "2026-05-26T1:00:55Z ", "-026-05-26T11:00:55Z",
	} {
		if _, ok := ParseTime([]byte(s)); ok {
			t.Errorf("%s was taken", s)
		}
	}
	if _, ok := ParseTime([]byte("2026-05-26t11:00:55z")); !ok {
		t.Error("RFC 3339 allows lower-case letters")
	}
}

func FuzzParseTime(f *testing.F) {
	f.Add("2026-05-26T11:00:55.5+08:00")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseTime([]byte(s))
		if want, err := time.Parse(time.RFC3339Nano, s); ok && err == nil && !want.Equal(got) {
			t.Fatalf("%s: got %s, the library %s", s, got, want)
		}
	})
}
