package httpapi

import (
	"context"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

const (
	loginPath    = consolePath + "login"
	callbackPath = consolePath + "callback"
	logoutPath   = consolePath + "logout"

	// The console says in words what went wrong.
	loginFailed = consolePath + "?login=failed"
	loginDenied = consolePath + "?login=denied"
)

// SessionBody is who sends a request.
type SessionBody struct {
	ID       string `json:"id"`
	Roles    []Role `json:"roles"`
	Language string `json:"language" doc:"Of the answers, by Accept-Language."`
}

type sessionOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         SessionBody
}

func (a *API) sessionRoutes(engine *gin.Engine) {
	register(a, huma.Operation{
		OperationID: "session", Method: http.MethodGet, Path: "/v1/session", Summary: "Who am I, and what may I do", Tags: []string{"session"},
		Metadata: access(roles()...), Responses: a.problems(),
	}, func(ctx context.Context, _ *struct{}) (*sessionOutput, error) {
		who := caller(ctx)
		known := slices.DeleteFunc(slices.Clone(who.Roles), func(r Role) bool { return !slices.Contains(roles(), r) })
		return &sessionOutput{"no-store", SessionBody{ID: who.ID, Roles: known, Language: string(languageIn(ctx))}}, nil
	})
	engine.GET(loginPath, a.login)
	engine.GET(callbackPath, a.callback)
	engine.POST(logoutPath, a.logout)
}

// login sends the browser to the provider, and later on to a page of the console.
func (a *API) login(c *gin.Context) {
	to := c.Query("to")
	if !strings.HasPrefix(to, consolePath) || strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(to, loginPath) {
		to = consolePath
	}
	at, err := a.sessions.begin(c.Writer, c.Request, to)
	if err != nil {
		writeFault(c, a.faultOf(c.Request.Context(), err))
		return
	}
	c.Redirect(http.StatusSeeOther, at)
}

// callback takes the browser back from the provider. It counts only in the browser that began, and once.
func (a *API) callback(c *gin.Context) {
	s, ctx := a.sessions, c.Request.Context()
	var x attempt
	began := s.Login != nil && s.read(c.Request, attemptCookie, &x) && s.now().Unix() < x.Ends
	s.clear(c.Writer, c.Request, attemptCookie)
	if !began || subtle.ConstantTimeCompare([]byte(c.Query("state")), []byte(x.State)) != 1 || c.Query("code") == "" {
		c.Redirect(http.StatusSeeOther, loginFailed)
		return
	}
	id, names, err := s.Login.Complete(ctx, x.Redirect, c.Query("code"), x.Nonce, x.Verifier)
	if err != nil {
		a.log.WarnContext(ctx, "login failed", "error", err, "request_id", requestID(ctx))
		c.Redirect(http.StatusSeeOther, loginFailed)
		return
	}
	now := s.now()
	who := session{ID: id, Ends: now.Add(s.Max).Unix(), Seen: now.Unix()}
	for _, name := range names {
		if r := Role(name); r != RoleMember && slices.Contains(roles(), r) { // staff are no members: their ids are another's
			who.Roles = append(who.Roles, r)
		}
	}
	if !validID(id) || len(who.Roles) == 0 {
		c.Redirect(http.StatusSeeOther, loginDenied)
		return
	}
	s.set(c.Writer, c.Request, sessionCookie, who, time.Unix(who.Ends, 0).Sub(now))
	c.Redirect(http.StatusSeeOther, x.To)
}

func (a *API) logout(c *gin.Context) {
	if err := a.sessions.guard.Check(c.Request); err != nil {
		writeFault(c, &fault{code: codeCrossOrigin})
		return
	}
	a.sessions.clear(c.Writer, c.Request, sessionCookie)
	c.Status(http.StatusNoContent)
}
