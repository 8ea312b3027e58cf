package devstack_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"jifen/internal/devstack"
	"jifen/internal/testkit"
)

// orphan makes this test binary start a Redis, print its pid and wait to be killed.
const orphan = "JIFEN_TEST_ORPHAN"

func TestMain(m *testing.M) {
	if os.Getenv(orphan) != "" {
		r, err := devstack.StartRedis(context.Background(), devstack.Options{Dir: os.Getenv(orphan)})
		if err != nil {
			panic(err)
		}
		fmt.Println(r.PID())
		select {}
	}
	testkit.Main(m)
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func redisClient(t *testing.T, r *devstack.Redis) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{
		Addr: r.Addr(), MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRedisKeepsItsDataOverKillAndStop(t *testing.T) {
	ctx := deadline(t)
	r := testkit.StartRedis(t)
	c := redisClient(t, r)
	addr := r.Addr()
	ends := map[string]func() error{"stop": r.Stop, "kill": r.Kill}
	for _, how := range []string{"kill", "stop", "kill"} {
		if err := c.Incr(ctx, "starts").Err(); err != nil {
			t.Fatal(err)
		}
		written(t, c)
		if err := ends[how](); err != nil {
			t.Fatal(err)
		}
		if pid := r.PID(); pid != 0 {
			t.Fatalf("after %s the pid is %d", how, pid)
		}
		if err := r.Restart(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.Get(ctx, "starts").Int(); err != nil || got != 3 {
		t.Errorf("starts = %d, %v, want 3", got, err)
	}
	if r.Addr() != addr {
		t.Errorf("the address moved from %s to %s", addr, r.Addr())
	}
	if got := c.ConfigGet(ctx, "maxmemory-policy").Val()["maxmemory-policy"]; got != "noeviction" {
		t.Errorf("maxmemory-policy = %q", got)
	}
}

// written waits until everything is in Redis's file: while it syncs, it answers before it writes.
func written(t *testing.T, c *redis.Client) {
	t.Helper()
	for ctx := t.Context(); ; time.Sleep(10 * time.Millisecond) {
		info, err := c.Info(ctx, "persistence").Result()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(info, "aof_buffer_length:0\r\n") && strings.Contains(info, "aof_pending_bio_fsync:0\r\n") {
			return
		}
	}
}

func TestRedisStartsAfterACutTail(t *testing.T) {
	ctx := deadline(t)
	r := testkit.StartRedis(t)
	c := redisClient(t, r)
	for i := range 10 {
		_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Set(ctx, "a", i, 0)
			p.Set(ctx, "b", i, 0)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	written(t, c)
	if err := r.Kill(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(r.Dir(), "appendonlydir", "appendonly.aof.1.incr.aof")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, info.Size()-20); err != nil { // the last EXEC and a part of the SET before it
		t.Fatal(err)
	}
	if err := r.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	got := c.MGet(ctx, "a", "b").Val()
	if len(got) != 2 || got[0] != "8" || got[1] != "8" {
		t.Errorf("a, b = %v, want the state before the cut transaction", got)
	}
}

func TestErrorNamesPartPlaceAndLog(t *testing.T) {
	testkit.Require(t, "redis-server")
	dir := filepath.Join(t.TempDir(), "mine")
	_, err := devstack.StartRedis(deadline(t), devstack.Options{Dir: dir, Config: map[string]string{"maxmemory-policy": "nonsense"}})
	if err == nil {
		t.Fatal("it started with a nonsense setting")
	}
	for _, want := range []string{"redis at 127.0.0.1:", "its process ended", "redis.log", "maxmemory-policy"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
}

// A stranger that answers on our port must not be taken for our part.
func TestStrangerOnThePortIsNotOurs(t *testing.T) {
	first := testkit.StartRedis(t)
	second := testkit.StartRedis(t)
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", second.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go forward(l, first.Addr())
	err = second.Restart(deadline(t))
	if err == nil || !strings.Contains(err.Error(), "its process ended") {
		t.Errorf("restart beside a stranger: %v", err)
	}
}

// forward gives every connection to addr, until l closes.
func forward(l net.Listener, addr string) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", addr)
		if err != nil {
			_ = in.Close()
			continue
		}
		go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
		go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
	}
}

func query(ctx context.Context, t *testing.T, e *devstack.Engine, sql string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+e.Addr()+"/?database=jifen", strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", sql, res.Status, text, err)
	}
	return strings.TrimSpace(string(text))
}

// TestEngineKeepsItsMemoryForAMinute: its allocator says so itself.
func TestEngineKeepsItsMemoryForAMinute(t *testing.T) {
	got := query(deadline(t), t, testkit.Engine(t), "SELECT extract(stats, 'opt.dirty_decay_ms: ([0-9]+)') FROM system.jemalloc_stats")
	if want := "60000"; got != want && os.Getenv("JE_MALLOC_CONF") == "" {
		t.Errorf("memory that nothing uses is kept for %s ms, want %s", got, want)
	}
}

func TestEngineKeepsItsDataOverKill(t *testing.T) {
	ctx := deadline(t)
	e := testkit.StartEngine(t)
	if want := "http://" + e.Addr() + "/jifen"; e.DSN() != want {
		t.Errorf("DSN = %q, want %q", e.DSN(), want)
	}
	query(ctx, t, e, "CREATE TABLE n (x Int64) ENGINE = MergeTree ORDER BY x")
	query(ctx, t, e, "INSERT INTO n SELECT number FROM numbers(1000)")
	if err := e.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := e.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if got := query(ctx, t, e, "SELECT count() FROM n"); got != "1000" {
		t.Errorf("count = %s after kill, want 1000", got)
	}
}

func TestStackStartsAndEndsTogether(t *testing.T) {
	testkit.Require(t, "redis-server")
	dir := t.TempDir()
	s, err := devstack.StartStack(deadline(t), dir, devstack.Want{Redis: true, Kfake: true})
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{s.Redis.PID(), s.Kfake.PID()}
	if s.Brokers() != s.Kfake.Addr() {
		t.Errorf("brokers = %q, want %q", s.Brokers(), s.Kfake.Addr())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("pid %d lives after Close", pid)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "redis", "redis.log")); err != nil {
		t.Errorf("a folder that was given must stay: %v", err)
	}
}

func TestPartsDieWithTheirParent(t *testing.T) {
	testkit.Require(t, "redis-server")
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), orphan+"="+t.TempDir())
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed, that is its error
	for end := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("redis (pid %d) outlives its parent", pid)
		}
	}
}

// alive says whether a process runs; one that nobody has waited for yet does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
