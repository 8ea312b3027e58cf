package tidy

import (
	"bytes"
	"regexp"
)

// machine are words that make committed text true on one machine only: folders of people and builds, and hosts that a
// build happened to load from. They are put together here so that this file does not break its own rule.
var machine = map[string]*regexp.Regexp{
	"a path of one machine": regexp.MustCompile(`(^|[\s"'=(:,` + "`" + `])/(wo` + `rk|ro` + `ot|ho` + `me|Us` + `ers)/[\w.]`),
	"the host of a registry": regexp.MustCompile(`\b(proxy\.gol` + `ang\.org|registry\.npm` + `js\.org|registry\.yarn` + `pkg\.com|` +
		`deb\.deb` + `ian\.org|repo1?\.maven\.(apa` + `che\.)?org|pyp` + `i\.org|gcr\.` + `io|ghcr\.` + `io|qu` + `ay\.io)\b`),
}

// checkText looks for what must not be committed, in every file that is text.
func checkText(name string, text []byte) []Finding {
	if bytes.IndexByte(text[:min(len(text), 8<<10)], 0) >= 0 {
		return nil
	}
	var all []Finding
	for what, pattern := range machine {
		for _, at := range pattern.FindAllIndex(text, -1) {
			line := 1 + bytes.Count(text[:at[1]-1], []byte("\n"))
			all = append(all, Finding{name, line, what + ": " + string(bytes.TrimSpace(text[at[0]:at[1]]))})
		}
	}
	return all
}
