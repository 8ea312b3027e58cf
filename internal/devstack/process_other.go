//go:build !linux

package devstack

import (
	"os/exec"
	"syscall"
)

// bindToParent keeps Ctrl-C in a terminal from reaching the child before us. Only Linux can kill it when we die; our own
// children watch their standard input instead.
func bindToParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}
