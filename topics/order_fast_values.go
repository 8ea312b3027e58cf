package topics

import "strings"

// space skips JSON white space.
func (p *fastReader) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\n', '\t', '\r':
			p.i++
		default:
			return
		}
	}
}

// next skips white space and takes c, if it is there.
func (p *fastReader) next(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	p.space()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// more takes the comma before another member or element, or the bracket behind the last one; ok is false where there is
// neither.
func (p *fastReader) more(end byte) (more, ok bool) {
	for {
		if p.i == len(p.s) {
			return false, false
		}
		switch p.s[p.i] {
		case ',':
			p.i++
			return true, true
		case end:
			p.i++
			return false, true
		case ' ', '\n', '\t', '\r':
			p.i++
		default:
			return false, false
		}
	}
}

// named takes a name of n bytes, the quote behind it, and the colon.
func (p *fastReader) named(n int) bool {
	if p.i += n; p.i >= len(p.s) || p.s[p.i] != '"' {
		return false
	}
	p.i++
	return p.next(':')
}

// text takes a string of at most 128 printable characters.
func (p *fastReader) text(dst *string) bool {
	if !p.next('"') {
		return false
	}
	start := p.i
	end := plainTo(p.s, start)
	if end == len(p.s) {
		return false
	}
	if p.s[end] != '"' {
		return p.rich(dst)
	}
	*dst, p.i = p.s[start:end], end+1
	return end-start <= IDCharsMax
}

// rich takes the rest of a string that is not all plain.
func (p *fastReader) rich(dst *string) bool {
	n := strings.IndexByte(p.s[p.i:], '"')
	if n < 0 {
		return false
	}
	v := p.s[p.i : p.i+n]
	p.i += n + 1
	*dst = v
	chars, ok := printable(v)
	return ok && chars <= IDCharsMax && strings.IndexByte(v, '\\') < 0
}

// id takes a string that is not empty.
func (p *fastReader) id(dst *string) bool { return p.text(dst) && *dst != "" }

// amount takes an integer from 0 to 10^12.
func (p *fastReader) amount(dst *int64) bool {
	p.space()
	s := p.s[p.i:]
	s = s[:min(len(s), len("1000000000000")+1)]
	var v int64
	digits := 0
	for ; digits < len(s); digits++ {
		d := s[digits] - '0'
		if d > 9 {
			break
		}
		v = v*10 + int64(d)
	}
	*dst = v
	p.i += digits
	// What follows (a dot, an exponent, a letter) is refused by the caller, who wants a comma or a bracket.
	return digits > 0 && (digits == 1 || s[0] != '0') && v <= AmountMax
}

// tagRoom is where the tags of an event lie that is no longer needed: from those of its first line that has some.
func tagRoom(lines []Line) []string {
	for i := range lines {
		if t := lines[i].Tags; t != nil {
			return t[:0]
		}
	}
	return nil
}

// tagList takes an array of tags; an empty one is none. Lines share one backing array: nobody may append to theirs.
func (p *fastReader) tagList(l *Line) bool {
	if !p.next('[') {
		return false
	}
	if p.next(']') {
		return true
	}
	first := len(p.tags)
	if p.tags == nil {
		p.tags = make([]string, 0, 16)
	}
	for {
		p.tags = append(p.tags, "")
		if !p.id(&p.tags[len(p.tags)-1]) {
			return false
		}
		if more, ok := p.more(']'); !more {
			l.Tags = p.tags[first:len(p.tags)]
			return ok
		}
	}
}
