package devstack

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process is a child that we started, and the end of it.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed after the child was waited for
}

// Launch starts cmd so that it cannot outlive us. A pipe that only we hold is its standard input: our own servers end
// when it closes. cmd's standard output and error are the caller's to set; files cost least.
func Launch(cmd *exec.Cmd) (*Process, error) {
	bindToParent(cmd)
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("open its standard input: %w", err)
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Linux sends the parent-death signal when the *thread* that forked ends, so that thread has to live as long as
		// the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // the state it leaves in cmd is what is asked for
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// PID is the child's process id, also after its end.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// State is how the child ended; it may be asked for after Done.
func (p *Process) State() *os.ProcessState { return p.cmd.ProcessState }

// Signal sends s; to a child that has ended it does nothing.
func (p *Process) Signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !p.ended() {
		return err
	}
	return nil
}

// Kill ends the child at once and returns when it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // the only error is that it has ended
	<-p.done
}

// Stop asks the child to end with SIGTERM and returns when it is gone. A child that takes longer than wait is killed,
// and that is an error.
func (p *Process) Stop(wait time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop pid %d: %w", p.PID(), err)
	}
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-p.done:
		return nil
	case <-late.C:
		p.Kill()
		return fmt.Errorf("pid %d ignored SIGTERM for %v and was killed", p.PID(), wait)
	}
}

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// FreePort finds a loopback port that nobody listens on. It stays below the range from which the system takes the ports
// of outgoing connections: a part that is down for a minute must find its port free when it returns, and a client that
// tries to reach it meanwhile must not connect to itself.
func FreePort() (int, error) {
	const lowest, highest, tries = 15000, 30000, 100
	var last error
	for range tries {
		port := lowest + rand.IntN(highest-lowest)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("find a free port: %w", err)
		}
		return port, nil
	}
	return 0, fmt.Errorf("find a free port: %w", last)
}

// tail is the end of a log, at most 30 lines of what was written after offset from.
func tail(file string, from int64) string {
	const most, width = 30, 16 << 10
	f, err := os.Open(file)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil && size-width > from {
		from = size - width
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(bytes.TrimSpace(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
