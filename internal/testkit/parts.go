package testkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"jifen/internal/devstack"
)

// closers end what the tests of this package share. Tests have no other place for it than the process.
var closers struct {
	sync.Mutex
	all []func() error
}

// atEnd has Main call f after the last test.
func atEnd(f func() error) {
	closers.Lock()
	defer closers.Unlock()
	closers.all = append(closers.all, f)
}

// Main is the body of TestMain in a package whose tests use parts:
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
//
// It serves when this process is a child part, else it runs the tests and ends what they shared.
func Main(m *testing.M) {
	devstack.Child()
	code := m.Run()
	closers.Lock()
	defer closers.Unlock()
	for _, f := range closers.all {
		if err := f(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// part is what every part of devstack can do.
type part interface{ Close() error }

// start starts a part; it fails the test when the part is there and does not start.
func start[P part](t testing.TB, o []devstack.Options, f func(context.Context, devstack.Options) (P, error)) P {
	t.Helper()
	var options devstack.Options
	if len(o) > 0 {
		options = o[0]
	}
	ctx, cancel := startContext()
	defer cancel()
	p, err := f(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// closing ends a part with its test.
func closing[P part](t testing.TB, p P) P {
	t.Helper()
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// one is a part that the tests of a package share, started by the first that asks.
type one[P part] struct {
	mutex sync.Mutex
	part  P
	have  bool
}

func (o *one[P]) get(t testing.TB, f func(context.Context, devstack.Options) (P, error)) P {
	t.Helper()
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if !o.have {
		o.part = start(t, nil, f)
		o.have = true
		atEnd(o.part.Close)
	}
	return o.part
}

// The shared parts of this test process.
var (
	sharedRedis  one[*devstack.Redis]
	sharedKfake  one[*devstack.Kfake]
	sharedKafka  one[*devstack.Kafka]
	sharedEngine one[*devstack.Engine]
)

// Redis is the package's shared redis-server. A test that stops or flushes it takes StartRedis.
func Redis(t testing.TB) *devstack.Redis {
	t.Helper()
	Require(t, "redis-server", "redis-check-aof")
	return sharedRedis.get(t, devstack.StartRedis)
}

// StartRedis is a redis-server of this test alone; options are at most one.
func StartRedis(t testing.TB, o ...devstack.Options) *devstack.Redis {
	t.Helper()
	Require(t, "redis-server", "redis-check-aof")
	return closing(t, start(t, o, devstack.StartRedis))
}

// Kfake is the package's shared embedded Kafka.
func Kfake(t testing.TB) *devstack.Kfake {
	t.Helper()
	return sharedKfake.get(t, devstack.StartKfake)
}

// StartKfake is an embedded Kafka of this test alone; options are at most one.
func StartKfake(t testing.TB, o ...devstack.Options) *devstack.Kfake {
	t.Helper()
	return closing(t, start(t, o, devstack.StartKfake))
}

// Kafka is the package's shared Apache Kafka of one broker.
func Kafka(t testing.TB) *devstack.Kafka {
	t.Helper()
	requireKafka(t)
	return sharedKafka.get(t, devstack.StartKafka)
}

// StartKafka is an Apache Kafka of this test alone; options are at most one.
func StartKafka(t testing.TB, o ...devstack.Options) *devstack.Kafka {
	t.Helper()
	requireKafka(t)
	return closing(t, start(t, o, devstack.StartKafka))
}

// Engine is the package's shared ClickHouse engine.
func Engine(t testing.TB) *devstack.Engine {
	t.Helper()
	requireEngine(t)
	return sharedEngine.get(t, devstack.StartEngine)
}

// StartEngine is a ClickHouse engine of this test alone; options are at most one.
func StartEngine(t testing.TB, o ...devstack.Options) *devstack.Engine {
	t.Helper()
	requireEngine(t)
	return closing(t, start(t, o, devstack.StartEngine))
}

func requireKafka(t testing.TB) {
	t.Helper()
	Require(t, "java")
	requireDownload(t, devstack.FetchKafka)
}

func requireEngine(t testing.TB) {
	t.Helper()
	requireDownload(t, devstack.FetchEngine)
}

func requireDownload(t testing.TB, fetch func(context.Context) (string, error)) {
	t.Helper()
	ctx, cancel := startContext()
	defer cancel()
	if _, err := fetch(ctx); err != nil {
		Missing(t, "%v", errors.Join(err, context.Cause(ctx)))
	}
}
