package devstack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Redis is a redis-server with an append-only file and no eviction.
type Redis struct{ *Part }

// StartRedis starts redis-server from the PATH (Debian: redis-server). ctx bounds the start only.
func StartRedis(ctx context.Context, o Options) (*Redis, error) {
	server, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("redis: %w (Debian: apt-get install redis-server)", err)
	}
	p, err := newPart("redis", o)
	if err != nil {
		return nil, err
	}
	r := &Redis{p}
	p.command = func() (*exec.Cmd, error) { return exec.Command(server, r.settings(o.Config)...), nil }
	p.mend = r.mendFile
	p.ready = r.answers
	if err := p.start(ctx); err != nil {
		return nil, p.abandon(err)
	}
	return r, nil
}

// settings are the command line: ours first, the caller's after them, so that theirs win.
func (r *Redis) settings(further map[string]string) []string {
	args := []string{
		"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--dir", r.dir, "--daemonize", "no",
		"--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-min-size", "512mb",
		"--maxmemory-policy", "noeviction",
	}
	for _, k := range keys(further) {
		args = append(args, "--"+k, further[k])
	}
	return args
}

// mendFile repairs the append-only file of a server that was killed: its tail may hold half of a MULTI, and Redis 7.0
// loads that wrongly or not at all.
func (r *Redis) mendFile(ctx context.Context) error {
	manifest := filepath.Join(r.dir, "appendonlydir", "appendonly.aof.manifest")
	if _, err := os.Stat(manifest); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "redis-check-aof", "--fix", manifest)
	cmd.Stdin = strings.NewReader("y\n") // it asks before it cuts
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("redis-check-aof: %w: %s", err, out)
	}
	return nil
}

// answers asks the server for its process id, which must be the one we started, and for PONG, which it refuses while it
// loads.
func (r *Redis) answers(ctx context.Context) error {
	conn, err := dial(ctx, r.Addr())
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "PING\r\nINFO server\r\n"); err != nil {
		return err
	}
	answer := bufio.NewScanner(conn)
	if !answer.Scan() {
		return fmt.Errorf("no answer to PING: %w", errors.Join(answer.Err(), io.ErrUnexpectedEOF))
	}
	if answer.Text() != "+PONG" {
		return fmt.Errorf("PING is answered with %q", answer.Text())
	}
	for answer.Scan() {
		if id, ok := strings.CutPrefix(answer.Text(), "process_id:"); ok {
			return isOurs(id, strconv.Itoa(r.process.PID()))
		}
	}
	return fmt.Errorf("no process id in INFO: %w", errors.Join(answer.Err(), io.ErrUnexpectedEOF))
}

// isOurs compares what the server says it is with what we started.
func isOurs(got, want string) error {
	if got != want {
		return fmt.Errorf("another server answers: it says %s, ours is %s", got, want)
	}
	return nil
}

// dial connects and bounds the whole conversation by ctx's deadline.
func dial(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

func keys(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}
