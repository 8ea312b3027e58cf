package main

import (
	"context"
	"errors"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/processors/channels"
)

// errNoContacts says that nobody can be reached.
var errNoContacts = errors.New("notices.channels: members are reached by contacts, which are kept where vault.keys is set")

// contact reads how members want to be reached: what an erased member said is gone, a merged one is the other one.
func (a *app) contact(books *kafka.Rulebooks, tail *kafka.Tail) (func(context.Context, string) (channels.Contact, error), error) {
	port, err := newContactsPort(newPorts(a, nil, books, tail))
	if err != nil {
		return nil, err
	}
	if len(port.ring) == 0 { // no notice could be sent, and each would be tried for ever
		return nil, errNoContacts
	}
	return func(ctx context.Context, member string) (channels.Contact, error) {
		for {
			r, err := port.Reach(ctx, member)
			var merged httpapi.MergedError
			switch {
			case errors.As(err, &merged):
				member = merged.Into
				continue
			case errors.Is(err, httpapi.ErrErased):
				return channels.Contact{}, nil
			}
			return channels.Contact{Email: r.Email, Phone: r.Phone, Language: r.Language, Channels: r.Channels}, err
		}
	}, nil
}
