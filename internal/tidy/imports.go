package tidy

import (
	"slices"
	"strconv"
	"strings"
)

// layer says what the packages of a folder may import besides themselves.
type layer struct {
	dir     string
	ours    []string // our packages and what lies below them; a trailing "$" leaves out what lies below
	outside []string // outside libraries; nil means any that has no other home
	denied  []string // of the standard library
}

// impure are parts of the standard library that reach the world, or differ from run to run.
var (
	world    = []string{"database", "log", "net", "os", "syscall"}
	impure   = append([]string{"crypto/rand", "math/rand", "math/rand/v2", "sync", "unsafe"}, world...)
	none     = []string{}
	encoding = []string{"google.golang.org/protobuf", "github.com/planetscale/vtprotobuf", "github.com/go-json-experiment/json"}
)

// layers are the house's "who may import whom"; the first that holds a folder counts. A folder in none of them (cmd,
// test, internal/testkit) may import everything.
var layers = []layer{
	{dir: "topics", outside: encoding, denied: world},
	{dir: "rules", ours: []string{"topics"}, outside: none, denied: impure},
	{dir: "ledger", ours: []string{"topics"}, outside: none, denied: impure},
	{dir: "processors/credits", ours: []string{"processors$", "topics", "rules"}},
	{dir: "processors/balances", ours: []string{"processors$", "topics", "ledger"}},
	{dir: "processors/coupons", ours: []string{"processors$", "topics", "ledger"}},
	{dir: "processors/contacts", ours: []string{"processors$", "topics", "ledger"}},
	{dir: "processors/notices", ours: []string{"processors$", "topics", "ledger"}},
	{dir: "processors/channels", ours: []string{"processors$", "topics"}},
	{dir: "processors/messages", ours: []string{"processors$", "topics"}},
	{dir: "processors", ours: []string{"topics"}, outside: none},
	{dir: "analytics", ours: []string{"processors$", "topics", "ledger"}},
	{dir: "internal/devstack"},
	{dir: "internal/tidy", outside: none},
	{dir: "internal/testkit", ours: []string{"topics", "ledger", "rules", "processors", "analytics", "internal", "cmd"}},
	{dir: "internal", ours: []string{"topics", "ledger", "rules", "processors$", "internal/config", "internal/telemetry", "internal/vault"}},
}

// homes are the packages that may import an outside library; the longest import path counts. Tests are free.
var homes = map[string][]string{
	"github.com/twmb/franz-go":              {"internal/kafka"},
	"github.com/twmb/franz-go/pkg/kfake":    {"internal/devstack"},
	"github.com/twmb/franz-go/pkg/kmsg":     {"internal/kafka", "internal/devstack"},
	"github.com/redis/go-redis":             {"internal/redisstore"},
	"github.com/ClickHouse/clickhouse-go":   {"analytics"},
	"github.com/ClickHouse/ch-go":           {"analytics", "internal/devstack/engine"},
	"github.com/pressly/goose":              {"analytics"},
	"github.com/gin-gonic":                  {"internal/httpapi"},
	"github.com/gin-contrib":                {"internal/httpapi"},
	"github.com/danielgtaylor/huma":         {"internal/httpapi"},
	"github.com/ebitengine/purego":          {"internal/devstack/engine"},
	"github.com/santhosh-tekuri/jsonschema": {"internal/rulefile"},
	"cel.dev/cel-go":                        {"internal/rulefile"},
	"github.com/standard-webhooks":          {"internal/webhook"},
	"github.com/coreos/go-oidc":             {"internal/login"},
	"golang.org/x/oauth2":                   {"internal/login"},
	"github.com/zitadel/oidc":               {"internal/devstack/issuer"},
	"github.com/wneessen/go-mail":           {"internal/mail"},
}

// imported is one import of a file.
type imported struct {
	at   Finding
	path string
}

func importsOf(s *source) []imported {
	var all []imported
	for _, spec := range s.syntax.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err == nil { // the parser has checked it
			all = append(all, imported{s.finding(spec.Pos(), ""), name})
		}
	}
	return all
}

// checkLayer compares a file's imports with its layer. Tests may import what they like.
func checkLayer(s *source) []Finding {
	at := slices.IndexFunc(layers, func(l layer) bool { return below(s.dir, l.dir) })
	if at < 0 || s.test {
		return nil
	}
	l := layers[at]
	var all []Finding
	for _, i := range importsOf(s) {
		if why := l.refuses(s.dir, i.path); why != "" {
			i.at.Text = s.dir + " must not import " + i.path + ": " + why
			all = append(all, i.at)
		}
	}
	return all
}

// self is what a package of the layer may import as its own: the contract of the stages and each door stand alone.
func (l layer) self(dir string) string {
	switch l.dir {
	case "processors":
		return dir + "$"
	case "internal":
		return strings.Join(strings.SplitN(dir, "/", 3)[:2], "/")
	}
	return l.dir
}

// refuses says why a package in dir may not import another, or nothing if it may.
func (l layer) refuses(dir, name string) string {
	if below(name, module) {
		ours := append([]string{l.self(dir)}, l.ours...)
		own := strings.TrimPrefix(name, module+"/")
		if slices.ContainsFunc(ours, func(o string) bool { return covers(o, own) }) {
			return ""
		}
		return "of ours it may import " + strings.ReplaceAll(strings.Join(ours, ", "), "$", "")
	}
	if first, _, _ := strings.Cut(name, "/"); !strings.Contains(first, ".") {
		if belowAny(name, l.denied) && name != "net/url" {
			return "it does no I/O and is the same in every run"
		}
		return ""
	}
	if l.outside != nil && !belowAny(name, l.outside) {
		return "of outside libraries it may import " + strings.Join(append(l.outside, "no other"), ", ")
	}
	return ""
}

func covers(ours, name string) bool {
	if exact, ok := strings.CutSuffix(ours, "$"); ok {
		return name == exact
	}
	return below(name, ours)
}

// checkHomes finds outside libraries away from their home.
func checkHomes(s *source) []Finding {
	if s.test || below(s.dir, "test") || below(s.dir, "internal/testkit") {
		return nil
	}
	var all []Finding
	for _, i := range importsOf(s) {
		library := ""
		for l := range homes {
			if below(i.path, l) && len(l) > len(library) {
				library = l
			}
		}
		if library != "" && !belowAny(s.dir, homes[library]) {
			i.at.Text = library + " is imported by " + strings.Join(homes[library], " and ") + " only"
			all = append(all, i.at)
		}
	}
	return all
}
