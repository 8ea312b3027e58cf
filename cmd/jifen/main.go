// Command jifen runs the points engine and its tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"jifen/internal/devstack"
)

// errDiffers makes a command exit 1 after it has said everything itself.
var errDiffers = errors.New("differs")

func main() {
	if devstack.Child() {
		return
	}
	if os.Getenv("GOGC") == "" {
		// What a batch leaves is garbage at once, and what lives is small: a heap of three times that is collected half
		// as often (docs/reference/bench.md).
		debug.SetGCPercent(200)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := execute(ctx)
	stop()
	os.Exit(code)
}

// execute runs the command line: 0 well, 1 failed or differs, 2 wrongly called.
func execute(ctx context.Context) int {
	root := rootCommand()
	profiled := addProfileFlag(root)
	err := errors.Join(root.ExecuteContext(ctx), profiled())
	var use *usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errDiffers):
		return 1
	case errors.As(err, &use):
		fmt.Fprintln(os.Stderr, "jifen:", err)
		return 2
	}
	for _, fault := range faults(err) {
		fmt.Fprintln(os.Stderr, "jifen:", fault)
	}
	return 1
}

// faults are the errors that were joined, each said by itself; an error that wraps several in one sentence stays whole.
func faults(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{err.Error()}
	}
	var all, parts []string
	for _, e := range joined.Unwrap() {
		all, parts = append(all, faults(e)...), append(parts, e.Error())
	}
	if strings.Join(parts, "\n") != err.Error() {
		return []string{err.Error()}
	}
	return all
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use: "jifen", Short: "Points engine and points mall of a retailer (积分)",
		Long: "Shops publish events to Kafka, rules turn them into points, owners of shards keep every member's balance.\n" +
			"`jifen demo` starts everything on this machine with a week of real orders.\n\n" +
			"Every setting has one name: in the file of --config, as JIFEN_* variable, and after --set; `jifen config print --reference`\n" +
			"lists them. Data goes to standard output, everything else to standard error. A command ends with 0, with 1 when it failed\n" +
			"or found what it looks for to differ, with 2 when it was called wrongly.",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	addConfigFlags(root)
	root.AddCommand(
		demoCommand(), runCommand(), serveCommand(), migrateCommand(), topicsCommand(), rulesCommand(publishRulebook), simulateCommand(),
		importCommand(produceTo), produceCommand(produceTo), replayCommand(), retroCommand(), itemsCommand(), settingsCommand(), balancesCommand(), auditCommand(), rebuildCommand(), authCommand(),
		benchCommand(), decodeCommand(), configCommand(), versionCommand(),
	)
	strict(root)
	return root
}
