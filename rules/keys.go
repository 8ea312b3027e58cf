package rules

import (
	"fmt"
	"time"

	"jifen/topics"
)

// separator joins the parts of a key; ids are printable, so it cannot occur in one.
const separator = "\x1f"

// businessKey is the second identity of an event within its member's account, beside (source, id): what may happen once
// however often it is told (semantics §6). Empty where the order or refund id does that work, or where nothing does.
func (b *Book) businessKey(e *topics.Event) string {
	d := &e.Data
	switch e.Type {
	case topics.TypeReviewPublished:
		if d.Order == "" {
			return "review" + separator + e.Source + separator + separator + d.Review
		}
		return "review" + separator + e.Source + separator + d.Order + separator + d.Line
	case topics.TypeShareCreated:
		day := e.Time.In(b.zone()).Format(time.DateOnly)
		return "share" + separator + d.Member + separator + d.Product + separator + day
	case topics.TypeRegistered:
		return "registered"
	case topics.TypeProfileCompleted:
		return "profile_completed"
	case topics.TypeSurveyCompleted:
		return "survey_completed" + separator + d.Survey
	}
	return ""
}

// zone is the program's time zone; UTC where no book is in force.
func (b *Book) zone() *time.Location {
	if b == nil || b.source.Zone == nil {
		return time.UTC
	}
	return b.source.Zone
}

// limitKey reads off an event what a rule's limit counts by; nil where it counts all events together.
func limitKey(by string) (func(*topics.Data) string, error) {
	switch by {
	case "":
		return nil, nil
	case topics.ByProduct:
		return func(d *topics.Data) string { return d.Product }, nil
	case topics.BySKU:
		return func(d *topics.Data) string { return d.SKU }, nil
	case topics.BySurvey:
		return func(d *topics.Data) string { return d.Survey }, nil
	case topics.ByActivity:
		return func(d *topics.Data) string { return d.Activity }, nil
	}
	return nil, fmt.Errorf("a limit by %q", by)
}
