package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jifen/topics/pointspb"
)

// elsewhere are the kinds of entries of items, campaigns and identities, which members have none of.
var elsewhere = []pointspb.Kind{
	pointspb.Kind_RESERVED, pointspb.Kind_SOLD, pointspb.Kind_RELEASED, pointspb.Kind_ITEM_SET, pointspb.Kind_RESTOCKED, pointspb.Kind_SENT_AGAIN,
	pointspb.Kind_CODES_LOADED, pointspb.Kind_CODES_EXPIRED, pointspb.Kind_CODES_LOW, pointspb.Kind_TAKEN, pointspb.Kind_GIVEN, pointspb.Kind_SIGHTED,
}

// TestEveryKindOfEntryHasAName: the console has one for each, the mall, in both languages, for those of members.
func TestEveryKindOfEntryHasAName(t *testing.T) {
	names := map[string]string{
		"console": between(t, filepath.Join("console", "format.ts"), "const kinds", "\n}"),
		"zh":      between(t, filepath.Join("mall", "locales", "zh.ts"), "  entry: {", "}"),
		"en":      between(t, filepath.Join("mall", "locales", "en.ts"), "  entry: {", "}"),
	}
	for number, name := range pointspb.Kind_name {
		kind := pointspb.Kind(number)
		if kind == pointspb.Kind_KIND_UNSPECIFIED {
			continue
		}
		word := regexp.MustCompile(`\b` + strings.ToLower(name) + `: `)
		for where, all := range names {
			if !word.MatchString(all) && (where == "console" || !slices.Contains(elsewhere, kind)) {
				t.Errorf("%s has no name for %s", where, strings.ToLower(name))
			}
		}
	}
}

// between is what stands in a file between two texts, the first of each.
func between(t *testing.T, file, from, to string) string {
	t.Helper()
	all, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(all), from)
	inner, _, end := strings.Cut(rest, to)
	if !ok || !end {
		t.Fatalf("%s has no %q … %q", file, from, to)
	}
	return inner
}
