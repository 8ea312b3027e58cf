// Package enginetest gives tests a ClickHouse engine in a process of its own: the test binary, started again.
package enginetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"jifen/internal/devstack/engine"
)

// childVariable says which child a started binary is to be; the program itself uses the same word.
const childVariable = "JIFEN_CHILD"

// Main is the TestMain of a package whose tests call Start.
func Main(m *testing.M) {
	if os.Getenv(childVariable) != "engine" {
		os.Exit(m.Run())
	}
	if err := engine.Main(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Engine is a running engine process.
type Engine struct {
	Addr string // host:port of its HTTP interface
	URL  string // http://host:port
	Pid  int

	cmd       *exec.Cmd
	data, lib string
}

// Start runs an engine on a fresh folder until the test ends. Without the engine's library the test is skipped on a
// laptop and fails where CI is "true".
func Start(t testing.TB) *Engine {
	t.Helper()
	lib, err := engine.Fetch(context.Background(), cacheDir(t))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err) // testkit rule: a missing service is skipped on a laptop only
	}
	e := &Engine{data: t.TempDir(), lib: lib}
	e.run(t, "127.0.0.1:0")
	t.Cleanup(func() { e.Kill(t) })
	return e
}

// Kill ends the process with SIGKILL.
func (e *Engine) Kill(t testing.TB) {
	t.Helper()
	if e.cmd == nil {
		return
	}
	if err := e.cmd.Process.Kill(); err != nil {
		t.Errorf("kill engine %d: %v", e.Pid, err)
	}
	var exit *exec.ExitError
	if err := e.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Errorf("wait for engine %d: %v", e.Pid, err)
	}
	e.cmd = nil
}

// Stop ends the process with SIGTERM and returns what it ended with.
func (e *Engine) Stop(t testing.TB) error {
	t.Helper()
	if err := e.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stop engine %d: %v", e.Pid, err)
	}
	err := e.cmd.Wait()
	e.cmd = nil
	return err
}

// Restart runs a killed engine again, on the same folder and the same port.
func (e *Engine) Restart(t testing.TB) { t.Helper(); e.run(t, e.Addr) }

func (e *Engine) run(t testing.TB, addr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-addr", addr, "-data", e.data, "-lib", e.lib)
	cmd.Env = append(os.Environ(), childVariable+"=engine")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // no engine outlives its test
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !ok {
		t.Fatalf("the engine said %q, not where it listens: %v", line, err)
	}
	e.cmd, e.Addr, e.URL, e.Pid = cmd, addr, "http://"+addr, cmd.Process.Pid
}

// cacheDir is $JIFEN_CACHE, or .cache beside go.mod.
func cacheDir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("JIFEN_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".cache")
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the tests: set JIFEN_CACHE")
		}
		dir = up
	}
}
