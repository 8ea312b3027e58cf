package chaos_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"jifen/internal/devstack"
)

// slot is the place of one process of ours; who runs there after another has the same instance, so it fences the other.
type slot struct {
	stack *stack
	name  string // and kafka.instance
	args  []string

	mu      sync.Mutex
	process *devstack.Process
	deaths  []time.Time // at failpoints
}

func (s *stack) slot(name string, args ...string) *slot {
	p := &slot{stack: s, name: name, args: args}
	s.slots = append(s.slots, p)
	return p
}

func (p *slot) log() string { return filepath.Join(p.stack.dir, p.name+".log") }

// output is what all processes of the slot have written.
func (p *slot) output() []byte {
	text, err := os.ReadFile(p.log())
	if err != nil {
		return []byte(err.Error())
	}
	return text
}

// start runs the slot's process; with a failpoint it will kill itself there (stage:point:n).
func (p *slot) start(t *testing.T, failpoint string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	log, err := os.OpenFile(p.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Error(err)
		return
	}
	defer log.Close()
	cmd := exec.Command(p.stack.binary, p.args...)
	cmd.Env = append(append(os.Environ(), p.stack.env...), "JIFEN_KAFKA_INSTANCE="+p.name)
	if failpoint != "" {
		cmd.Env = append(cmd.Env, "JIFEN_FAILPOINT="+failpoint)
	}
	cmd.Stdout, cmd.Stderr = log, log
	process, err := devstack.Launch(cmd)
	if err != nil {
		t.Errorf("start %s: %v", p.name, err)
		return
	}
	p.process = process
}

// running is the slot's process, nil when none lives.
func (p *slot) running() *devstack.Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process == nil {
		return nil
	}
	select {
	case <-p.process.Done():
		return nil
	default:
		return p.process
	}
}

// ensure starts the process unless it runs.
func (p *slot) ensure(t *testing.T) {
	t.Helper()
	if p.running() == nil {
		p.start(t, "")
	}
}

// stop ends the process with SIGTERM.
func (p *slot) stop(t *testing.T) {
	t.Helper()
	if r := p.running(); r != nil {
		if err := r.Stop(30 * time.Second); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}

// kill ends the process with SIGKILL.
func (p *slot) kill() {
	if r := p.running(); r != nil {
		r.Kill()
	}
}

var killLine = regexp.MustCompile(`kill failpoint=\S+ process=\S+`)

// died waits until the process has killed itself at its failpoint, and logs the line that it left: once per kill, the
// summary of a run counts them. False: it did not, within the time.
func (p *slot) died(t *testing.T, within time.Duration) bool {
	t.Helper()
	p.mu.Lock()
	process := p.process
	p.mu.Unlock()
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-process.Done():
	case <-late.C:
		return false
	}
	status, _ := process.State().Sys().(syscall.WaitStatus)
	text := bytes.TrimSpace(p.output())
	last := text[bytes.LastIndexByte(text, '\n')+1:]
	line := killLine.Find(last)
	if status.Signal() != syscall.SIGKILL || line == nil {
		t.Errorf("%s ended by itself: %s", p.name, process.State())
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaths = append(p.deaths, time.Now())
	t.Logf("%s", line)
	return true
}
