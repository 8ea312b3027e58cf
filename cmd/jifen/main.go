// Command jifen runs the points engine and its tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"jifen/internal/config"
	"jifen/internal/devstack"
)

// errDiffers makes a command exit 1 after it has said everything itself.
var errDiffers = errors.New("differs")

func main() {
	if devstack.Child() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := execute(ctx)
	stop()
	os.Exit(code)
}

// execute runs the command line: 0 well, 1 failed or differs, 2 wrongly called.
func execute(ctx context.Context) int {
	root := rootCommand()
	err := root.ExecuteContext(ctx)
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
	for _, fault := range config.Faults(err) {
		fmt.Fprintln(os.Stderr, "jifen:", fault)
	}
	return 1
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use: "jifen", Short: "Points engine and points mall of a retailer (积分)",
		Long: "Shops publish events to Kafka, rules turn them into points, owners of shards keep every member's balance.\n" +
			"`jifen demo` starts everything on this machine with a week of real orders.",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	addConfigFlags(root)
	root.AddCommand(
		demoCommand(), runCommand(), serveCommand(), migrateCommand(), topicsCommand(), rulesCommand(publishRulebook),
		importCommand(produceTo), produceCommand(produceTo), itemsCommand(), balancesCommand(), auditCommand(), rebuildCommand(),
		configCommand(), versionCommand(),
	)
	return root
}
