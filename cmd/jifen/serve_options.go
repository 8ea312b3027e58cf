package main

import (
	"context"
	"log/slog"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/web"
)

// apiOptions are the ports and settings of the API; what its ports begin ends with ctx.
func (a *app) apiOptions(ctx context.Context, ports *ports, settings *kafka.Settings, verifier *httpapi.Verifier) (httpapi.Options, error) {
	console, err := ports.console(ctx)
	if err != nil {
		return httpapi.Options{}, err
	}
	contacts, err := newContactsPort(ports)
	if err != nil {
		return httpapi.Options{}, err
	}
	h := a.config.HTTP
	return httpapi.Options{
		Accounts:     ports,
		Items:        ports,
		Mall:         ports,
		Catalogue:    ports,
		Redemptions:  ports,
		Steps:        ports,
		History:      ports,
		Timeline:     ports,
		Orders:       ports,
		Boards:       ports,
		Late:         &lateQueue{ports: ports},
		Acts:         ports,
		Retro:        &retroRuns{ports: ports},
		Settings:     &settingsPort{a, settings},
		Contacts:     contacts.options(),
		Ratings:      &ratingsPort{contactsPort: contacts},
		Verifier:     verifier,
		Console:      console,
		Auditor:      &auditPort{ports},
		SigningKey:   []byte(h.SigningKey.Reveal()),
		Shares:       a.shares(),
		Clock:        a.clock,
		Metrics:      a.registry,
		Log:          slog.Default(),
		Version:      "v1",
		Messages:     &inboxPorts{ports, a.store.Inboxes()},
		Codes:        &codePools{ports},
		Visits:       ports,
		EmbedOrigins: h.EmbedOrigins,
		APIKeys:      a.config.Auth.APIKeys,
		Rates:        a.rates(),
		Sessions:     a.sessions(),
		Pages:        web.FS(),
		Limits: httpapi.Limits{
			ReadHeaderTimeout: h.ReadHeaderTimeout, RequestTimeout: h.RequestTimeout, IdleTimeout: h.IdleTimeout,
			ShutdownTimeout: h.ShutdownTimeout, BodyBytesMax: h.BodyBytesMax, RedemptionWait: h.RedemptionWait, QuoteValidity: h.QuoteValidity,
		},
	}, nil
}
