// Package channels sends members what they are told by one of the channels: e-mail, SMS, app push, social networks.
//
//	in:     points.notices.v1
//	out:    the channel's service; dlq.points.notices.v1 for what it did not take
//	state:  none
//	repeat: a notice may be sent again after a crash, under the same id: its own and the channel's
package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"jifen/topics"
)

// Contact is how a member wants to be reached. The zero value is of who said nothing: nothing is sent.
type Contact struct {
	Email, Phone string
	Language     string   // zh-CN | en
	Channels     []string // by which the member wants to be told
}

// Message is what is sent.
type Message struct {
	ID       string // of the notice and the channel: the same however often it is sent
	Channel  string
	Member   string
	Email    string // of channel email
	Phone    string // of the others, where it is known
	Language string
	Kind     string // of the notice
	Template string // that made title and text: channel/language/kind
	Title    string
	Text     string
	Time     time.Time // that the notice is of
}

// Dependencies are what the stage needs of the world.
type Dependencies struct {
	Channel string
	Contact func(ctx context.Context, member string) (Contact, error)
	// Render makes title and text of a notice from a template, whose name it tells.
	Render func(language string, e *topics.NoticeEvent) (template, title, text string, err error)
	// Send tries once. A Refusal is not tried again.
	Send     func(ctx context.Context, m Message) error
	Observe  func(outcome string)
	Clock    func() time.Time // the program's clock
	AgeMax   time.Duration    // older notices are not sent
	TriesMax int
	WaitMin  time.Duration // before the second try; each further one is twice as long
	WaitMax  time.Duration
}

// The outcomes, for metrics.
const (
	Sent        = "sent"
	Failed      = "failed"   // it is tried again
	GivenUp     = "given_up" // after the last try, or at once where the service refused it for good
	Unwanted    = "unwanted" // the member does not want this channel
	Unreachable = "unreachable"
	Aged        = "aged"
)

// Refusal says that a service will never take a message.
type Refusal struct{ Why string }

func (r *Refusal) Error() string { return r.Why }

// Stage sends the notices of one channel.
type Stage struct{ Dependencies }

// New makes a stage.
func New(d Dependencies) *Stage { return &Stage{d} }

// Deliver sends a notice, if its member wants it. It returns a Reject once it was tried as often as it may be, and an error
// where it cannot be tried now. What is no notice is left to the stage messages, which sets it aside.
func (s *Stage) Deliver(ctx context.Context, r *topics.Record) (*topics.Reject, error) {
	if c := channelOf(r); c != "" && c != s.Channel {
		return nil, nil
	}
	e, reject := topics.DecodeNotice(r.Value)
	if reject != nil || e.Kind == topics.NoticeCodesLow { // which is no member's
		return nil, nil //nolint:nilerr // told above
	}
	if s.Clock().Sub(e.Time) > s.AgeMax {
		s.Observe(Aged)
		return nil, nil
	}
	contact, err := s.Contact(ctx, e.Data.Member)
	if err != nil {
		return nil, fmt.Errorf("contact of a member: %w", err)
	}
	m, outcome := s.message(e, contact)
	if outcome != "" {
		s.Observe(outcome)
		return nil, nil
	}
	if m.Template, m.Title, m.Text, err = s.Render(m.Language, e); err == nil {
		m.Title = line(m.Title)
		err = s.send(ctx, m)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("send %s: %w", m.ID, ctx.Err())
	}
	if err != nil {
		s.Observe(GivenUp)
		r.Headers = append(slices.Clone(r.Headers), topics.Header{Key: topics.HeaderChannel, Value: []byte(s.Channel)})
		return &topics.Reject{Reason: topics.ReasonUndelivered, Message: s.Channel + ": " + err.Error()}, nil
	}
	s.Observe(Sent)
	return nil, nil
}

// message is a notice on its way, without its words, or why there is none.
func (s *Stage) message(e *topics.NoticeEvent, c Contact) (m Message, outcome string) {
	if !slices.Contains(c.Channels, s.Channel) {
		return m, Unwanted
	}
	m = Message{ID: e.ID + "-" + s.Channel, Channel: s.Channel, Member: e.Data.Member, Language: c.Language, Kind: e.Kind, Time: e.Time}
	switch s.Channel {
	case topics.ChannelEmail:
		m.Email = c.Email
		if m.Email == "" {
			return m, Unreachable
		}
	default:
		m.Phone = c.Phone
		if s.Channel == topics.ChannelSMS && m.Phone == "" {
			return m, Unreachable
		}
	}
	return m, ""
}

// send tries until the service takes the message, waiting longer and longer, with jitter.
func (s *Stage) send(ctx context.Context, m Message) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.Multiplier = s.WaitMin, s.WaitMax, 2
	tries := 0
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		tries++
		err := s.Send(ctx, m)
		if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(0), backoff.WithMaxTries(uint(s.TriesMax)),
		backoff.WithNotify(func(error, time.Duration) { s.Observe(Failed) }))
	if err != nil {
		return fmt.Errorf("%d tries, the last: %w", tries, err)
	}
	return nil
}

func channelOf(r *topics.Record) string {
	for _, h := range r.Headers {
		if h.Key == topics.HeaderChannel {
			return string(h.Value)
		}
	}
	return ""
}

// line is a text on one line.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
