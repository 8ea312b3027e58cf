// Package issuer is an OpenID provider on this machine, for the demo and for tests: discovery, keys, tokens and user info are
// real, but whoever opens its login page picks who they are. Nothing that serves others starts it.
package issuer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"time"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// What the console is to the provider, and the claim that says what a user may do.
const (
	ClientID     = "jifen-console"
	ClientSecret = "demo-secret"
	RolesClaim   = "groups"

	loginPath    = "/login/username" // where the provider's storage sends the browser
	requestField = "authRequestID"
	userField    = "user"
	password     = "" // nobody has one
	callbacks    = "http://{127.0.0.1,localhost}:*/console/callback"
)

// Issuer is a running provider.
type Issuer struct {
	URL    string
	server *http.Server
	done   chan error
}

// Start starts a provider on a free port of the loopback. Users are names with the groups that their user info has.
func Start(users map[string][]string) (*Issuer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("demo's issuer: %w", err)
	}
	i := &Issuer{URL: "http://" + l.Addr().String(), done: make(chan error, 1)}
	s := &store{
		Storage: storage.NewStorageWithClients(people(users), map[string]*storage.Client{ClientID: storage.WebClient(ClientID, ClientSecret, i.URL)}), users: users,
	}
	config := &op.Config{CodeMethodS256: true, AuthMethodPost: true, DefaultLogoutRedirectURI: "/"}
	if _, err := rand.Read(config.CryptoKey[:]); err != nil {
		return nil, fmt.Errorf("demo's issuer: %w", err)
	}
	provider, err := op.NewProvider(config, s, op.StaticIssuer(i.URL), op.WithAllowInsecure())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("demo's issuer: %w", err), l.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+loginPath, s.choose)
	mux.Handle("POST "+loginPath, op.NewIssuerInterceptor(provider.IssuerFromRequest).HandlerFunc(s.chosen(op.AuthCallbackURL(provider))))
	mux.Handle("/", provider)
	i.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { i.done <- i.server.Serve(l) }()
	return i, nil
}

// Close ends it.
func (i *Issuer) Close() error {
	err := i.server.Close()
	if served := <-i.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// store is the library's storage in memory, with our users and their groups.
type store struct {
	*storage.Storage
	users map[string][]string
}

// client takes callbacks on any port of the loopback: the demo's is not known before.
type client struct{ op.Client }

func (client) RedirectURIGlobs() []string           { return []string{callbacks} }
func (client) PostLogoutRedirectURIGlobs() []string { return nil }

func (s *store) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := s.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	return client{c}, nil
}

func (s *store) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, token, subject, origin string) error {
	if err := s.Storage.SetUserinfoFromToken(ctx, info, token, subject, origin); err != nil {
		return err
	}
	info.AppendClaims(RolesClaim, s.users[subject])
	return nil
}

// people are users as the library's storage wants them.
type people map[string][]string

func (p people) GetUserByID(id string) *storage.User {
	if _, ok := p[id]; !ok {
		return nil
	}
	return &storage.User{ID: id, Username: id, Password: password}
}

func (p people) GetUserByUsername(name string) *storage.User { return p.GetUserByID(name) }
func (p people) ExampleClientID() string                     { return ClientID }

var page = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Demo login</title>
<body style="font: 16px sans-serif; max-width: 30em; margin: 3em auto; padding: 0 1em"><main>
<h1>Demo login</h1><p>This page exists in the demo only. Who are you?</p>
<form method="post" action="{{.Action}}"><input type="hidden" name="{{.Field}}" value="{{.Request}}">
{{range $name, $groups := .Users}}<p><button name="user" value="{{$name}}" style="font: inherit; padding: .5em 1em">{{$name}}</button> {{range $groups}}{{.}} {{end}}</p>
{{end}}</form></main></body></html>
`))

func (s *store) choose(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = page.Execute(w, map[string]any{ // a browser that hung up needs no page
		"Action": loginPath, "Field": requestField, "Request": r.FormValue(requestField), "Users": s.users,
	})
}

func (s *store) chosen(callback func(context.Context, string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request := r.PostFormValue(requestField)
		if err := s.CheckUsernamePassword(r.PostFormValue(userField), password, request); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		http.Redirect(w, r, callback(r.Context(), request), http.StatusFound)
	}
}
