// Package login asks an OpenID provider who somebody is: the code flow with PKCE (RFC 7636), state and nonce.
package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// providerTimeout bounds each call to the provider.
const providerTimeout = 5 * time.Second

// Config says which provider, and what its users may do here.
type Config struct {
	Issuer, ClientID, ClientSecret string
	Scopes                         []string // besides openid
	IDClaim                        string   // who somebody is, in the audit
	RolesClaim                     string   // of the ID token, or else of the user info: a text or a list; dots lead into objects
	RolesMap                       map[string][]string
}

// Provider is an OpenID provider. It is asked for its endpoints at the first login, so that one that is down stops nobody's start.
type Provider struct {
	config Config
	client *http.Client

	mu         sync.Mutex
	discovered *oidc.Provider
}

// New makes a Provider.
func New(c Config) *Provider {
	return &Provider{config: c, client: &http.Client{Timeout: providerTimeout}}
}

func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.discovered != nil {
		return p.discovered, nil
	}
	// The provider keeps this context for its keys: it must outlive the request.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("login: %w", err)
	}
	p.discovered = found
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.config.Scopes...),
	}
}

// Begin returns where the browser goes to log in; redirect is where it comes back to.
func (p *Provider) Begin(ctx context.Context, redirect, state, nonce, verifier string) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	return p.oauth(found, redirect).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// Complete trades the code that the browser brought for who logged in, and in which of our roles.
func (p *Provider) Complete(ctx context.Context, redirect, code, nonce, verifier string) (id string, roles []string, err error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", nil, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := p.oauth(found, redirect).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return "", nil, fmt.Errorf("login: %w", err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := found.Verifier(&oidc.Config{ClientID: p.config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return "", nil, fmt.Errorf("login: %w", err)
	}
	if token.Nonce != nonce {
		return "", nil, errors.New("login: the ID token is of another login")
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return "", nil, fmt.Errorf("login: %w", err)
	}
	if at(claims, p.config.RolesClaim) == nil || at(claims, p.config.IDClaim) == nil {
		if err := p.userInfo(ctx, found, tokens, token.Subject, claims); err != nil {
			return "", nil, err
		}
	}
	id, _ = at(claims, p.config.IDClaim).(string)
	return id, p.roles(at(claims, p.config.RolesClaim)), nil
}

// userInfo adds what the ID token does not say.
func (p *Provider) userInfo(ctx context.Context, found *oidc.Provider, tokens *oauth2.Token, subject string, claims map[string]any) error {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return fmt.Errorf("login: %w", err)
	}
	if info.Subject != subject { // OpenID Connect Core, 5.3.2
		return errors.New("login: the user info is of somebody else")
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return fmt.Errorf("login: %w", err)
	}
	for name, v := range more {
		if _, ok := claims[name]; !ok {
			claims[name] = v
		}
	}
	return nil
}

// at reads a claim, such as realm_access.roles.
func at(claims map[string]any, name string) any {
	if v, ok := claims[name]; ok {
		return v
	}
	var v any = claims
	for part := range strings.SplitSeq(name, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[part]
	}
	return v
}

// roles are ours for the values of a claim; what the map does not name gives none.
func (p *Provider) roles(claim any) []string {
	values, ok := claim.([]any)
	if !ok {
		values = []any{claim}
	}
	var out []string
	for _, v := range values {
		if text, ok := v.(string); ok {
			out = append(out, p.config.RolesMap[text]...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
