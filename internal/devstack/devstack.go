// Package devstack starts the local parts of a demo or a test as child processes: Redis, an embedded Kafka,
// Apache Kafka and the ClickHouse engine. Each part has a free loopback port, a folder for its data and log, and can be
// stopped, killed and restarted on the same port. Nothing it starts outlives the process that started it.
package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Options of one part.
type Options struct {
	// Dir holds the part's data and log; what is there from an earlier run is used again. Empty means a temporary
	// folder that Close removes.
	Dir string
	// Brokers of StartKafka; 0 means 1.
	Brokers int
	// Config are further settings of the server, in its own names (redis.conf, server.properties). They override ours.
	Config map[string]string
}

// Want says which parts a Stack has.
type Want struct {
	Redis, Kfake, Kafka, Engine bool
}

// Stack is a set of parts; those that were not wanted are nil.
type Stack struct {
	Redis  *Redis
	Kfake  *Kfake
	Kafka  *Kafka
	Engine *Engine
}

// StartStack starts the wanted parts side by side, each in its own folder below dir (temporary ones when dir is empty).
// ctx bounds the start only. When one part fails, the others are closed and the error names every part that failed.
func StartStack(ctx context.Context, dir string, want Want) (*Stack, error) {
	s := new(Stack)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	start := func(i int, wanted bool, f func() error) {
		if wanted {
			wg.Go(func() { errs[i] = f() })
		}
	}
	options := func(name string) Options {
		if dir == "" {
			return Options{}
		}
		return Options{Dir: filepath.Join(dir, name)}
	}
	start(0, want.Redis, func() (err error) { s.Redis, err = StartRedis(ctx, options("redis")); return })
	start(1, want.Kfake, func() (err error) { s.Kfake, err = StartKfake(ctx, options("kfake")); return })
	start(2, want.Kafka, func() (err error) { s.Kafka, err = StartKafka(ctx, options("kafka")); return })
	start(3, want.Engine, func() (err error) { s.Engine, err = StartEngine(ctx, options("engine")); return })
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close stops every part, side by side, and removes their temporary folders.
func (s *Stack) Close() error {
	var closers []func() error
	if s.Redis != nil {
		closers = append(closers, s.Redis.Close)
	}
	if s.Kfake != nil {
		closers = append(closers, s.Kfake.Close)
	}
	if s.Kafka != nil {
		closers = append(closers, s.Kafka.Close)
	}
	if s.Engine != nil {
		closers = append(closers, s.Engine.Close)
	}
	errs := make([]error, len(closers))
	var wg sync.WaitGroup
	for i, c := range closers {
		wg.Go(func() { errs[i] = c() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Brokers is the bootstrap list of the stack's Kafka, real or embedded; empty when it has neither.
func (s *Stack) Brokers() string {
	switch {
	case s.Kafka != nil:
		return s.Kafka.Addr()
	case s.Kfake != nil:
		return s.Kfake.Addr()
	}
	return ""
}

// folder makes the folder of a part; temporary says that Close has to remove it.
func folder(name, dir string) (path string, temporary bool, err error) {
	if dir == "" {
		path, err = os.MkdirTemp("", "jifen-"+name+"-")
		temporary = true
	} else if path, err = filepath.Abs(dir); err == nil {
		err = os.MkdirAll(path, 0o755)
	}
	if err != nil {
		return "", false, fmt.Errorf("%s: make its folder: %w", name, err)
	}
	return path, temporary, nil
}
