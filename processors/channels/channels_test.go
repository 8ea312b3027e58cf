package channels

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/topics"
)

var now = time.Date(2026, 6, 1, 2, 0, 0, 0, time.UTC)

// service takes messages, or does not.
type service struct {
	got      []Message
	errs     []error // of the next tries
	outcomes []string
	contact  Contact
	contacts error
}

func (s *service) send(_ context.Context, m Message) error {
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return err
	}
	s.got = append(s.got, m)
	return nil
}

func (s *service) stage(channel string) *Stage {
	return New(Dependencies{
		Channel: channel, Send: s.send, Clock: func() time.Time { return now }, AgeMax: time.Hour, TriesMax: 3, WaitMin: time.Millisecond, WaitMax: 2 * time.Millisecond,
		Contact: func(context.Context, string) (Contact, error) { return s.contact, s.contacts },
		Render: func(language string, e *topics.NoticeEvent) (template, title, text string, err error) {
			if e.Kind == "odd" {
				return "", "", "", errors.New("no template")
			}
			return channel + "/" + language, "one\r\nBcc: all", e.Data.Text.Zh, nil
		},
		Observe: func(outcome string) { s.outcomes = append(s.outcomes, outcome) },
	})
}

func notice(t testing.TB, id, kind string, at time.Time) topics.Record {
	t.Helper()
	e := topics.NoticeEvent{ID: id, Kind: kind, Time: at, Data: topics.NoticeData{Member: "m-" + id, Text: topics.Words{Zh: "文"}}}
	r, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func everywhere() Contact {
	return Contact{Email: "a@b.example", Phone: "+86 1", Language: "en", Channels: topics.Channels()}
}

// TestANoticeIsSentByItsChannel, to where the channel goes, on one line of title.
func TestANoticeIsSentByItsChannel(t *testing.T) {
	for channel, to := range map[string][2]string{
		topics.ChannelEmail: {"a@b.example", ""}, topics.ChannelSMS: {"", "+86 1"}, topics.ChannelPush: {"", "+86 1"}, topics.ChannelSocial: {"", "+86 1"},
	} {
		s := &service{contact: everywhere()}
		r := notice(t, "n1", topics.NoticeExpiry, now)
		if reject, err := s.stage(channel).Deliver(t.Context(), &r); reject != nil || err != nil {
			t.Fatalf("%s: %v %v", channel, reject, err)
		}
		want := []Message{{
			ID: "n1-" + channel, Channel: channel, Member: "m-n1", Email: to[0], Phone: to[1], Language: "en", Kind: topics.NoticeExpiry,
			Template: channel + "/en", Title: "one Bcc: all", Text: "文", Time: now,
		}}
		if d := cmp.Diff(s.got, want); d != "" {
			t.Errorf("(-got +want):\n%s", d)
		}
		if d := cmp.Diff(s.outcomes, []string{Sent}); d != "" {
			t.Errorf("%s (-got +want):\n%s", channel, d)
		}
	}
}

// TestWhatIsNotSent because nobody wants it, or it is too late, is counted.
func TestWhatIsNotSent(t *testing.T) {
	other := notice(t, "n1", topics.NoticeExpiry, now)
	other.Headers = append(other.Headers, topics.Header{Key: topics.HeaderChannel, Value: []byte(topics.ChannelSMS)})
	for name, x := range map[string]struct {
		channel string
		contact Contact
		record  topics.Record
		want    []string
	}{
		"who said nothing": {topics.ChannelEmail, Contact{}, notice(t, "n1", topics.NoticeExpiry, now), []string{Unwanted}},
		"another channel":  {topics.ChannelEmail, Contact{Email: "a@b", Channels: []string{topics.ChannelSMS}}, notice(t, "n1", topics.NoticeExpiry, now), []string{Unwanted}},
		"no address":       {topics.ChannelEmail, Contact{Phone: "1", Channels: topics.Channels()}, notice(t, "n1", topics.NoticeExpiry, now), []string{Unreachable}},
		"no phone":         {topics.ChannelSMS, Contact{Email: "a@b", Channels: topics.Channels()}, notice(t, "n1", topics.NoticeExpiry, now), []string{Unreachable}},
		"long ago":         {topics.ChannelEmail, everywhere(), notice(t, "n1", topics.NoticeExpiry, now.Add(-time.Hour-time.Millisecond)), []string{Aged}},
		"no notice":        {topics.ChannelEmail, everywhere(), topics.Record{Topic: topics.Notices, Value: []byte("{")}, nil},
		"of an item":       {topics.ChannelEmail, everywhere(), notice(t, "n1", topics.NoticeCodesLow, now), nil},
		"for another one":  {topics.ChannelEmail, everywhere(), other, nil},
	} {
		s := &service{contact: x.contact}
		reject, err := s.stage(x.channel).Deliver(t.Context(), &x.record)
		if reject != nil || err != nil || len(s.got) > 0 {
			t.Errorf("%s: %v %v %v", name, reject, err, s.got)
		}
		if d := cmp.Diff(s.outcomes, x.want); d != "" {
			t.Errorf("%s (-got +want):\n%s", name, d)
		}
	}
}

// TestANoticeIsTriedUntilItIsTaken, under one id; after the last try, or a refusal for good, it is a dead letter of its channel.
func TestANoticeIsTriedUntilItIsTaken(t *testing.T) {
	down, refused := errors.New("down"), fmt.Errorf("smtp: %w", &Refusal{"the mail server answered 550"})
	for name, x := range map[string]struct {
		kind     string
		errs     []error
		outcomes []string
		message  string
	}{
		"twice down":     {"expiry", []error{down, down}, []string{Failed, Failed, Sent}, ""},
		"for ever down":  {"expiry", []error{down, down, down}, []string{Failed, Failed, GivenUp}, "email: 3 tries, the last: down"},
		"refused":        {"expiry", []error{refused}, []string{GivenUp}, "email: 1 tries, the last: smtp: the mail server answered 550"},
		"without a word": {"odd", nil, []string{GivenUp}, "email: no template"},
	} {
		s := &service{contact: everywhere(), errs: x.errs}
		r := notice(t, "n1", x.kind, now)
		reject, err := s.stage(topics.ChannelEmail).Deliver(t.Context(), &r)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(s.outcomes, x.outcomes); d != "" {
			t.Errorf("%s (-got +want):\n%s", name, d)
		}
		if x.message == "" {
			if reject != nil || len(s.got) != 1 || s.got[0].ID != "n1-email" {
				t.Errorf("%s: %v %v", name, reject, s.got)
			}
			continue
		}
		if reject == nil || reject.Reason != topics.ReasonUndelivered || reject.Message != x.message || channelOf(&r) != topics.ChannelEmail {
			t.Errorf("%s: %v of %q", name, reject, channelOf(&r))
			continue
		}
		letter := topics.DeadLetter(&r, "g", reject)
		opened, err := topics.OpenLetter(&letter)
		again := opened.Replay()
		if err != nil || channelOf(&again) != topics.ChannelEmail {
			t.Errorf("%s: brought back it is for %q, %v", name, channelOf(&again), err)
		}
	}
}

// TestContactsThatCannotBeReadAreWaitedFor: nothing is given up.
func TestContactsThatCannotBeReadAreWaitedFor(t *testing.T) {
	s := &service{contacts: errors.New("redis is away")}
	r := notice(t, "n1", topics.NoticeExpiry, now)
	if reject, err := s.stage(topics.ChannelEmail).Deliver(t.Context(), &r); reject != nil || !errors.Is(err, s.contacts) || s.outcomes != nil {
		t.Errorf("%v %v %v", reject, err, s.outcomes)
	}
	ctx, stop := context.WithCancel(t.Context())
	s = &service{contact: everywhere(), errs: []error{errors.New("down")}}
	stage := s.stage(topics.ChannelEmail)
	stage.WaitMin, stage.WaitMax = time.Hour, time.Hour
	stage.Observe = func(string) { stop() }
	if reject, err := stage.Deliver(ctx, &r); reject != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("told to stop: %v %v", reject, err)
	}
}
