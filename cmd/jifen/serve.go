package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/topics"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Serve the HTTP API of members, staff and merchants", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := open(cmd)
			if err != nil {
				return err
			}
			return errors.Join(a.withAdmin(cmd.Context(), a.serve), a.close())
		},
	}
}

func (a *app) serve(ctx context.Context) error {
	if err := a.servable(); err != nil {
		return err
	}
	a.health.Add("redis", a.store.Ready)
	a.health.Add("kafka", func(ctx context.Context) error { return kafka.Ready(ctx, a.kafka) })
	if err := a.await(ctx, true); err != nil || ctx.Err() != nil {
		return err
	}
	keys, err := a.keys()
	if err != nil {
		return err
	}
	verifier, err := httpapi.NewVerifier(ctx, httpapi.AuthOptions{
		Issuer: a.config.Auth.Issuer, Audience: a.config.Auth.Audience, Algorithms: a.config.Auth.Algorithms,
		JWKSURL: a.config.Auth.JWKSURL, Keys: keys, Log: slog.Default(),
	})
	if err != nil {
		return err
	}
	a.health.Add("issuer", verifier.Ready)
	return a.serveWith(ctx, verifier, nil)
}

// signingKeyMin is the fewest characters of http.signing_key.
const signingKeyMin = 32

// servable says what settings the API lacks, all at once.
func (a *app) servable() error {
	var faults []error
	if a.config.Auth.Issuer == "" {
		faults = append(faults, errors.New("auth.issuer is not set: whose tokens are to be accepted?"))
	}
	if (a.config.Auth.JWKSURL == "") == (a.config.Auth.KeysFile == "") {
		faults = append(faults, errors.New("auth: want either jwks_url or keys_file, to check tokens with"))
	}
	if len(a.config.HTTP.SigningKey.Reveal()) < signingKeyMin {
		faults = append(faults, fmt.Errorf("http.signing_key: want at least %d characters (or signing_key_file)", signingKeyMin))
	}
	return errors.Join(faults...)
}

func (a *app) keys() ([]byte, error) {
	if a.config.Auth.KeysFile == "" {
		return nil, nil
	}
	keys, err := os.ReadFile(a.config.Auth.KeysFile)
	if err != nil {
		return nil, fmt.Errorf("auth.keys_file: %w", err)
	}
	return keys, nil
}

// serveWith serves the API to the tokens of a verifier; listening is told the address.
func (a *app) serveWith(ctx context.Context, verifier *httpapi.Verifier, listening func(addr string)) error {
	producer, err := kafka.NewProducer(a.kafka)
	if err != nil {
		return err
	}
	defer producer.Close()
	books := a.rulebooks()
	ports := newPorts(a, producer, books, kafka.NewTail(a.kafka, topics.Ledger))
	settings := &kafka.Settings{Config: a.kafka}
	options, err := a.apiOptions(ctx, ports, settings, verifier)
	if err != nil {
		return err
	}
	api, err := httpapi.New(options)
	if err != nil {
		return err
	}
	if err := api.Listen(a.config.HTTP.Addr); err != nil {
		return err
	}
	slog.Info("api listens", "addr", api.Addr())
	if listening != nil {
		listening(api.Addr())
	}
	a.health.Started()
	run, ctx := errgroup.WithContext(ctx)
	run.Go(func() error { return books.Run(ctx) })
	run.Go(func() error { return settings.Run(ctx) })
	run.Go(func() error { return ports.tail.Run(ctx) })
	run.Go(func() error { ports.listen(ctx); return nil })
	run.Go(func() error { return api.Run(ctx) })
	err = run.Wait()
	if err != nil && strings.Contains(err.Error(), "cut off") {
		slog.Warn("shutdown", "error", err)
		return nil
	}
	return err
}
