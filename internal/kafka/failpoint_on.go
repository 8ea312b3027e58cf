//go:build failpoints

package kafka

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var hits atomic.Int64 // of the one failpoint that this process has

// failpoint kills this very process, as -9 would, at the n-th time that a stage comes by the named point:
// JIFEN_FAILPOINT=<stage>:<point>:<n>.
func failpoint(stage, point string) {
	want := strings.Split(os.Getenv("JIFEN_FAILPOINT"), ":")
	if len(want) != 3 || want[0] != stage || want[1] != point {
		return
	}
	if n, err := strconv.ParseInt(want[2], 10, 64); err == nil && hits.Add(1) == n {
		fmt.Fprintf(os.Stderr, "kill failpoint=%s process=%s\n", point, stage)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
