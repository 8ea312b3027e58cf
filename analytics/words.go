package analytics

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"jifen/topics/pointspb"
)

// kindWords are the words of the kinds of entries in tables and answers, by their number.
var kindWords = func() []string {
	var words []string
	for n := range slices.Max(slices.Collect(maps.Keys(pointspb.Kind_name))) + 1 {
		words = append(words, strings.ToLower(pointspb.Kind_name[n]))
	}
	return words
}()

// kindWord is the word of a kind of entry; one that is newer than this program is "unknown".
func kindWord(k pointspb.Kind) string {
	if k <= 0 || int(k) >= len(kindWords) || kindWords[k] == "" {
		return "unknown"
	}
	return kindWords[k]
}

// accountWords are the words of the accounts of postings, by number; the first has none.
func accountWords() [pointspb.Account_ADJUSTED_POINTS + 1]string {
	return [...]string{"", "issued", "pending", "available", "frozen", "debt", "redeemed", "breakage", "reversed", "adjusted"}
}

func accountWord(account uint64) string {
	words := accountWords()
	if account < uint64(len(words)) {
		return words[account]
	}
	return "unknown"
}

// appendQuoted writes v as a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendQuoted(j []byte, v string) []byte {
	if plain(v) {
		return append(append(append(j, '"'), v...), '"')
	}
	quoted, err := jsontext.AppendQuote(j, v)
	if err != nil {
		quoted, _ = jsontext.AppendQuote(j, strings.ToValidUTF8(v, "\uFFFD")) // valid UTF-8 cannot fail
	}
	return quoted
}

// plain says that a text stands for itself in JSON, as nearly all of ours do.
func plain(v string) bool {
	for i := range len(v) {
		if v[i] < ' ' || v[i] > '~' || v[i] == '"' || v[i] == '\\' {
			return false
		}
	}
	return true
}
