package rulefile

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"jifen/topics"
)

// event reads {type, time, data} as the event that a shop would send: names are strict, because a typing error must not
// look like a case, and then it passes the checks of every inbound record.
func (s *section) event(e *topics.Event) {
	ev := s.required("event", "type", "time", "data")
	if ev.broken || !ev.has("type", "an event type") || !ev.has("time", "when it happened, with its offset") || !ev.has("data", "the event's data") {
		return
	}
	e.Source, e.ID, e.Type, e.Time = "/rules/test", "case", ev.value("type", "an event type"), ev.instant("time")
	node := ev.fields["data"]
	expected := "the data of a " + e.Type
	var data any
	err := yaml.NodeToValue(node, &topics.Data{}, yaml.Strict())
	if err == nil {
		err = yaml.NodeToValue(node, &data)
	}
	if err != nil {
		ev.valueFault(node, err, expected)
		return
	}
	if e.Type == "" || e.Time.IsZero() {
		return
	}
	text, err := json.Marshal(data)
	if err != nil {
		ev.valueFault(node, err, expected)
		return
	}
	record := topics.Encode(e)
	record.Value = text
	decoded, reject := topics.Decode(&record, topics.DefaultLimits(), e.Time)
	if reject != nil {
		s.fault(node, ev.of("data")+": "+reject.Error(), expected)
		return
	}
	*e = *decoded
}

// shared reads {by, at}: through whose share an order came, as its verified token would say.
func (s *section) shared(e *topics.Event) {
	sh := s.child("shared", "by", "at")
	if sh == nil || sh.broken {
		return
	}
	if e.Type != "" && e.Type != topics.TypeOrderPaid {
		s.fault(sh.at, fmt.Sprintf("%s: events %s come through nobody's share", sh.path, e.Type), "an event "+topics.TypeOrderPaid)
	}
	if sh.has("at", "when it was shared, with its offset") {
		e.Shared = topics.Share{Sharer: sh.id("by"), IssuedAt: sh.instant("at")}
	}
	e.Data.Referral = "verified" // the token itself is not looked at here
}

// valueFault records an error of decoding a value, at the place that the error names if it names one.
func (s *section) valueFault(n ast.Node, err error, expected string) {
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		p := at.GetToken().Position
		s.faultAt(p.Line, p.Column, s.of("data")+": "+at.GetMessage(), expected)
		return
	}
	s.fault(n, s.of("data")+": "+err.Error(), expected)
}
