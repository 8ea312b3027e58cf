package httpapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// DeadLetters are the records that were given up, and their way back.
type DeadLetters interface {
	// DeadLetters lists, the newest first; from is where the page before ended. What it reads is bounded: a page may be short
	// and go on.
	DeadLetters(ctx context.Context, q LetterQuery) (LetterPage, error)
	// ReplayLetters brings them back to their topics, each at most once, and says what became of each.
	ReplayLetters(ctx context.Context, ids []string) ([]LetterFate, error)
}

// LetterQuery says which dead letters are meant.
type LetterQuery struct {
	Topic, Reason string // of the record that was given up; empty: any
	Limit         int
	From          map[string]map[int32]int64 // offsets by topic and partition; nil: from the newest on
}

// LetterPage is a page of dead letters; Next is nil on the last one.
type LetterPage struct {
	Letters []DeadLetter
	Next    map[string]map[int32]int64
}

// DeadLetter is one of them.
type DeadLetter struct {
	ID, Topic       string // ID is topic:partition:offset of the dead letter, Topic where it came from
	Partition       int32
	Offset          int64
	At              time.Time
	Reason, Message string
	Group           string // the stage that gave it up
	Key, Value      []byte // Value: the beginning, as far as a list shows it
	Bytes           int    // of the value as it lies there
	State           string // what was done with it; empty: nothing
	Again           bool   // it had been brought back before
}

// LetterFate is what became of a dead letter that was to be brought back.
type LetterFate struct {
	ID   string `json:"id"`
	Fate string `json:"fate" enum:"replayed,replayed_before,admitted,declined,cut,too_old,not_found" doc:"cut: its value is not whole; too_old: it would only be refused again, see late events; admitted, declined: people decided about it as a late event."`
}

// DeadLetterBody is a dead letter.
type DeadLetterBody struct {
	ID        string    `json:"id"`
	Topic     string    `json:"topic" doc:"From which the record came."`
	Partition int32     `json:"partition" doc:"Of the dead letter, as is offset."`
	Offset    int64     `json:"offset"`
	At        time.Time `json:"at" doc:"When it was given up."`
	Reason    string    `json:"reason"`
	Message   string    `json:"message"`
	Group     string    `json:"group" doc:"The consumer group that gave it up."`
	Key       string    `json:"key"`
	Value     string    `json:"value" doc:"Its first 16 KiB."`
	Encoding  string    `json:"encoding" enum:"text,base64" doc:"Of the value."`
	Bytes     int       `json:"bytes" doc:"Of the whole value."`
	Replayed  bool      `json:"replayed" doc:"True if it was brought back."`
	State     string    `json:"state,omitempty" enum:"replayed,proposed,admitted,declined" doc:"Absent: nothing was done with it."`
	Again     bool      `json:"again,omitempty" doc:"True if it failed again after it had been brought back."`
}

type (
	letterListInput struct {
		Topic  string `query:"topic" maxLength:"128" doc:"From which they came; absent: any."`
		Reason string `query:"reason" maxLength:"64" doc:"Absent: any."`
		Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
		Cursor string `query:"cursor" maxLength:"8192" doc:"next_cursor of the page before."`
	}
	letterListOutput struct {
		Body struct {
			DeadLetters []DeadLetterBody `json:"dead_letters" doc:"Newest first. A page may be short, or empty, and go on."`
			NextCursor  string           `json:"next_cursor,omitempty" doc:"Absent on the last page."`
		}
	}
	letterReplayInput struct {
		Body struct {
			IDs    []string `json:"ids" minItems:"1" maxItems:"50" nullable:"false"`
			Reason string   `json:"reason" minLength:"1" maxLength:"200" doc:"A reference, such as a ticket; no personal data."`
		}
	}
	letterReplayOutput struct {
		Body struct {
			Replayed int          `json:"replayed" doc:"How many were brought back now."`
			Results  []LetterFate `json:"results"`
		}
	}
)

const purposeLetters = "letters"

// letterCursor is where a page of dead letters ended, for one question.
type letterCursor struct {
	Topic  string                     `json:"t,omitempty"`
	Reason string                     `json:"r,omitempty"`
	From   map[string]map[int32]int64 `json:"f"`
}

func (a *API) deadLetterRoutes() {
	const path = "/v1/dead-letters"
	register(a, huma.Operation{
		OperationID: "dead-letters", Method: http.MethodGet, Path: path, Summary: "Records that were given up, with their reasons (operator, support)",
		Tags: []string{"dead letters"}, Metadata: access(RoleOperator, RoleSupport), Responses: a.problems(codeForbidden, codeInvalid, codeCursorInvalid),
	}, a.deadLetters)
	register(a, huma.Operation{
		OperationID: "replay-dead-letters", Method: http.MethodPost, Path: path + "/replay", Summary: "Bring dead letters back to their topics, each at most once (operator)",
		Tags: []string{"dead letters"}, Metadata: access(RoleOperator),
		Responses: a.problems(codeForbidden, codeInvalid, codeBadRequest, codeTooLarge, codeMediaType),
	}, a.replayLetters)
}

func (a *API) deadLetters(ctx context.Context, in *letterListInput) (*letterListOutput, error) {
	q := LetterQuery{Topic: in.Topic, Reason: in.Reason, Limit: in.Limit}
	if in.Cursor != "" {
		var at letterCursor
		if !a.signer.open(purposeLetters, in.Cursor, &at) || at.Topic != in.Topic || at.Reason != in.Reason {
			return nil, invalid(codeCursorInvalid, "query.cursor")
		}
		q.From = at.From
	}
	page, err := a.console.DeadLetters.DeadLetters(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &letterListOutput{}
	out.Body.DeadLetters = []DeadLetterBody{}
	for i := range page.Letters {
		out.Body.DeadLetters = append(out.Body.DeadLetters, letterBody(&page.Letters[i]))
	}
	if page.Next != nil {
		out.Body.NextCursor, err = a.signer.sign(purposeLetters, letterCursor{in.Topic, in.Reason, page.Next})
	}
	return out, err
}

func letterBody(l *DeadLetter) DeadLetterBody {
	b := DeadLetterBody{
		ID: l.ID, Topic: l.Topic, Partition: l.Partition, Offset: l.Offset, At: l.At.UTC(), Reason: l.Reason, Message: l.Message, Group: l.Group,
		Bytes: l.Bytes, Replayed: l.State == "replayed", State: l.State, Again: l.Again,
	}
	b.Key, _ = shown(l.Key, false)
	b.Value, b.Encoding = shown(l.Value, len(l.Value) < l.Bytes)
	return b
}

// shown is text as it is, anything else in base64. What was cut may end within a character.
func shown(data []byte, cut bool) (value, encoding string) {
	text := data
	for n := 0; cut && n < utf8.UTFMax && len(text) > 0 && !utf8.Valid(text); n++ {
		text = text[:len(text)-1]
	}
	printable := utf8.Valid(text)
	for _, r := range string(text) {
		printable = printable && (unicode.IsPrint(r) || unicode.IsSpace(r))
	}
	if printable {
		return string(text), "text"
	}
	return base64.StdEncoding.EncodeToString(data), "base64"
}

func (a *API) replayLetters(ctx context.Context, in *letterReplayInput) (*letterReplayOutput, error) {
	fates, err := a.console.DeadLetters.ReplayLetters(ctx, in.Body.IDs)
	if err != nil {
		return nil, err
	}
	note(ctx, nil, fates)
	out := &letterReplayOutput{}
	out.Body.Results = fates
	for _, f := range fates {
		if f.Fate == "replayed" {
			out.Body.Replayed++
		}
	}
	return out, nil
}
