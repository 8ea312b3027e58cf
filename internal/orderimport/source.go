package orderimport

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// source is the file: its bytes as they lie there, counted and hashed, and its rows.
type source struct {
	raw  *meter
	rows rowReader
}

// rowReader gives one row after the other; fields are valid until the next call. A *rowError is about one row only.
type rowReader interface {
	next() (fields []string, line int, err error)
}

// rowError is a row that cannot be parted into columns.
type rowError struct{ err error }

func (e *rowError) Error() string { return e.err.Error() }
func (e *rowError) Unwrap() error { return e.err }

// meter counts and hashes what is read through it.
type meter struct {
	r    io.Reader
	read int64
	sum  hash.Hash
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.read += int64(n)
	m.sum.Write(p[:n])
	return n, err
}

// digest reads the rest, so that the hash is of the whole file.
func (m *meter) digest() (string, error) {
	if _, err := io.Copy(io.Discard, m); err != nil {
		return "", fmt.Errorf("reading the rest of the file: %w", err)
	}
	return hex.EncodeToString(m.sum.Sum(nil)), nil
}

func newSource(r io.Reader, f FileFormat) (*source, error) {
	s := &source{raw: &meter{r: r, sum: sha256.New()}}
	text, err := plainText(s.raw, f.Encoding)
	if err != nil {
		return nil, err
	}
	if f.Delimiter == Blanks {
		s.rows = &blankRows{r: text}
		return s, nil
	}
	c := csv.NewReader(text)
	c.Comma, _ = utf8.DecodeRuneInString(f.Delimiter)
	c.FieldsPerRecord, c.ReuseRecord, c.LazyQuotes = -1, true, true
	s.rows = &csvRows{r: c}
	return s, nil
}

// plainText unpacks gzip, which is known by its first bytes, converts to UTF-8 and drops a byte order mark.
func plainText(r io.Reader, encoding string) (*bufio.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, fmt.Errorf("unpacking the file: %w", err)
		}
		b = bufio.NewReaderSize(z, 1<<16)
	}
	decode, err := decoder(encoding)
	if err != nil {
		return nil, err
	}
	if decode != nil {
		return bufio.NewReaderSize(decode.NewDecoder().Reader(b), 1<<16), nil
	}
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		_, _ = b.Discard(3) // they were just peeked
	}
	return b, nil
}

// decoder is the character map of an encoding; nil for UTF-8.
func decoder(encoding string) (*charmap.Charmap, error) {
	switch strings.ToLower(encoding) {
	case "utf-8", "utf8":
		return nil, nil
	case "latin1", "iso-8859-1":
		return charmap.ISO8859_1, nil
	case "windows-1252":
		return charmap.Windows1252, nil
	}
	return nil, errors.New("must be utf-8, latin1 or windows-1252")
}

type csvRows struct{ r *csv.Reader }

func (c *csvRows) next() ([]string, int, error) {
	fields, err := c.r.Read()
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return nil, parse.StartLine, &rowError{parse.Err}
	}
	if err != nil {
		return nil, 0, err
	}
	line, _ := c.r.FieldPos(0)
	return fields, line, nil
}

type blankRows struct {
	r      *bufio.Reader
	line   int
	fields []string
}

func (b *blankRows) next() ([]string, int, error) {
	for {
		text, err := b.r.ReadString('\n')
		if err != nil && (text == "" || !errors.Is(err, io.EOF)) {
			return nil, 0, err
		}
		b.line++
		b.fields = b.fields[:0]
		for field := range strings.FieldsFuncSeq(text, unicode.IsSpace) {
			b.fields = append(b.fields, field)
		}
		if len(b.fields) > 0 {
			return b.fields, b.line, nil
		}
	}
}

// printable tells whether s is UTF-8 without control or invisible characters.
func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}
