package rulefile

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The largest file and the deepest nesting that are read; a rulebook has a few kilobytes and a depth of about 6.
const (
	maxBytes = 512 << 10
	maxDepth = 32
)

// document is a YAML file while it is read: it gathers every fault with its position.
type document struct {
	name   string
	lines  []string
	faults Faults
}

// open parses a file that holds one document and returns its top mapping, or nil after a fault that leaves nothing to read.
func open(name string, data []byte) (*document, ast.Node) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	d := &document{name: name, lines: strings.Split(text, "\n")}
	if len(data) > maxBytes {
		d.faultAt(1, 1, fmt.Sprintf("the file has %d bytes", len(data)), fmt.Sprintf("at most %d", maxBytes))
		return d, nil
	}
	for i, line := range d.lines {
		if !utf8.ValidString(line) {
			d.faultAt(i+1, 1, "the line is not UTF-8", "UTF-8 text")
			return d, nil
		}
	}
	file, err := d.parse(text)
	if err != nil {
		d.syntax(err)
		return d, nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		if len(d.faults) == 0 {
			d.faultAt(1, 1, "the file is empty", "one YAML document")
		}
		return d, nil
	case 1:
		return d, bodies[0]
	}
	d.fault(bodies[1], "a second document begins here", "one document, which is one version, per file")
	return d, nil
}

// parse guards against a parser that stumbles over malformed input: a person gets a fault, not a stack trace.
func (d *document) parse(text string) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML cannot be read: %v", r)
		}
	}()
	tokens := lexer.Tokenize(text)
	if t := tooDeep(tokens); t != nil {
		d.faultAt(t.Position.Line, t.Position.Column, "values are nested too deeply", fmt.Sprintf("at most %d levels", maxDepth))
		return &ast.File{}, nil
	}
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// tooDeep finds a token nested deeper than any rulebook, before the parser recurses to it. A level of a block takes at least one column.
func tooDeep(tokens token.Tokens) *token.Token {
	brackets, line := 0, 0
	for _, t := range tokens {
		first := t.Position.Line != line
		line = t.Position.Line
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType:
			first = true
		}
		if brackets > maxDepth || first && brackets == 0 && t.Type != token.CommentType && t.Position.Column > 4*maxDepth {
			return t
		}
	}
	return nil
}

// syntax turns the parser's error into a fault.
func (d *document) syntax(err error) {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
		p := at.GetToken().Position
		d.faultAt(p.Line, p.Column, at.GetMessage(), "valid YAML")
		return
	}
	d.faultAt(1, 1, err.Error(), "valid YAML")
}

// fault records a fault at a node.
func (d *document) fault(n ast.Node, message, expected string) {
	line, column := position(n)
	d.faultAt(line, column, message, expected)
}

func (d *document) faultAt(line, column int, message, expected string) {
	f := Fault{File: d.name, Line: max(line, 1), Column: max(column, 1), Message: message, Expected: expected}
	if f.Line <= len(d.lines) {
		f.Source = strings.TrimRight(d.lines[f.Line-1], "\r")
	}
	d.faults = append(d.faults, f)
}

// position is where a node begins; a block mapping begins at its first key.
func position(n ast.Node) (line, column int) {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1, 1
	}
	p := n.GetToken().Position
	return p.Line, p.Column
}
