package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"jifen/internal/devstack"
)

// child is a process beside us.
type child struct {
	*devstack.Process
	stopped atomic.Bool
}

// Stop ends the child, which is what it is for.
func (c *child) Stop() error {
	c.stopped.Store(true)
	return c.Process.Stop(stopWait)
}

// launch starts a jifen beside us, which ends with us at the latest.
func (b *bed) launch(args ...string) (*child, error) {
	b.children++
	name := fmt.Sprintf("%s-%d", args[0], b.children)
	if b.Profiles != "" {
		args = append(args, "--cpuprofile", filepath.Join(b.Profiles, name+".pprof"))
	}
	log, err := os.Create(filepath.Join(b.dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", name, err)
	}
	defer log.Close()
	cmd := b.Jifen(args...)
	cmd.Stdout, cmd.Stderr = log, os.Stderr
	p, err := devstack.Launch(cmd)
	if err != nil {
		return nil, fmt.Errorf("start jifen %s: %w", args[0], err)
	}
	c := &child{Process: p}
	b.endWith("jifen "+args[0], c)
	return c, nil
}

// endWith has the whole run end with a child that ends before it is stopped: what everybody waits for comes no more.
func (b *bed) endWith(name string, c *child) {
	go func() {
		<-c.Done()
		if !c.stopped.Load() && !b.closing.Load() {
			b.fail(fmt.Errorf("%s ended before the run was over: %s", name, c.State()))
		}
	}()
}

// endWithParts watches the services.
func (b *bed) endWithParts() error {
	parts := []*devstack.Part{b.stack.Redis.Part, b.stack.Engine.Part}
	if b.stack.Kafka != nil {
		parts = append(parts, b.stack.Kafka.Brokers()...)
	}
	if b.stack.Kfake != nil {
		parts = append(parts, b.stack.Kfake.Part)
	}
	for _, p := range parts {
		running := p.Process()
		if running == nil {
			return fmt.Errorf("%s has ended", p.Name())
		}
		b.endWith(p.Name(), &child{Process: running})
	}
	return nil
}

// because is why a run failed: what ended it tells more than what was waited for then.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}
