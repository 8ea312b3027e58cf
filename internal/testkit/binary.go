package testkit

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jifen/internal/devstack"
)

// built are the binaries of this test process by their build tags.
var built struct {
	sync.Mutex
	dir    string
	byTags map[string]string
}

// Binary builds cmd/jifen with the given build tags, once for all tests of the package, and returns its path.
func Binary(t testing.TB, tags ...string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	slices.Sort(tags)
	key := strings.Join(tags, ",")
	if path, ok := built.byTags[key]; ok {
		return path
	}
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "jifen-binary-")
		if err != nil {
			t.Fatal(err)
		}
		built.dir, built.byTags = dir, make(map[string]string)
		atEnd(func() error { return os.RemoveAll(dir) })
	}
	path := filepath.Join(built.dir, fmt.Sprintf("jifen-%d", len(built.byTags)))
	cmd := exec.Command("go", "build", "-tags", key, "-o", path, "jifen/cmd/jifen")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build jifen (tags %q): %v\n%s", key, err, out)
	}
	built.byTags[key] = path
	return path
}

// Program is a process that a test runs; it ends with the test at the latest.
type Program struct {
	*devstack.Process
	log string
}

// Run starts a program with further environment variables (name=value); its output goes to a file that is shown when the
// test fails.
func Run(t testing.TB, env []string, path string, args ...string) *Program {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	process, err := devstack.Launch(cmd)
	if err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	p := &Program{Process: process, log: log.Name()}
	t.Cleanup(func() {
		_ = p.Stop(30 * time.Second) // a test that cares how it ends has stopped it itself
		if t.Failed() {
			t.Logf("%s %s\n%s", filepath.Base(path), strings.Join(args, " "), p.Output())
		}
	})
	return p
}

// Output is what the program has written so far.
func (p *Program) Output() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Ready waits until an address answers that all is well; it fails the test when the program ends before, or patience does.
func (p *Program) Ready(t testing.TB, url string, patience time.Duration) {
	t.Helper()
	for deadline := time.After(patience); ; {
		if res, err := http.Get(url); err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s does not answer", url)
		case <-p.Done():
			t.Fatalf("the program ended before %s answered", url)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Must runs a program that has to work, with further environment variables, to its end.
func Must(t testing.TB, env []string, path string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(path), strings.Join(args, " "), err, out)
	}
}
