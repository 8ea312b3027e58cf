package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"jifen/internal/config"
	"jifen/internal/kafka"
	"jifen/internal/mail"
	"jifen/internal/templates"
	"jifen/internal/webhook"
	"jifen/processors/channels"
	"jifen/topics"
)

// channels: points.notices → e-mail, SMS, push, social, each as its own consumer group. None is in use by default.
func (a *app) channels(ctx context.Context, books *kafka.Rulebooks, observe *observer) error {
	c := a.config.Notices
	if len(c.Channels) == 0 {
		return nil
	}
	words, err := a.templates()
	if err != nil {
		return err
	}
	tail := kafka.NewTail(a.kafka, topics.Ledger)
	contact, err := a.contact(books, tail)
	if err != nil {
		return err
	}
	run, ctx := errgroup.WithContext(ctx)
	run.Go(func() error { return tail.Run(ctx) })
	for _, channel := range c.Channels {
		send, err := sender(c, channel)
		if err != nil {
			return err
		}
		stage := channels.New(channels.Dependencies{
			Channel: channel, Contact: contact, Send: send, Clock: a.clock, AgeMax: c.AgeMax,
			Render: func(language string, e *topics.NoticeEvent) (name, title, text string, err error) {
				return words.Render(channel, language, e, a.zone(books))
			},
			Observe:  func(outcome string) { observe.sent.WithLabelValues(channel, outcome).Inc() },
			TriesMax: c.TriesMax, WaitMin: c.RetryWaitMin, WaitMax: c.RetryWaitMax,
		})
		delivery := &kafka.Delivery{Config: a.kafka, Group: topics.GroupChannels + channel, Topic: topics.Notices, Deliver: stage.Deliver}
		run.Go(func() error { return delivery.Run(ctx) })
	}
	return run.Wait()
}

// templates reads the words of notices.
func (a *app) templates() (*templates.Set, error) {
	name := a.config.Notices.TemplatesFile
	var file []byte
	if name != "" {
		var err error
		if file, err = os.ReadFile(name); err != nil {
			return nil, fmt.Errorf("notices.templates_file: %w", err)
		}
	}
	set, err := templates.Read(file)
	if err != nil {
		return nil, fmt.Errorf("notices.templates_file %s:\n%w", name, err)
	}
	return set, nil
}

// zone is that of the rulebook in force.
func (a *app) zone(books *kafka.Rulebooks) *time.Location {
	if all, err := books.Books(); err == nil {
		if b := all.At(a.clock()); b != nil {
			return b.Zone
		}
	}
	return time.UTC
}

// sender is the way of a channel.
func sender(c config.Notices, channel string) (func(context.Context, channels.Message) error, error) {
	if channel == topics.ChannelEmail {
		return emails(c.Email)
	}
	h := c.Webhook
	hook, err := webhook.NewSender(config.Webhook{URL: h.URL, Secret: h.Secret, Timeout: h.Timeout}, func(string) {})
	if err != nil {
		return nil, fmt.Errorf("notices.%w", err)
	}
	hook.ContentType = "application/json; charset=utf-8"
	return func(ctx context.Context, m channels.Message) error {
		body, err := json.Marshal(channelBody{
			ID: m.ID, Channel: m.Channel, Member: m.Member, Phone: m.Phone, Language: m.Language, Kind: m.Kind, Template: m.Template,
			Title: m.Title, Text: m.Text, Time: m.Time.UTC(),
		})
		if err != nil {
			return fmt.Errorf("message %s: %w", m.ID, err)
		}
		return hook.Post(ctx, m.ID, body)
	}, nil
}

// channelBody is what a receiver of sms, push and social gets (decision 0043).
type channelBody struct {
	ID       string    `json:"id"`
	Channel  string    `json:"channel"`
	Member   string    `json:"member"`
	Phone    string    `json:"phone,omitempty"`
	Language string    `json:"language"`
	Kind     string    `json:"kind"`
	Template string    `json:"template"`
	Title    string    `json:"title,omitempty"`
	Text     string    `json:"text"`
	Time     time.Time `json:"time"`
}

func emails(c config.Email) (func(context.Context, channels.Message) error, error) {
	s, err := mail.NewSender(c)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, m channels.Message) error {
		err := s.Send(ctx, mail.Message{ID: m.ID, To: m.Email, Subject: m.Title, Text: m.Text, Date: m.Time})
		if refused := (*mail.RefusedError)(nil); errors.As(err, &refused) {
			return &channels.Refusal{Why: refused.Why}
		}
		return err
	}, nil
}
