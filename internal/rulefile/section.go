package rulefile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// section is a mapping of the file: its accessors return a key's value, or record a fault and return the default.
type section struct {
	*document
	path   string // "spec.rules[0]", for messages
	at     ast.Node
	fields map[string]ast.Node
	broken bool // not a mapping: said once, then nothing is missed in it
}

// section reads a node as a mapping with these keys and no others.
func (d *document) section(n ast.Node, path string, keys ...string) *section {
	s := &section{document: d, path: path, at: n, fields: make(map[string]ast.Node)}
	m, ok := n.(*ast.MappingNode)
	if !ok {
		s.broken = true
		if n != nil {
			d.fault(n, named(path)+"is "+kind(n), "a mapping with "+strings.Join(keys, ", "))
		}
		return s
	}
	for _, pair := range m.Values {
		key, ok := pair.Key.(*ast.StringNode)
		switch {
		case !ok:
			d.fault(pair.Key, fmt.Sprintf("%skey %s is not supported", named(path), pair.Key.GetToken().Value), "one of "+strings.Join(keys, ", "))
		case !slices.Contains(keys, key.Value):
			d.fault(key, fmt.Sprintf("%sunknown key %q", named(path), key.Value), "one of "+strings.Join(keys, ", "))
		case s.fields[key.Value] != nil:
			d.fault(key, fmt.Sprintf("%skey %q stands here twice", named(path), key.Value), "each key once")
		default:
			s.fields[key.Value] = pair.Value
		}
	}
	return s
}

// child reads a key's value as a mapping; nil if the key is absent.
func (s *section) child(key string, keys ...string) *section {
	n, ok := s.fields[key]
	if !ok {
		return nil
	}
	return s.section(n, s.of(key), keys...)
}

// required is a child that must be there; if it is not, the answer is an empty section.
func (s *section) required(key string, keys ...string) *section {
	if !s.has(key, "a mapping with "+strings.Join(keys, ", ")) {
		return &section{document: s.document, path: s.of(key), at: s.at, broken: true}
	}
	return s.child(key, keys...)
}

// has says whether a key is there, and records a fault if it is not.
func (s *section) has(key, expected string) bool {
	if _, ok := s.fields[key]; ok {
		return true
	}
	if !s.broken {
		s.fault(s.at, named(s.path)+fmt.Sprintf("%q is missing", key), expected)
	}
	return false
}

// list reads a key's value as a sequence of at least one node.
func (s *section) list(key string) []ast.Node {
	n, ok := s.fields[key]
	if !ok {
		return nil
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok || len(seq.Values) == 0 {
		s.fault(n, s.of(key)+" is "+kind(n), "a list with at least one element")
		return nil
	}
	return seq.Values
}

func (s *section) of(key string) string {
	if s.path == "" {
		return key
	}
	return s.path + "." + key
}

func named(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

// kind names what a node is, in the words of a person who writes YAML.
func kind(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode:
		return "a mapping"
	case *ast.SequenceNode:
		if len(n.Values) == 0 {
			return "an empty list"
		}
		return "a list"
	case *ast.NullNode:
		return "empty"
	case *ast.AnchorNode, *ast.AliasNode:
		return "an anchor or alias, which rule files do not have"
	case *ast.TagNode:
		return "a tagged value, which rule files do not have"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode:
		return "a number"
	}
	return "something else"
}
