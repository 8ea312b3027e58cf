package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"

	"github.com/spf13/cobra"

	"jifen/internal/telemetry"
	"jifen/test/bench"
)

type benchFlags struct {
	bench.Options
	latency int
	rounds  int
	output  string
}

func benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure what an event costs, on parts started locally", Args: cobra.NoArgs,
		Long: "Starts an Apache Kafka of one broker, redis-server and the ClickHouse engine, generates orders, and measures the CPU time\n" +
			"per event of fetching and decoding them, of the credits stage, and of the full pipeline. Exit 1 if a total is not exactly\n" +
			"that of the generated orders. docs/reference/bench.md says how to read it.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return &usageError{err}
			}
			return runBench(cmd, f)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.Events, "events", 500_000, "orders to measure on; a tenth more go before them to warm up")
	flags.IntVar(&f.Members, "members", 100_000, "members who buy")
	flags.Float64Var(&f.Zipf, "zipf", 1.1, "exponent of the law by which they do, above 1")
	flags.Uint64Var(&f.Seed, "seed", 1, "the same seed generates the same orders")
	f.Kafka = bench.RealKafka
	flags.Var(choice{&f.Kafka, []string{bench.RealKafka, bench.EmbeddedKafka}}, "kafka", "Apache Kafka, or the embedded kfake")
	flags.IntVar(&f.latency, "latency", 0, "measure instead how long people wait, by this many redemptions and orders at 20/s, then while --events drain")
	flags.IntVar(&f.rounds, "rounds", 1, "run it so many times, on new parts each, and print medians: a machine's speed changes from minute to minute")
	flags.StringVar(&f.Profiles, "profiles", "", "folder for CPU profiles of the processes under measure")
	outputFlag(cmd, &f.output, "table", "json")
	return cmd
}

func (f *benchFlags) check() error {
	switch {
	case f.Events < 1000 || f.Members < 1:
		return errors.New("--events: at least 1000, --members: at least 1")
	case f.latency < 0:
		return errors.New("--latency: must not be below 0")
	case f.rounds < 1:
		return errors.New("--rounds: at least 1")
	case f.rounds > 1 && (f.latency > 0 || f.Profiles != ""):
		return errors.New("--rounds: not with --latency or --profiles, which are of one run")
	case f.Zipf <= 1:
		return errors.New("--zipf: must be above 1")
	}
	return nil
}

func runBench(cmd *cobra.Command, f benchFlags) error {
	log, err := telemetry.NewLogger(os.Stderr, "warn", "auto", os.Getenv("NO_COLOR") != "")
	if err != nil {
		return err
	}
	slog.SetDefault(log)
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this executable: %w", err)
	}
	f.Jifen = func(args ...string) *exec.Cmd { return exec.Command(self, args...) }
	f.Progress = func(most int64, what string) bench.Bar { return progress(most, what) }
	f.Decode = func(o bench.DecodeOptions, settings []string) []string {
		args := []string{
			"bench-decode", "--warm", strconv.FormatInt(o.Warm, 10), "--orders", strconv.FormatInt(o.All, 10),
			"--library=" + strconv.FormatBool(o.Library),
		}
		return append(args, settings...)
	}
	r, err := f.measure(cmd.Context())
	if err != nil {
		return err
	}
	if f.output == "json" {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(r)
	} else {
		err = r.Print(cmd.OutOrStdout())
	}
	if err == nil && len(r.Faults) > 0 {
		return errDiffers
	}
	return err
}

func (f *benchFlags) measure(ctx context.Context) (*bench.Report, error) {
	switch {
	case f.latency > 0:
		return bench.Latencies(ctx, f.Options, f.latency)
	case f.rounds > 1:
		return bench.Rounds(ctx, f.Options, f.rounds)
	default:
		return bench.Run(ctx, f.Options)
	}
}

// decodeCommand is the child that fetches and decodes; it is no use by itself.
func decodeCommand() *cobra.Command {
	var o bench.DecodeOptions
	cmd := &cobra.Command{
		Use: "bench-decode", Short: "Fetch and decode orders, as a child of bench", Hidden: true, Args: cobra.NoArgs,
		RunE: withApp(func(cmd *cobra.Command, a *app, _ []string) error {
			t, err := bench.Decode(cmd.Context(), a.kafka, o)
			if err != nil {
				return err
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(t)
		}),
	}
	cmd.Flags().Int64Var(&o.Warm, "warm", 0, "how many to read before it measures")
	cmd.Flags().Int64Var(&o.All, "orders", 0, "how many to read in all")
	cmd.Flags().BoolVar(&o.Library, "library", false, "decode by the JSON library alone")
	return cmd
}
