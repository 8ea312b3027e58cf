package templates

import (
	"fmt"
	"reflect"
	"text/template"
	"text/template/parse"
)

// everyField refuses a template that uses a field that there is not, also where a condition hides it from a trial.
func everyField(t *template.Template) error {
	known := reflect.TypeFor[Fields]()
	var fault error
	var look func(parse.Node)
	branch := func(b *parse.BranchNode) {
		look(b.Pipe)
		look(b.List)
		if b.ElseList != nil {
			look(b.ElseList)
		}
	}
	look = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ListNode:
			if n != nil {
				for _, x := range n.Nodes {
					look(x)
				}
			}
		case *parse.ActionNode:
			look(n.Pipe)
		case *parse.PipeNode:
			if n != nil {
				for _, c := range n.Cmds {
					for _, x := range c.Args {
						look(x)
					}
				}
			}
		case *parse.IfNode:
			branch(&n.BranchNode)
		case *parse.WithNode:
			branch(&n.BranchNode)
		case *parse.FieldNode:
			if _, ok := known.FieldByName(n.Ident[0]); !ok && fault == nil {
				where, _ := t.ErrorContext(n)
				fault = fmt.Errorf("template: %s: there is no field %s", where, n)
			}
		case *parse.RangeNode, *parse.TemplateNode:
			if fault == nil {
				where, _ := t.ErrorContext(n)
				fault = fmt.Errorf("template: %s: range and template are not for these texts", where)
			}
		}
	}
	look(t.Root)
	return fault
}
