package web_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"jifen/internal/testkit"
	"jifen/topics"
	"jifen/web"
)

// firstLoadMax is what the first page of the mall may load of script and style, compressed.
const firstLoadMax = 200 << 10

var (
	imported  = regexp.MustCompile("(?:from|import)\\s*[\"'`]\\./([\\w.-]+\\.js)[\"'`]")
	locales   = regexp.MustCompile("[\"'`]\\./((?:zh|en)-[\\w-]+\\.js)[\"'`]")
	stylesRef = regexp.MustCompile(`href="/(assets/[\w.-]+\.css)"`)
	scriptRef = regexp.MustCompile(`(?:src|href)="/(assets/[\w.-]+\.js)"`)
)

// TestFirstLoadOfTheMallIsSmall adds up what index.html names, what those scripts import, and the larger of the two
// languages, of which one is loaded.
func TestFirstLoadOfTheMallIsSmall(t *testing.T) {
	page := read(t, "index.html")
	var queue []string
	for _, pattern := range []*regexp.Regexp{stylesRef, scriptRef} {
		for _, m := range pattern.FindAllSubmatch(page, -1) {
			queue = append(queue, string(m[1]))
		}
	}
	if len(queue) < 2 {
		t.Fatalf("index.html names %q", queue)
	}
	sizes, language := make(map[string]int), 0
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if _, ok := sizes[name]; ok {
			continue
		}
		text := read(t, name)
		sizes[name] = compressed(t, text)
		for _, m := range imported.FindAllSubmatch(text, -1) {
			queue = append(queue, path.Join("assets", string(m[1])))
		}
		for _, m := range locales.FindAllSubmatch(text, -1) {
			language = max(language, compressed(t, read(t, path.Join("assets", string(m[1])))))
		}
	}
	if language == 0 {
		t.Error("no language is loaded on its own")
	}
	sum := language
	for name, size := range sizes {
		sum += size
		if strings.Contains(strings.ToLower(name), "chart") {
			t.Errorf("%s is loaded with the first page", name)
		}
	}
	t.Logf("%d bytes in %d files and a language", sum, len(sizes))
	if sum > firstLoadMax {
		t.Errorf("the first load is %d bytes compressed, at most %d: %v", sum, firstLoadMax, sizes)
	}
	if n := compressed(t, read(t, "badge.js")); n > 2<<10 {
		t.Errorf("badge.js is %d bytes compressed", n)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := fs.ReadFile(web.FS(), name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func compressed(t *testing.T, text []byte) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

// browse runs a script of test/ with Debian's Chromium against what is committed, and returns what it says.
func browse(t *testing.T, script string, args ...string) (said struct {
	Looked   int
	Findings []string
},
) {
	t.Helper()
	testkit.Require(t, "chromium")
	dir := sources(t)
	for _, name := range []string{"dist", "test"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(name)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join("test", script)}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "VISIT_PAGES="+strings.Join(topics.VisitPages(), ","))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.Bytes())
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return said
}

// TestEveryPageOfTheMallIsAccessible: axe finds nothing on any page or dialog, at 360, 820 and 1440 px, light and dark;
// nothing is wider than the screen and nothing is logged as an error.
func TestEveryPageOfTheMallIsAccessible(t *testing.T) {
	said := browse(t, "look.mjs")
	for _, f := range said.Findings {
		t.Error(f)
	}
	if want := 6 * 31; said.Looked != want {
		t.Errorf("%d looks, want %d", said.Looked, want)
	}
}

// TestTheMallKeepsItsPromises: what test/promises.mjs tries, from lost connections in mid-redemption to a parent's token.
func TestTheMallKeepsItsPromises(t *testing.T) {
	said := browse(t, "promises.mjs")
	for _, f := range said.Findings {
		t.Error(f)
	}
	if said.Looked < 10 {
		t.Errorf("%d promises tried", said.Looked)
	}
}
