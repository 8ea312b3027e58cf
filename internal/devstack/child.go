package devstack

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// childVariable names the server that this executable shall be instead of itself.
const childVariable = "JIFEN_CHILD"

// Child serves as one of our own servers if this process was started as one, and does not return then. main of
// cmd/jifen and TestMain of every package that starts an embedded part call it before anything else.
func Child() bool {
	kind := os.Getenv(childVariable)
	if kind == "" {
		return false
	}
	go endWithParent()
	var err error
	switch kind {
	case "engine":
		err = engineMain(os.Args[1:])
	case "kfake":
		err = kfakeMain(os.Args[1:])
	default:
		err = fmt.Errorf("%s=%s names no server of ours", childVariable, kind)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", kind, err)
		os.Exit(1)
	}
	os.Exit(0)
	return true
}

// endWithParent ends this process when the pipe that the parent holds closes: the parent is gone, however it went.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Fprintln(os.Stderr, "the parent process is gone")
	os.Exit(3)
}

// childCommand runs this very executable as a server of ours.
func childCommand(kind string, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this executable: %w", err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), childVariable+"="+kind)
	return cmd, nil
}

// terminated is done when the process is asked to end.
func terminated() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
}
