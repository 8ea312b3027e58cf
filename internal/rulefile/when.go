package rulefile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"jifen/rules"
	"jifen/topics"
)

const (
	// conditionCostMost bounds what one condition may cost for one event, in CEL's units: a look at each of an order's
	// 1,000 lines costs some 10,000.
	conditionCostMost = 100_000
	conditionCharsMax = 2000
)

var (
	errNoBool = errors.New("is not true or false")
	errFloat  = errors.New("calculates with a float, which is not exact")
)

// OrderLine is a line of an order as conditions see it.
type OrderLine struct {
	Line     string   `cel:"line"`
	SKU      string   `cel:"sku"`
	Category string   `cel:"category"`
	Tags     []string `cel:"tags"`
	Quantity int64    `cel:"quantity"`
	Net      int64    `cel:"net"`
}

// variable is what a condition may ask of an event.
type variable struct {
	name string
	typ  *cel.Type
	of   func(*topics.Data) any
}

// variablesOf are the variables of conditions on events of a type: what the event itself has, and nothing of its member's state.
func variablesOf(on string) []variable {
	all := []variable{
		{"member", cel.StringType, func(d *topics.Data) any { return d.Member }},
		{"store", cel.StringType, func(d *topics.Data) any { return d.Store }},
		{"channel", cel.StringType, func(d *topics.Data) any { return d.Channel }},
	}
	switch on {
	case topics.TypeOrderPaid:
		return append(all, orderVariables()...)
	case topics.TypeActivity:
		return append(all,
			variable{"activity", cel.StringType, func(d *topics.Data) any { return d.Activity }},
			variable{"quantity", cel.IntType, func(d *topics.Data) any { return d.Quantity }},
			variable{"amount", cel.IntType, func(d *topics.Data) any { return d.Amount }},
			variable{"attributes", cel.MapType(cel.StringType, cel.StringType), func(d *topics.Data) any { return d.Attributes }},
		)
	case topics.TypeReviewPublished:
		return append(all,
			variable{"sku", cel.StringType, func(d *topics.Data) any { return d.SKU }},
			variable{"rating", cel.IntType, func(d *topics.Data) any { return d.Rating }},
			variable{"length", cel.IntType, func(d *topics.Data) any { return d.Length }},
			variable{"pictures", cel.IntType, func(d *topics.Data) any { return d.Pictures }},
		)
	case topics.TypeShareCreated:
		return append(all,
			variable{"product", cel.StringType, func(d *topics.Data) any { return d.Product }},
			variable{"platform", cel.StringType, func(d *topics.Data) any { return d.Platform }},
		)
	case topics.TypeSurveyCompleted:
		return append(all, variable{"survey", cel.StringType, func(d *topics.Data) any { return d.Survey }})
	case topics.TypeSignedIn:
		return append(all, variable{"device", cel.StringType, func(d *topics.Data) any { return d.Device }})
	case topics.TypeCouponUsed:
		return append(all, variable{"coupon", cel.StringType, func(d *topics.Data) any { return d.Coupon }})
	}
	return all
}

func orderVariables() []variable {
	return []variable{
		{"order.net", cel.IntType, func(d *topics.Data) any {
			var sum int64
			for i := range d.Lines {
				sum += d.Lines[i].Net // at most 1,000 × 10^12
			}
			return sum
		}},
		{"order.freight", cel.IntType, func(d *topics.Data) any { return d.Freight }},
		{"order.tax", cel.IntType, func(d *topics.Data) any { return d.Tax }},
		{"order.paid_with_points", cel.IntType, func(d *topics.Data) any { return d.PaidWithPoints }},
		{"order.lines", cel.ListType(cel.ObjectType("rulefile.OrderLine")), func(d *topics.Data) any {
			lines := make([]OrderLine, len(d.Lines))
			for i := range d.Lines {
				l := &d.Lines[i]
				lines[i] = OrderLine{l.Line, l.SKU, l.Category, l.Tags, l.Quantity, l.Net}
			}
			return lines
		}},
	}
}

// asked are an event's variables, made only if a condition asks.
type asked struct {
	data      *topics.Data
	variables map[string]variable
}

// ResolveName is of cel's Activation.
func (a asked) ResolveName(name string) (any, bool) {
	v, ok := a.variables[name]
	if !ok {
		return nil, false
	}
	return v.of(a.data), true
}

// Parent is of cel's Activation: there is none.
func (asked) Parent() cel.Activation { return nil }

// Condition compiles a rule's `when`, a CEL expression over an event of a type, once. The error says where it is wrong.
func Condition(on, when string) (rules.Condition, error) {
	variables := map[string]variable{}
	options := []cel.EnvOption{ext.NativeTypes(ext.ParseStructTags(true), reflect.TypeFor[OrderLine]())}
	for _, v := range variablesOf(on) {
		variables[v.name] = v
		options = append(options, cel.Variable(v.name, v.typ))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("cel: %w", err)
	}
	checked, issues := env.Compile(when)
	if issues.Err() != nil {
		return nil, &conditionError{issues}
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, errNoBool
	}
	for _, t := range checked.NativeRep().TypeMap() {
		if strings.Contains(t.String(), "double") {
			return nil, errFloat
		}
	}
	program, err := env.Program(checked, cel.CostLimit(conditionCostMost))
	if err != nil {
		return nil, fmt.Errorf("cel: %w", err)
	}
	return func(e *topics.Event) (bool, error) {
		out, _, err := program.Eval(asked{&e.Data, variables})
		if err != nil {
			return false, fmt.Errorf("when: %w", err)
		}
		holds, ok := out.Value().(bool)
		if !ok {
			return false, errNoBool
		}
		return holds, nil
	}, nil
}

// conditionError is what the compiler found.
type conditionError struct{ issues *cel.Issues }

func (e *conditionError) Error() string { return e.issues.Errors()[0].Message }

// when reads a rule's condition and checks it, each fault with its place within the expression.
func (s *section) when(on string, known bool) string {
	const expected = "a CEL expression that is true or false, such as \"order.net >= 1000\""
	text := s.value("when", expected)
	if text == "" || !known {
		return text
	}
	n := s.fields["when"]
	if len(text) > conditionCharsMax {
		s.fault(n, fmt.Sprintf("%s has more than %d characters", s.of("when"), conditionCharsMax), expected)
		return text
	}
	_, err := Condition(on, text)
	var wrong *conditionError
	switch {
	case err == nil:
	case errors.As(err, &wrong):
		for _, e := range wrong.issues.Errors() {
			line, column := within(n, e.Location.Line(), e.Location.Column())
			s.faultAt(line, column, s.of("when")+": "+e.Message, expected)
		}
	default:
		s.fault(n, s.of("when")+": "+err.Error(), expected)
	}
	return text
}

// within is the place in the file of a place in a text: exact where the text stands in one line, else that of its beginning.
func within(n ast.Node, line, column int) (int, int) {
	y, x := position(n)
	if _, ok := n.(*ast.StringNode); !ok || line > 1 {
		return y, x
	}
	if t := n.GetToken().Type; t == token.DoubleQuoteType || t == token.SingleQuoteType {
		x++
	}
	return y, x + column
}
