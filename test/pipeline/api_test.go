package pipeline_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/testkit"
)

// api is a running `jifen serve`, with an issuer of tokens for it.
type api struct {
	t      *testing.T
	url    string
	issuer *httpapi.DevIssuer
}

// serve starts the API with its clock at an instant (RFC 3339; empty: the wall clock).
func (in *installation) serve(now string) *api {
	in.t.Helper()
	issuer, err := httpapi.NewDevIssuer()
	if err != nil {
		in.t.Fatal(err)
	}
	addr := fmt.Sprint("127.0.0.1:", testkit.FreePort(in.t))
	p := testkit.Run(in.t, append(
		in.env, "JIFEN_PROGRAM_NOW="+now, "JIFEN_HTTP_ADDR="+addr, "JIFEN_HTTP_SIGNING_KEY="+strings.Repeat("k", 32),
		"JIFEN_AUTH_ISSUER=urn:jifen:dev", "JIFEN_AUTH_AUDIENCE=jifen", "JIFEN_AUTH_KEYS_FILE="+in.file("keys.json", string(issuer.JWKS())),
		fmt.Sprint("JIFEN_ADMIN_ADDR=127.0.0.1:", testkit.FreePort(in.t)),
	), in.binary, "serve")
	a := &api{t: in.t, url: "http://" + addr, issuer: issuer}
	in.await("the API answers", p, func() bool {
		res, err := http.Get(a.url + "/openapi.json")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return a
}

// send sends a request as somebody with a role, and returns the answer.
func (a *api) send(method, path, who string, role httpapi.Role, body string, headers ...string) (int, map[string]any) {
	a.t.Helper()
	token, err := a.issuer.Token(who, time.Hour, role)
	if err != nil {
		a.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		a.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return res.StatusCode, out
}
