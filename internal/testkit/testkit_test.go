package testkit_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"jifen/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// recorder is a test that only remembers how it ended first; a real one would not go on.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper()               {}
func (r *recorder) Skipf(string, ...any)  { r.end("skipped") }
func (r *recorder) Fatalf(string, ...any) { r.end("failed") }

func (r *recorder) end(how string) {
	if r.ended == "" {
		r.ended = how
	}
}

func TestMissingProgramSkipsOnALaptopAndFailsInCI(t *testing.T) {
	for ci, want := range map[string]string{"": "skipped", "true": "failed"} {
		t.Setenv("CI", ci)
		r := &recorder{TB: t}
		testkit.Require(r, "no-such-program-here")
		if r.ended != want {
			t.Errorf("CI=%q: %s, want %s", ci, r.ended, want)
		}
		r = &recorder{TB: t}
		testkit.Require(r, "go")
		if r.ended != "" {
			t.Errorf("CI=%q: a program that is there %s the test", ci, r.ended)
		}
	}
}

func TestSeedRepeats(t *testing.T) {
	t.Setenv("JIFEN_SEED", "42")
	if a, b := testkit.Rand(t).Uint64(), testkit.Rand(t).Uint64(); a != b {
		t.Errorf("the same seed gives %d and %d", a, b)
	}
}

func TestRunShowsWhatAProgramSays(t *testing.T) {
	p := testkit.Run(t, []string{"WORD=hello"}, "/bin/sh", "-c", "echo $WORD; echo there >&2")
	<-p.Done()
	if got := strings.Fields(p.Output()); len(got) != 2 || got[0] != "hello" || got[1] != "there" {
		t.Errorf("output = %q", got)
	}
	if !p.State().Success() {
		t.Errorf("state = %v", p.State())
	}
}

func TestDeafLosesChosenRepliesOfExecutedRequests(t *testing.T) {
	redis := testkit.Redis(t)
	d := testkit.StartDeaf(t, redis.Addr(), func(request []byte) bool { return strings.HasPrefix(string(request), "INCR") })
	ask := func(addr, command string) string {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
			t.Fatal(err)
		}
		said, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil && said != "" {
			t.Fatal(err)
		}
		return strings.TrimSpace(said)
	}
	for _, c := range []struct{ addr, command, want string }{
		{d.Addr(), "PING", "+PONG"},
		{d.Addr(), "INCR deaf", ""},
		{d.Addr(), "INCRBY deaf 2", ""},
		{redis.Addr(), "INCR deaf", ":4"},
		{d.Addr(), "STRLEN deaf", ":1"},
	} {
		if got := ask(c.addr, c.command); got != c.want {
			t.Errorf("%s answers %q, want %q", c.command, got, c.want)
		}
	}
	if d.Lost() != 2 {
		t.Errorf("%d replies lost, want 2", d.Lost())
	}
}
