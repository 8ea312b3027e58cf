package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jifen/topics"
)

// Messages are what members find in the mall's inbox.
type Messages interface {
	// Inbox reads a member's messages, the newest first, and up to when they were read; ErrErased.
	Inbox(ctx context.Context, member string) (Inbox, error)
	// ReadUntil notes that a member has read what is not later than an instant.
	ReadUntil(ctx context.Context, member string, until time.Time) error
}

// Inbox is a member's messages.
type Inbox struct {
	Messages []topics.Message // the newest first, those of one instant by their ids backwards
	Read     time.Time        // what is not later was read
}

// MessageBody is a message.
type MessageBody struct {
	ID         string    `json:"id"`
	Kind       string    `json:"kind" doc:"Of the notice, such as expiry or shipped; coupon_issued, coupon_revoked."`
	Title      string    `json:"title" doc:"In the language asked for, as the text."`
	Text       string    `json:"text"`
	At         time.Time `json:"at"`
	Read       bool      `json:"read"`
	Redemption string    `json:"redemption,omitempty" doc:"Of the redemption that it is about."`
	Item       string    `json:"item,omitempty" doc:"Of the item that it is about."`
}

// MessagesBody is a page of messages.
type MessagesBody struct {
	Messages   []MessageBody `json:"messages" doc:"Newest first; the newest 200, none older than 400 days."`
	Unread     int           `json:"unread" doc:"Of all messages."`
	NextCursor string        `json:"next_cursor,omitempty" doc:"Absent on the last page."`
}

type (
	messagesOutput struct{ Body MessagesBody }
	readInput      struct {
		Body struct {
			Until time.Time `json:"until" doc:"What is not later was read; instants to come count as now."`
		}
	}
	readOutput struct{}
)

// messageCursor is where a page of messages ended.
type messageCursor struct {
	Member string `json:"m"`
	At     int64  `json:"a"`
	ID     string `json:"i"`
}

const purposeMessages = "messages"

func (a *API) messageRoutes() {
	register(a, huma.Operation{
		OperationID: "my-messages", Method: http.MethodGet, Path: "/v1/me/messages", Tags: []string{"messages"},
		Summary: "My messages", Metadata: access(RoleMember),
		Responses: a.problems(codeForbidden, codeInvalid, codeCursorInvalid, codeErased),
	}, a.myMessages)
	register(a, huma.Operation{
		OperationID: "read-messages", Method: http.MethodPost, Path: "/v1/me/messages/read", Tags: []string{"messages"}, DefaultStatus: http.StatusNoContent,
		Summary: "I have read my messages", Metadata: access(RoleMember),
		Responses: a.problems(codeBadRequest, codeForbidden, codeTooLarge, codeMediaType, codeInvalid, codeErased),
	}, func(ctx context.Context, in *readInput) (*readOutput, error) {
		until := in.Body.Until
		if now := a.clock(); until.After(now) {
			until = now
		}
		return nil, a.messages.ReadUntil(ctx, caller(ctx).ID, until)
	})
}

func (a *API) myMessages(ctx context.Context, in *pageInput) (*messagesOutput, error) {
	who := caller(ctx).ID
	var from messageCursor
	if in.Cursor != "" && (!a.signer.open(purposeMessages, in.Cursor, &from) || from.Member != who) {
		return nil, invalid(codeCursorInvalid, "query.cursor")
	}
	inbox, err := a.messages.Inbox(ctx, who)
	if err != nil {
		return nil, err
	}
	body := MessagesBody{Messages: []MessageBody{}}
	language := languageIn(ctx)
	for _, m := range inbox.Messages {
		read := !m.At.After(inbox.Read)
		if !read {
			body.Unread++
		}
		if in.Cursor != "" && !from.before(m) {
			continue
		}
		if len(body.Messages) < in.Limit {
			body.Messages = append(body.Messages, messageOf(language, m, read))
			continue
		}
		if last := body.Messages[in.Limit-1]; body.NextCursor == "" {
			if body.NextCursor, err = a.signer.sign(purposeMessages, messageCursor{who, last.At.UnixMilli(), last.ID}); err != nil {
				return nil, err
			}
		}
	}
	return &messagesOutput{body}, nil
}

// before says that a message comes after the one at which the page ended.
func (c messageCursor) before(m topics.Message) bool {
	at := m.At.UnixMilli()
	return at < c.At || at == c.At && m.ID < c.ID
}

func messageOf(l lang, m topics.Message, read bool) MessageBody {
	title := topics.MessageTitle(m.Kind)
	return MessageBody{
		ID: m.ID, Kind: m.Kind, Title: l.pick(title.Zh, title.En), Text: l.pick(m.Text.Zh, m.Text.En), At: m.At.UTC(), Read: read,
		Redemption: m.Redemption, Item: m.Item,
	}
}
