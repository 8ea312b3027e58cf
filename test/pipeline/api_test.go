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
	"jifen/internal/vault"
)

// api is `jifen serve`, and who signs its tokens.
type api struct {
	t      *testing.T
	url    string
	issuer *httpapi.DevIssuer
	server *testkit.Program
}

// serve starts the API with its clock at an instant and waits until it answers.
func (in *installation) serve(now string) *api {
	in.t.Helper()
	issuer, err := httpapi.NewDevIssuer()
	if err != nil {
		in.t.Fatal(err)
	}
	addr := fmt.Sprint("127.0.0.1:", testkit.FreePort(in.t))
	p := testkit.Run(in.t, append(in.env, "JIFEN_PROGRAM_NOW="+now, "JIFEN_ADMIN_ADDR=", "JIFEN_HTTP_ADDR="+addr,
		"JIFEN_AUTH_ISSUER=urn:jifen:dev", "JIFEN_AUTH_KEYS_FILE="+in.file("jwks.json", string(issuer.JWKS())),
		"JIFEN_HTTP_SIGNING_KEY="+strings.Repeat("pipeline", 5), "JIFEN_VAULT_KEYS="+in.vault()), in.binary, "serve")
	a := &api{t: in.t, url: "http://" + addr, issuer: issuer, server: p}
	in.await("the API answers", p, func() bool {
		res, err := http.Get(a.url + "/openapi.json")
		if err != nil {
			return false
		}
		return res.Body.Close() == nil && res.StatusCode == http.StatusOK
	})
	in.await("the API has read the rulebooks", p, func() bool {
		status, _ := a.call("nobody", httpapi.RoleMember, http.MethodGet, "/v1/me/balance", "")
		return status == http.StatusOK
	})
	return a
}

// vault is the key of this installation's vault, the same for all its processes.
func (in *installation) vault() string {
	if in.keys == "" {
		in.keys = vault.Generate("test")
	}
	return in.keys
}

// call asks as somebody, in English, and reads the answer.
func (a *api) call(who string, role httpapi.Role, method, path, body string, headers ...string) (int, map[string]any) {
	a.t.Helper()
	token, err := a.issuer.Token(who, time.Hour, role)
	if err != nil {
		a.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept-Language", "en")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil && len(text) > 0 {
		a.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return res.StatusCode, answer
}

// get asks as a member.
func (a *api) get(member, path string) map[string]any {
	a.t.Helper()
	status, answer := a.call(member, httpapi.RoleMember, http.MethodGet, path, "")
	if status != http.StatusOK {
		a.t.Fatalf("%s: %d %v", path, status, answer)
	}
	return answer
}

// has compares the named members of an answer, in their order.
func (a *api) has(answer map[string]any, names string, want ...any) {
	a.t.Helper()
	var got []any
	for _, name := range strings.Fields(names) {
		got = append(got, answer[name])
	}
	equal(a.t, names, fmt.Sprintln(got...), fmt.Sprintln(want...))
}
