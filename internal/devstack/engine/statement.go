package engine

import "strings"

// statement is a query text taken apart: an INSERT's data must go to the engine beside its text, never inside it.
type statement struct {
	text   string // without FORMAT and data, if insert
	insert bool   // takes data: INSERT … FORMAT f, INSERT … VALUES, bare INSERT
	format string
	data   string // inline data
}

// parseStatement recognises an INSERT that takes data; anything else, INSERT … SELECT too, is one text.
func parseStatement(q string) statement {
	whole := statement{text: strings.TrimRight(strings.TrimSpace(q), "; \t\r\n")}
	s := scanner{src: q}
	if w, _, _ := s.word(); !strings.EqualFold(w, "INSERT") {
		return whole
	}
	s.word() // INTO
	for skipName := true; ; {
		w, from, ok := s.word()
		switch {
		case !ok:
			return statement{text: whole.text, insert: true, format: "Values"}
		case skipName:
			skipName = strings.EqualFold(w, "TABLE") || strings.EqualFold(w, "FUNCTION")
		case strings.EqualFold(w, "SELECT"), strings.EqualFold(w, "WITH"), strings.EqualFold(w, "FROM"), strings.EqualFold(w, "WATCH"):
			return whole
		case strings.EqualFold(w, "VALUES"):
			return statement{text: q[:from], insert: true, format: "Values", data: q[s.at:]}
		case strings.EqualFold(w, "FORMAT"):
			format, _, _ := s.word()
			return statement{text: q[:from], insert: true, format: format, data: inlineData(q[s.at:])}
		}
	}
}

// inlineData skips what ClickHouse skips between the name of a format and its data: blanks up to one line end.
func inlineData(rest string) string {
	trimmed := strings.TrimLeft(rest, " \t\r;")
	if strings.HasPrefix(trimmed, "\n") {
		return trimmed[1:]
	}
	return trimmed
}

// scanner yields the bare words of a statement outside quotes, comments and parentheses.
type scanner struct {
	src string
	at  int
}

// word returns the next word at depth 0 and where it starts. A quoted name is returned with its quotes.
func (s *scanner) word() (w string, from int, ok bool) {
	depth := 0
	for s.at < len(s.src) {
		c, from := s.src[s.at], s.at
		switch {
		case c == '\'' || c == '"' || c == '`':
			s.quoted(c)
			if depth == 0 && c != '\'' {
				return s.src[from:s.at], from, true
			}
		case strings.HasPrefix(s.src[s.at:], "--"), c == '#':
			s.skipTo("\n")
		case strings.HasPrefix(s.src[s.at:], "/*"):
			s.skipTo("*/")
		case isWordByte(c):
			for s.at < len(s.src) && (isWordByte(s.src[s.at]) || s.src[s.at] == '.') {
				s.at++
			}
			if depth == 0 {
				return s.src[from:s.at], from, true
			}
		default:
			depth += depthChange(c)
			s.at++
		}
	}
	return "", len(s.src), false
}

func depthChange(c byte) int {
	switch c {
	case '(':
		return 1
	case ')':
		return -1
	}
	return 0
}

func (s *scanner) quoted(quote byte) {
	for s.at++; s.at < len(s.src); s.at++ {
		switch s.src[s.at] {
		case '\\':
			s.at++
		case quote:
			s.at++
			return
		}
	}
	s.at = len(s.src)
}

func (s *scanner) skipTo(end string) {
	i := strings.Index(s.src[s.at:], end)
	if i < 0 {
		s.at = len(s.src)
		return
	}
	s.at += i + len(end)
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isIdentifier(s string) bool {
	for i := range len(s) {
		if !isWordByte(s[i]) && s[i] != '.' {
			return false
		}
	}
	return s != ""
}

// quoteString is v as a ClickHouse string literal.
func quoteString(v string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v) + "'"
}

// escapeBackquotes makes name safe between backquotes.
func escapeBackquotes(name string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(name)
}
