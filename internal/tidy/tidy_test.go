package tidy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// TestTree checks the tree that this package is part of.
func TestTree(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	findings, err := Check(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}

// TestViolationsAreFound keeps the checks honest: each sample breaks one rule, and that must be said.
func TestViolationsAreFound(t *testing.T) {
	long := "package kafka\nfunc F() {\n" + strings.Repeat("\t_ = 0\n", 69) + "}\n"
	samples := []struct{ name, file, text, want string }{
		{"ledger imports rules", "ledger/a.go", "package ledger\nimport _ \"jifen/rules\"", "ledger must not import jifen/rules"},
		{"topics imports ledger", "topics/a.go", "package topics\nimport _ \"jifen/ledger\"", "topics must not import jifen/ledger"},
		{"topics imports a library", "topics/a.go", "package topics\nimport _ \"github.com/x/y\"", "of outside libraries"},
		{"topics does I/O", "topics/x/a.go", "package x\nimport _ \"net/http\"", "topics/x must not import net/http"},
		{"rules import os", "rules/a.go", "package rules\nimport _ \"os\"", "rules must not import os"},
		{"rules import a random source", "rules/a.go", "package rules\nimport _ \"math/rand/v2\"", "rules must not import math/rand/v2"},
		{"ledger imports sync", "ledger/a.go", "package ledger\nimport _ \"sync/atomic\"", "ledger must not import sync/atomic"},
		{"ledger imports a library", "ledger/a.go", "package ledger\nimport _ \"google.golang.org/protobuf/proto\"", "of outside libraries"},
		{"the contract imports a stage", "processors/a.go", "package processors\nimport _ \"jifen/processors/credits\"", "processors must not import"},
		{"credits import ledger", "processors/credits/a.go", stage + "import _ \"jifen/ledger\"", "processors/credits must not import jifen/ledger"},
		{"a stage imports another", "processors/balances/a.go", stage + "import _ \"jifen/processors/credits\"", "must not import jifen/processors/credits"},
		{"a stage imports a door", "processors/balances/a.go", stage + "import _ \"jifen/internal/kafka\"", "must not import jifen/internal/kafka"},
		{"analytics import a door", "analytics/a.go", "package analytics\nimport _ \"jifen/internal/kafka\"", "must not import jifen/internal/kafka"},
		{"a door imports another", "internal/httpapi/a.go", "package httpapi\nimport _ \"jifen/internal/kafka\"", "must not import jifen/internal/kafka"},
		{"a door imports a stage", "internal/kafka/a.go", "package kafka\nimport _ \"jifen/processors/credits\"", "must not import jifen/processors/credits"},
		{"Kafka away from home", "cmd/jifen/a.go", "package main\nimport _ \"github.com/twmb/franz-go/pkg/kgo\"", "is imported by internal/kafka only"},
		{"kfake away from home", "internal/kafka/a.go", "package kafka\nimport _ \"github.com/twmb/franz-go/pkg/kfake\"", "is imported by internal/devstack only"},
		{"Redis away from home", "processors/credits/a.go", stage + "import _ \"github.com/redis/go-redis/v9\"", "is imported by internal/redisstore only"},
		{"ClickHouse away from home", "cmd/jifen/a.go", "package main\nimport _ \"github.com/ClickHouse/clickhouse-go/v2\"", "is imported by analytics only"},
		{"goose away from home", "cmd/jifen/a.go", "package main\nimport _ \"github.com/pressly/goose/v3\"", "is imported by analytics only"},
		{"gin away from home", "internal/telemetry/a.go", "package telemetry\nimport _ \"github.com/gin-gonic/gin\"", "is imported by internal/httpapi only"},
		{"huma away from home", "cmd/jifen/a.go", "package main\nimport _ \"github.com/danielgtaylor/huma/v2\"", "is imported by internal/httpapi only"},
		{"the clock in ledger", "ledger/a.go", "package ledger\nimport \"time\"\nvar F = time.Now", "time.Now in a pure package"},
		{"the clock under another name", "rules/a.go", "package rules\nimport c \"time\"\nfunc F() { _ = c.Since }", "time.Since in a pure package"},
		{"the environment in a door", "internal/kafka/a.go", "package kafka\nimport \"os\"\nvar _ = os.Getenv(\"X\")", "read the environment"},
		{"panic", "internal/kafka/a.go", "package kafka\nfunc F() { panic(1) }", "panic outside main"},
		{"init", "internal/kafka/a.go", "package kafka\nfunc init() {}", "init: nothing happens"},
		{"a skipped test", "ledger/a_test.go", "package ledger\nimport \"testing\"\nfunc TestX(t *testing.T) { t.Skip() }", "only internal/testkit skips"},
		{"a long function", "internal/kafka/a.go", long, "F has 71 lines"},
		{"a long file", "internal/kafka/a.go", "package kafka\n" + strings.Repeat("// x\n", 300), "a file of 30"},
		{"a name that says nothing", "internal/util/a.go", "package util", "says nothing"},
		{"a folder that says nothing", "internal/common/a.go", "package things", "says nothing"},
		{"a stage without contract", "processors/credits/a.go", "// Package credits earns.\n//\n//\tin: x\n//\tout: y\npackage credits", "lacks repeat: state:"},
		{"a machine's path", "docs/a.md", "see /wo" + "rk/main for it", "a path of one machine"},
		{"a person's path", "a.yaml", "dir: \"/ho" + "me/ana/x\"", "a path of one machine"},
		{"a registry's host", "web/package-lock.json", "https://registry.npm" + "js.org/x", "the host of a registry"},
	}
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			findings, err := Check(fstest.MapFS{s.file: {Data: []byte(s.text)}})
			if err != nil {
				t.Fatal(err)
			}
			if len(findings) != 1 || !strings.Contains(findings[0].String(), s.want) || findings[0].File != s.file {
				t.Errorf("findings = %v, want one in %s with %q", findings, s.file, s.want)
			}
		})
	}
}

// stage is the head of a stage that keeps the rules.
const stage = "// Package x is a stage.\n//\n//\tin:     a\n//\tout:    b\n//\tstate:  none\n//\trepeat: safe\npackage x\n"

// TestWhatIsAllowedIsNotFound keeps the checks from crying wolf.
func TestWhatIsAllowedIsNotFound(t *testing.T) {
	long := "func F() {\n" + strings.Repeat("\t_ = 0\n", 400) + "}\n"
	tree := fstest.MapFS{
		"topics/a.go":               {Data: []byte("package topics\nimport (\n\"net/url\"\n_ \"github.com/go-json-experiment/json/jsontext\"\n)\nvar _ url.URL")},
		"topics/pointspb/a.pb.go":   {Data: []byte("// Code generated by protoc-gen-go. DO NOT EDIT.\npackage pointspb\nimport _ \"google.golang.org/protobuf/proto\"\nfunc init() {}\n" + long)},
		"ledger/a.go":               {Data: []byte("package ledger\nimport (\n\"time\"\n_ \"jifen/topics/pointspb\"\n)\nvar _ = time.Unix")},
		"ledger/a_test.go":          {Data: []byte("package ledger\nimport (\n_ \"pgregory.net/rapid\"\n_ \"os\"\n\"time\"\n)\nvar _ = time.Now\n" + long)},
		"processors/credits/a.go":   {Data: []byte(stage + "import (\n_ \"jifen/processors\"\n_ \"jifen/rules\"\n)")},
		"processors/credits/b.go":   {Data: []byte("package x")},
		"internal/kafka/a.go":       {Data: []byte("package kafka\nimport (\n_ \"jifen/processors\"\n_ \"github.com/twmb/franz-go/pkg/kgo\"\n)")},
		"internal/kafka/b.go":       {Data: []byte("//go:build failpoints\n\npackage kafka\nimport \"os\"\nvar _ = os.Getenv")},
		"internal/devstack/a.go":    {Data: []byte("package devstack\nimport (\n\"os\"\n_ \"github.com/twmb/franz-go/pkg/kfake\"\n)\nvar _ = os.Getenv")},
		"internal/testkit/a.go":     {Data: []byte("package testkit\nimport \"testing\"\nfunc F(t testing.TB) { t.Skipf(\"\") }")},
		"cmd/jifen/main.go":         {Data: []byte("package main\nimport _ \"jifen/internal/kafka\"\nfunc main() { panic(1) }")},
		"test/bench/a.go":           {Data: []byte("package bench\nimport _ \"github.com/twmb/franz-go/pkg/kgo\"")},
		"ledger/testdata/broken.go": {Data: []byte("no Go at all")},
		".cache/a.go":               {Data: []byte("no Go at all")},
		"docs/a.md":                 {Data: []byte("GET /v1/members/{id}, https://example.org/ho" + "me/x, framework/x")},
		"a.bin":                     {Data: []byte("\x00 /wo" + "rk/main")},
	}
	findings, err := Check(tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}
