package web_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"jifen/internal/testkit"
	"jifen/web"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// sources is a copy of what the pages are built from, with the packages of package-lock.json.
func sources(t *testing.T) string {
	t.Helper()
	modules := testkit.NodeModules(t, ".")
	dir := t.TempDir()
	for _, name := range []string{"mall", "console", "badge"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"package.json", "tsconfig.json", "build.mjs", "release.ts"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
}

// files reads a tree.
func files(t *testing.T, tree fs.FS) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all[name], err = fs.ReadFile(tree, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestDistIsWhatTheSourcesBuild builds the pages anew, types checked, and compares every byte.
func TestDistIsWhatTheSourcesBuild(t *testing.T) {
	dir := sources(t)
	run(t, dir, "node", filepath.Join("node_modules", "vue-tsc", "bin", "vue-tsc.js"), "--noEmit")
	run(t, dir, "node", "build.mjs")
	got, want := files(t, web.FS()), files(t, os.DirFS(filepath.Join(dir, "dist")))
	for name, text := range want {
		switch have, ok := got[name]; {
		case !ok:
			t.Errorf("dist lacks %s: make web", name)
		case !bytes.Equal(have, text):
			t.Errorf("dist/%s is not what the sources build: make web", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("dist/%s is not built from anything: make web", name)
		}
	}
}

var (
	script  = regexp.MustCompile(`<script[^>]*>`)
	handler = regexp.MustCompile(`\son[a-z]+=`)
	source  = regexp.MustCompile(`\b(?:src|href)="([^"]*)"`)
)

// TestPagesObeyTheirContentSecurityPolicy: no script inline, no handler in an attribute, nothing from another host, and
// all that they name is there.
func TestPagesObeyTheirContentSecurityPolicy(t *testing.T) {
	for _, name := range []string{"index.html", "console/index.html"} {
		text, err := fs.ReadFile(web.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range script.FindAllString(string(text), -1) {
			if !strings.Contains(tag, " src=") {
				t.Errorf("%s: %s is inline", name, tag)
			}
		}
		if at := handler.FindString(string(text)); at != "" {
			t.Errorf("%s has a handler:%s", name, at)
		}
		for _, m := range source.FindAllStringSubmatch(string(text), -1) {
			if _, err := fs.Stat(web.FS(), strings.TrimPrefix(path.Clean(m[1]), "/")); err != nil {
				t.Errorf("%s names %s: %v", name, m[1], err)
			}
		}
	}
	if _, err := fs.Stat(web.FS(), "badge.js"); err != nil {
		t.Error(err)
	}
}
