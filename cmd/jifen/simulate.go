package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"jifen/cmd/jifen/simulate"
	"jifen/topics"
)

// simulateFlags are those of `jifen simulate`.
type simulateFlags struct {
	rules              []string
	event, member, now string
	language, format   string
	follow             bool
	books              topics.Books
	events             []simulate.Input
	at                 time.Time
}

func simulateCommand() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use: "simulate --rules FILE {--event FILE | --member ID}", Short: "Say what would happen by events and the clock, entry by entry, without effect",
		Long: "Decides events as `jifen run` would, by the same code, and prints every entry with its arithmetic, refusals and dead\n" +
			"letters with their reasons, and balances before and after. Nothing is written anywhere, and Kafka is not asked.\n\n" +
			"--event names CloudEvents in structured JSON: one, an array of them, or one a line; they are decided in that order.\n" +
			"With --member that member's states are read from Redis, and the events must be that member's; without events it is said\n" +
			"what the clock makes due. Without --member nothing is known of anybody.\n\n" +
			"The program's clock (--now) decides as it does in the pipeline: events too far behind or ahead of it are dead letters.\n" +
			"With --follow each event is decided at its own time instead, as if it came at once, and at the end what --now makes due.\n" +
			"Several --rules are versions, each in force from its effective_from; before the first no rule earns. Events of a run in\n" +
			"their attribute `backfill` are history if events.backfill_sources has their source.",
		Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.read(cmd); err != nil {
				return err
			}
			return withApp(func(cmd *cobra.Command, a *app, _ []string) error { return a.simulate(cmd, &f) })(cmd, nil)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.rules, "rules", nil, "a rulebook: a `FILE` (repeatable)")
	flags.StringVar(&f.event, "event", "", "CloudEvents in structured JSON: a `FILE`, - for standard input")
	flags.StringVar(&f.member, "member", "", "`ID` of the member whose states are read from Redis")
	flags.StringVar(&f.now, "now", "", "RFC 3339 `TIME` of the program's clock (default: program.now, or the wall clock)")
	flags.BoolVar(&f.follow, "follow", false, "decide each event at its own time")
	f.language = simulate.English
	flags.Var(choice{&f.language, []string{simulate.English, simulate.Chinese}}, "language", "of the explanations")
	outputFlag(cmd, &f.format, "table", "json")
	if err := cmd.MarkFlagRequired("rules"); err != nil {
		cmd.PreRunE = func(*cobra.Command, []string) error { return err }
	}
	return cmd
}

// read checks what needs no service: flags, rulebooks, the shape of the file of events.
func (f *simulateFlags) read(cmd *cobra.Command) error {
	if f.event == "" && f.member == "" {
		return &usageError{errors.New("want --event, --member or both")}
	}
	var err error
	if f.now != "" {
		if f.at, err = time.Parse(time.RFC3339Nano, f.now); err != nil {
			return &usageError{fmt.Errorf("--now: %w", err)}
		}
	}
	for _, file := range f.rules {
		_, book, err := readBook(file)
		if err != nil {
			return err
		}
		if f.books.Version(book.Version) != nil {
			return fmt.Errorf("%s: version %s is given twice", file, book.Version)
		}
		f.books = topics.NewBooks(append(f.books, book)...)
	}
	if f.event == "" {
		return nil
	}
	in, err := openEvents(cmd, f.event)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(in, simulatedBytesMax+1))
	if err = errors.Join(err, in.Close()); err != nil {
		return fmt.Errorf("events: %w", err)
	}
	if len(data) > simulatedBytesMax {
		return fmt.Errorf("%s: more than %d MiB of events", f.event, simulatedBytesMax>>20)
	}
	f.events, err = simulate.ReadEvents(f.event, data)
	return err
}

// simulatedBytesMax bounds a file of events: all of them are held.
const simulatedBytesMax = 256 << 20

func (a *app) simulate(cmd *cobra.Command, f *simulateFlags) error {
	c := simulate.Config{
		Books: f.books, Now: f.at, Follow: f.follow, Limits: a.limits(), Shares: a.shares(), Shards: a.config.Shards, Member: f.member, Language: f.language,
	}
	if f.now == "" {
		c.Now = a.clock()
	}
	if f.member != "" {
		c.States = a.store // which it only reads
	}
	report, err := simulate.Run(cmd.Context(), c, f.events)
	if err != nil {
		if errors.Is(err, simulate.ErrMember) {
			return fmt.Errorf("%s: %w", f.event, err)
		}
		return err
	}
	if s := report.States; s != nil && s.Seq == 0 {
		slog.Warn("redis has nothing of the member's shard: it is new, was emptied, or is being rebuilt", "shard", s.Shard)
	}
	return showRules(cmd, report, func(out io.Writer) { report.Table(out, c.Books) })
}
