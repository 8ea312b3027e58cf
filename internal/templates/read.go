package templates

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"jifen/topics"
)

// reader reads a file of templates and collects its faults.
type reader struct {
	into   map[string]*words
	faults []error
}

func (r *reader) fault(line int, format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("line %d: "+format, append([]any{line}, args...)...))
}

func (r *reader) read(file []byte) {
	parsed, err := parser.ParseBytes(file, 0)
	if err != nil {
		r.faults = append(r.faults, fmt.Errorf("templates: %w", err))
		return
	}
	if len(parsed.Docs) != 1 {
		r.faults = append(r.faults, fmt.Errorf("templates: %d documents, want one", len(parsed.Docs)))
		return
	}
	head := map[string]string{"apiVersion": "jifen/v1", "kind": "Templates"}
	r.each(parsed.Docs[0].Body, 1, "the document", func(key string, value ast.Node, line int) {
		want, ok := head[key]
		switch {
		case key == "templates":
			r.channels(value, line)
		case !ok:
			r.fault(line, "unknown key %q; want apiVersion, kind, templates", key)
		case textOf(value) != want:
			r.fault(line, "%s: want %s", key, want)
		}
	})
}

func (r *reader) channels(node ast.Node, line int) {
	r.each(node, line, "templates", func(channel string, value ast.Node, line int) {
		if !r.known(line, "channel", channel, topics.Channels()) {
			return
		}
		r.each(value, line, channel, func(language string, value ast.Node, line int) {
			if !r.known(line, "language", language, languages) {
				return
			}
			r.each(value, line, language, func(kind string, value ast.Node, line int) {
				if r.known(line, "kind", kind, append(topics.NoticeKinds(), anyKind)) {
					r.template(nameOf(channel, language, kind), value, line)
				}
			})
		})
	})
}

func (r *reader) known(line int, what, value string, of []string) bool {
	if !slices.Contains(of, value) {
		r.fault(line, "unknown %s %q; want %s", what, value, strings.Join(of, ", "))
		return false
	}
	return true
}

// template reads title and text. An SMS has no title.
func (r *reader) template(name string, node ast.Node, line int) {
	w := &words{}
	r.each(node, line, name, func(key string, value ast.Node, line int) {
		switch key {
		case "title":
			w.title = r.compile(name, value, line)
		case "text":
			w.text = r.compile(name, value, line)
		default:
			r.fault(line, "unknown key %q; want title, text", key)
		}
	})
	sms := strings.HasPrefix(name, topics.ChannelSMS+"/")
	switch {
	case w.text == nil:
		r.fault(line, "%s: text is missing", name)
	case w.title == nil && !sms:
		r.fault(line, "%s: title is missing", name)
	case w.title != nil && sms:
		r.fault(line, "%s: an SMS has no title", name)
	}
	r.into[name] = w
}

// inTemplate is what text/template says before its words: the name, the line within the text, and perhaps a column.
var inTemplate = regexp.MustCompile(`^template: [^:]*:(\d+):(?:\d+:)? ?`)

// compile checks a text by making words of a notice that has nothing: a field that there is not is found by that, too,
// wherever it is used.
func (r *reader) compile(name string, node ast.Node, line int) *template.Template {
	if literal, ok := node.(*ast.LiteralNode); ok {
		line = literal.Start.Position.Line + 1
	}
	text := textOf(node)
	if text == "" {
		return nil
	}
	t, err := template.New(name).Parse(text)
	if err == nil {
		err = everyField(t)
	}
	if err == nil {
		_, err = render(t, Fields{})
	}
	if err != nil {
		said := err.Error()
		if at := inTemplate.FindStringSubmatch(said); at != nil {
			if n, err := strconv.Atoi(at[1]); err == nil {
				line += n - 1
			}
			said = strings.TrimPrefix(said, at[0])
		}
		r.fault(line, "%s: %s", name, said)
		return template.New(name) // it is not missing
	}
	return t
}

// each goes through the keys of a mapping, with the line of each.
func (r *reader) each(node ast.Node, line int, what string, do func(key string, value ast.Node, line int)) {
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		r.fault(line, "%s: want a mapping", what)
		return
	}
	seen := map[string]bool{}
	for _, v := range values {
		at := v.Key.GetToken().Position.Line
		key := v.Key.GetToken().Value
		if seen[key] {
			r.fault(at, "%s twice", key)
		}
		seen[key] = true
		do(key, v.Value, at)
	}
}

func textOf(node ast.Node) string {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.LiteralNode:
		return n.Value.Value
	}
	return ""
}
