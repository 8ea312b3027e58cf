// Package e2e_test has a browser use the mall and the console as members and staff do: Debian's Chromium, on the real stack.
package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	oidc "jifen/internal/devstack/issuer"
	"jifen/internal/httpapi"
	"jifen/internal/testkit"
	"jifen/internal/vault"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const patience = time.Minute

// TestTheMallAndTheConsole: a member earns, redeems one item of each kind and a bundle and returns one, staff do their part, at
// three widths; then what the mall's pages are like on a slow phone.
func TestTheMallAndTheConsole(t *testing.T) {
	s := up(t)
	for _, script := range []string{"story", "vitals"} {
		t.Run(script, func(t *testing.T) { s.browse(t, filepath.Join("scripts", script+".mjs")) })
	}
	s.must("audit")
}

// stack is an installation with everything that the pages need.
type stack struct {
	t      *testing.T
	binary string
	env    []string
	url    string // of the API and the pages
	issuer *httpapi.DevIssuer
}

// staff are the people of the retailer, with what they may do.
func staff() map[string][]string {
	return map[string][]string{
		"mei": {"merchant"}, "max": {"marketing"}, "sue": {"support"}, "ann": {"approver"}, "otto": {"operator"}, "aud": {"auditor"},
		"boss": {"merchant", "marketing", "support", "approver", "operator", "auditor"},
	}
}

// up starts an installation, with the rulebook that the API is fuzzed by and items of testdata.
func up(t *testing.T) *stack {
	t.Helper()
	testkit.Require(t, "chromium", "node")
	issuer, err := httpapi.NewDevIssuer()
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{t: t, binary: testkit.Binary(t), issuer: issuer}
	kafka, redis, engine := testkit.StartKfake(t), testkit.StartRedis(t), testkit.StartEngine(t)
	addr, admin := fmt.Sprint("127.0.0.1:", testkit.FreePort(t)), fmt.Sprint("127.0.0.1:", testkit.FreePort(t))
	s.url = "http://" + addr
	keys := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(keys, issuer.JWKS(), 0o600); err != nil {
		t.Fatal(err)
	}
	provider, err := oidc.Start(staff())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := provider.Close(); err != nil {
			t.Error(err)
		}
	})
	var roles []string
	for _, r := range staff()["boss"] {
		roles = append(roles, r+"="+r)
	}
	s.env = []string{
		"JIFEN_SHARDS=8", "JIFEN_KAFKA_BROKERS=" + kafka.Addr(), "JIFEN_REDIS_ADDRS=" + redis.Addr(), "JIFEN_CLICKHOUSE_DSN=" + engine.DSN(),
		"JIFEN_HTTP_ADDR=" + addr, "JIFEN_AUTH_ISSUER=urn:jifen:dev", "JIFEN_AUTH_KEYS_FILE=" + keys,
		"JIFEN_HTTP_SIGNING_KEY=" + strings.Repeat("e2e-", 10), "JIFEN_VAULT_KEYS=" + vault.Generate("e2e"), "JIFEN_LOG_FORMAT=text",
		"JIFEN_AUTH_OIDC_ISSUER=" + provider.URL, "JIFEN_AUTH_OIDC_CLIENT_ID=" + oidc.ClientID, "JIFEN_AUTH_OIDC_CLIENT_SECRET=" + oidc.ClientSecret,
		"JIFEN_AUTH_OIDC_ROLES_CLAIM=" + oidc.RolesClaim, "JIFEN_AUTH_OIDC_ROLES_MAP=" + strings.Join(roles, ","),
	}
	for _, args := range [][]string{{"topics", "apply"}, {"migrate"}, {"rules", "publish", "../fuzz/testdata/book.yaml"}} {
		s.must(args...)
	}
	s.start("http://"+admin+"/readyz", "JIFEN_ADMIN_ADDR="+admin, "run")
	s.must("items", "apply", "testdata/items.yaml")
	s.start(s.url+"/openapi.json", "JIFEN_ADMIN_ADDR=", "serve")
	return s
}

// must runs a subcommand that has to work.
func (s *stack) must(args ...string) {
	s.t.Helper()
	testkit.Must(s.t, s.env, s.binary, args...)
}

// start starts a process and waits until an address answers.
func (s *stack) start(ready, env string, args ...string) {
	s.t.Helper()
	testkit.Run(s.t, append(s.env, env), s.binary, args...).Ready(s.t, ready, patience)
}

// browse runs a script in node; it fails when the script does, and keeps its pictures with `go test -artifacts`.
func (s *stack) browse(t *testing.T, script string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", script)
	cmd.Env = append(os.Environ(), append(s.browserEnv(), "E2E_ARTEFACTS="+t.ArtifactDir())...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	t.Logf("%s:\n%s", script, out.Bytes())
	if err != nil {
		t.Errorf("%s: %v", script, err)
	}
}

// browserEnv is what scripts need to know: tokens of members, where everything is, and the packages of the pages' own tests.
func (s *stack) browserEnv() []string {
	s.t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := json.Marshal(s.tokens())
	if err != nil {
		s.t.Fatal(err)
	}
	return append(slices.Clone(s.env), "NODE_PATH="+testkit.NodeModules(s.t, filepath.Join("..", "..", "web")), "E2E_CHROMIUM="+chromium, "E2E_URL="+s.url,
		"E2E_JIFEN="+s.binary, "E2E_TOKENS="+string(text))
}

// tokens are the shop's for members, one for every width of the pages.
func (s *stack) tokens() map[string]string {
	s.t.Helper()
	tokens := map[string]string{}
	for _, width := range []string{"360", "820", "1440", "other"} {
		token, err := s.issuer.Token("m"+width, time.Hour, httpapi.RoleMember)
		if err != nil {
			s.t.Fatal(err)
		}
		tokens[width] = token
	}
	return tokens
}
