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

// name takes a member's name and the colon behind it; what it gives is compared with known names only.
func (p *fastReader) name() (string, bool) {
	if !p.next('"') {
		return "", false
	}
	n := strings.IndexByte(p.s[p.i:], '"')
	if n < 0 {
		return "", false
	}
	name := p.s[p.i : p.i+n]
	p.i += n + 1
	return name, p.next(':')
}

// text takes a string of at most 128 printable characters.
func (p *fastReader) text(dst *string) bool {
	if !p.next('"') {
		return false
	}
	n := strings.IndexByte(p.s[p.i:], '"')
	if n < 0 {
		return false
	}
	v := p.s[p.i : p.i+n]
	p.i += n + 1
	*dst = v
	if p.plain {
		return n <= IDCharsMax
	}
	chars, ok := printable(v)
	return ok && chars <= IDCharsMax && strings.IndexByte(v, '\\') < 0
}

// id takes a string that is not empty.
func (p *fastReader) id(dst *string) bool { return p.text(dst) && *dst != "" }

// amount takes an integer from 0 to 10^12.
func (p *fastReader) amount(dst *int64) bool {
	p.space()
	start := p.i
	var v int64
	for p.i < len(p.s) {
		d := p.s[p.i] - '0'
		if d > 9 {
			break
		}
		v = v*10 + int64(d)
		p.i++
		if p.i-start > len("1000000000000") {
			return false
		}
	}
	*dst = v
	digits := p.i - start
	// What follows (a dot, an exponent, a letter) is refused by the caller, who wants a comma or a bracket.
	return digits > 0 && (digits == 1 || p.s[start] != '0') && v <= AmountMax
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
		if p.next(',') {
			continue
		}
		l.Tags = p.tags[first:len(p.tags)]
		return p.next(']')
	}
}
