package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
)

// Engine is the ClickHouse engine behind ClickHouse's HTTP interface, a child process that is this executable.
type Engine struct{ *Part }

// keepMemory has the engine's allocator keep for a minute what nothing uses. The feed's inserts are a few seconds apart:
// with the engine's own 5 s every one of them would get its pages from the system anew. For a ClickHouse server of one's
// own the variable is MALLOC_CONF.
const keepMemory = "JE_MALLOC_CONF=dirty_decay_ms:60000"

// StartEngine starts the ClickHouse engine, with an empty database jifen at the first start. Its library comes from the
// cache and is downloaded first when missing. ctx bounds the start only.
func StartEngine(ctx context.Context, o Options) (*Engine, error) {
	lib, err := FetchEngine(ctx)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	p, err := newPart("engine", o)
	if err != nil {
		return nil, err
	}
	e := &Engine{p}
	p.command = func() (*exec.Cmd, error) {
		cmd, err := childCommand("engine", "-addr", p.Addr(), "-data", filepath.Join(p.dir, "data"), "-lib", lib)
		if err == nil {
			cmd.Env = append([]string{keepMemory}, cmd.Env...) // the caller's own wins
		}
		return cmd, err
	}
	p.ready = e.answers
	if err := p.start(ctx); err != nil {
		return nil, p.abandon(err)
	}
	return e, nil
}

// DSN is what clickhouse-go opens: http://127.0.0.1:PORT/jifen.
func (e *Engine) DSN() string { return "http://" + e.Addr() + "/jifen" }

// answers waits until our process has said in its log that it listens, so that no other server on the port is taken for
// it, and then has it make the database, which also shows that it can write.
func (e *Engine) answers(ctx context.Context) error {
	if !strings.Contains(tail(e.LogFile(), e.logged), "listening "+e.Addr()) {
		return errors.New("it does not listen yet")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+e.Addr()+"/",
		strings.NewReader("CREATE DATABASE IF NOT EXISTS jifen"))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("create database: %s: %s", res.Status, text)
	}
	return nil
}
