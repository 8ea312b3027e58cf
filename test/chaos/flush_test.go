package chaos_test

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"
)

// TestFlushAllWhileRunning empties Redis while orders and redemptions stream, three times: the owners rebuild it, and
// nothing is decided on an empty state: a member who has points is not refused for want of them, and no item is unknown.
func TestFlushAllWhileRunning(t *testing.T) {
	s := start(t)
	l := s.stream(t, "flush")
	for range 3 {
		time.Sleep(3 * time.Second)
		s.flush(t)
	}
	time.Sleep(3 * time.Second)
	l.finish(t, nil, "FLUSHALL", "FLUSHALL", "FLUSHALL")
}

func (s *stack) flush(t *testing.T) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", s.redis.Addr(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("FLUSHALL\r\n")); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(said, "+OK") {
		t.Fatalf("FLUSHALL: %q %v", said, err)
	}
}
