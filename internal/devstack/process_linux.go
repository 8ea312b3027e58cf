package devstack

import (
	"os/exec"
	"syscall"
)

// bindToParent has the kernel kill the child when we die, and keeps Ctrl-C in a terminal from reaching it before us: we
// end it in our own order.
func bindToParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
