package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

const (
	readyWait = 90 * time.Second // a cold JVM on two busy cores needs many of these
	stopWait  = 30 * time.Second // after it a part that ignores SIGTERM is killed
)

// Part is one server process of ours. Its methods are safe for concurrent use.
type Part struct {
	name      string
	dir       string
	port      int
	temporary bool // dir goes with Close

	command func() (*exec.Cmd, error)       // a fresh command line for each start
	mend    func(ctx context.Context) error // what must be done before a start that follows an unclean end; may be nil
	ready   func(ctx context.Context) error // nil once the server that answers is this part and can serve
	mu      sync.Mutex
	process *Process
	clean   bool  // the last end was one that the server had time for
	logged  int64 // size of the log before the last start
}

// newPart gives a part its folder and a free port; the caller adds command, mend and ready.
func newPart(name string, o Options) (*Part, error) {
	dir, temporary, err := folder(name, o.Dir)
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &Part{name: name, dir: dir, port: port, temporary: temporary}, nil
}

// Name is what the part is called in errors and in its log's file name.
func (p *Part) Name() string { return p.name }

// Dir holds the part's data and its log.
func (p *Part) Dir() string { return p.dir }

// Port is the loopback port that the part serves; a restart keeps it.
func (p *Part) Port() int { return p.port }

// Addr is the part's host:port.
func (p *Part) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)) }

// LogFile is where the part's standard output and error go, over all its starts.
func (p *Part) LogFile() string { return filepath.Join(p.dir, p.name+".log") }

// PID is the part's process id, 0 while it does not run.
func (p *Part) PID() int {
	if running := p.Process(); running != nil {
		return running.PID()
	}
	return 0
}

// Process is the part's process, nil while it does not run.
func (p *Part) Process() *Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process == nil || p.process.ended() {
		return nil
	}
	return p.process
}

// Restart starts the part again on the same port and folder; a part that runs is stopped first.
func (p *Part) Restart(ctx context.Context) error {
	if err := p.Stop(); err != nil {
		return err
	}
	return p.start(ctx)
}

// Stop ends the part with SIGTERM and waits for it; after 30 s it is killed and that is an error. A part that does not
// run stays as it is.
func (p *Part) Stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process == nil {
		return nil
	}
	if p.process.ended() {
		p.process = nil
		return nil
	}
	err := p.process.Stop(stopWait)
	p.process, p.clean = nil, err == nil
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

// Kill ends the part with SIGKILL and waits until it is gone.
func (p *Part) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process == nil || p.process.ended() {
		return fmt.Errorf("%s: kill: it does not run", p.name)
	}
	p.process.Kill()
	p.process = nil
	return nil
}

// Close stops the part and removes its folder if that is a temporary one.
func (p *Part) Close() error {
	err := p.Stop()
	if p.temporary {
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return err
}

// start launches the process and returns when it serves. An error says which part, where, and how its log ends.
func (p *Part) start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mend != nil && !p.clean {
		if err := p.mend(ctx); err != nil {
			return fmt.Errorf("%s: mend %s: %w", p.name, p.dir, err)
		}
	}
	p.clean = false
	cmd, err := p.command()
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	log, err := os.OpenFile(p.LogFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("%s: open its log: %w", p.name, err)
	}
	defer log.Close()
	if p.logged, err = log.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("%s: open its log: %w", p.name, err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.Dir == "" {
		cmd.Dir = p.dir
	}
	if p.process, err = Launch(cmd); err != nil {
		return fmt.Errorf("%s: start: %w", p.name, err)
	}
	if err := p.await(ctx); err != nil {
		pid := p.process.PID()
		p.process.Kill()
		p.process = nil
		return fmt.Errorf("%s at %s (pid %d) did not become ready: %w\nend of %s:\n%s",
			p.name, p.Addr(), pid, err, p.LogFile(), tail(p.LogFile(), p.logged))
	}
	return nil
}

// await polls ready until it says yes while our process lives: a stranger that answers our port does not count, because
// ours could not have bound it then and is gone.
func (p *Part) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		once, done := context.WithTimeout(ctx, 5*time.Second)
		last = p.ready(once)
		done()
		select {
		case <-p.process.done:
			return fmt.Errorf("its process ended: %s", p.process.State())
		default:
		}
		if last == nil {
			return nil
		}
		select {
		case <-p.process.done:
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), last)
		}
	}
}

// abandon removes what newPart made for a part whose first start failed.
func (p *Part) abandon(err error) error {
	return errors.Join(err, p.Close())
}
