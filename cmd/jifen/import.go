package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"
	_ "time/tzdata" // maps name time zones, also on machines without a zone database

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"jifen/internal/orderimport"
	"jifen/topics"
)

func importCommand(door producerDoor) *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Bring history in"}
	var f importFlags
	orders := &cobra.Command{
		Use: "orders --csv FILE[.gz] --map MAP.yaml", Short: "Import orders and refunds from a CSV file, as a backfill",
		Long: "Turns the rows of a CSV file into order.paid and order.refunded events, as the map says, and sends them to " +
			topics.Orders + ".\nImporting a file twice changes nothing. Rows that cannot be used are written to the reject file.",
		Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return importOrders(cmd, door, f) },
	}
	flags := orders.Flags()
	flags.StringVar(&f.csv, "csv", "", "`FILE` of orders, plain or gzip")
	flags.StringVar(&f.mapFile, "map", "", "what its columns mean: a `FILE` (kind: OrderImport)")
	flags.StringVar(&f.rejects, "rejects", "", "`FILE` for the rows that cannot be used (default: the CSV's name with .rejects.csv)")
	flags.StringVar(&f.backfill, "backfill", "", "`NAME` of the run (default: made from the file's content)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "read, match and count everything, send nothing")
	outputFlag(orders, new(string), "text", "json")
	for _, name := range []string{"csv", "map"} {
		if err := orders.MarkFlagRequired(name); err != nil {
			orders.PreRunE = func(*cobra.Command, []string) error { return err }
		}
	}
	cmd.AddCommand(orders)
	return cmd
}

type importFlags struct {
	csv, mapFile, rejects, backfill string
	dryRun                          bool
}

func importOrders(cmd *cobra.Command, door producerDoor, f importFlags) error {
	document, err := os.ReadFile(f.mapFile)
	if err != nil {
		return fmt.Errorf("map: %w", err)
	}
	m, err := orderimport.ParseMap(f.mapFile, document)
	if err != nil {
		return err
	}
	csv, err := os.Open(f.csv)
	if err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	defer csv.Close()
	if f.rejects == "" {
		f.rejects = f.csv + ".rejects.csv"
	}
	rejects := &lateFile{name: f.rejects}
	job := importJob{csv: csv, m: m, backfill: f.backfill, rejects: rejects, progress: cmd.ErrOrStderr()}
	if info, err := csv.Stat(); err == nil {
		job.size = info.Size()
	}
	if f.dryRun {
		door = func(_ *cobra.Command, use func(producer) error) error { return use(nowhere{}) }
	}
	var summary orderimport.Summary
	err = door(cmd, func(p producer) (err error) {
		summary, err = job.run(cmd.Context(), p)
		return err
	})
	if closeErr := rejects.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if summary.RejectedRows > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%d rows cannot be used, see %s\n", summary.RejectedRows, f.rejects)
	}
	return showRules(cmd, summary, func(out io.Writer) { showImport(out, summary) })
}

// nowhere is the producer of a dry run.
type nowhere struct{}

func (nowhere) Produce(context.Context, []topics.Record) error { return nil }

// importJob is one file on its way to the orders' topic.
type importJob struct {
	csv      io.Reader
	size     int64 // of csv in bytes, for the progress bar; 0: not known
	m        orderimport.Map
	backfill string    // the run's name; empty: made from the file's content
	rejects  io.Writer // may be nil
	progress io.Writer // where the bar goes, if it is a terminal
}

func (j importJob) run(ctx context.Context, p producer) (orderimport.Summary, error) {
	bar := importBar{out: j.progress, size: j.size}
	defer bar.finish()
	opt := orderimport.Options{CSV: j.csv, Map: j.m, Backfill: j.backfill, Rejects: j.rejects}
	if isTerminal(j.progress) && os.Getenv("NO_COLOR") == "" {
		opt.Progress = bar.show
	}
	opt.Emit = func(events []topics.Event) error {
		records := make([]topics.Record, len(events))
		for i := range events {
			records[i] = topics.Encode(&events[i])
		}
		if len(records) == 0 {
			return nil
		}
		return p.Produce(ctx, records)
	}
	return orderimport.Run(ctx, opt)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// importBar shows rate and time left: bytes while reading, orders while sending.
type importBar struct {
	out   io.Writer
	size  int64
	phase orderimport.Phase
	bar   *progressbar.ProgressBar
}

func (b *importBar) show(p orderimport.Progress) {
	if p.Phase != b.phase {
		b.finish()
		b.phase = p.Phase
		options := []progressbar.Option{
			progressbar.OptionSetWriter(b.out), progressbar.OptionSetDescription(string(p.Phase)), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetWidth(30), progressbar.OptionShowIts(), progressbar.OptionSetItsString("orders"),
		}
		total := p.Total
		if p.Phase == orderimport.Reading {
			total = max(b.size, -1)
			options = append(options, progressbar.OptionShowBytes(true))
		}
		if total == 0 {
			total = -1 // not known: a spinner
		}
		b.bar = progressbar.NewOptions64(total, options...)
	}
	_ = b.bar.Set64(p.Done) // a bar that cannot be drawn is no reason to stop
}

func (b *importBar) finish() {
	if b.bar != nil {
		_ = b.bar.Finish()
		b.bar = nil
	}
}

// lateFile is created by its first write, so that a run without rejects leaves no file.
type lateFile struct {
	name string
	f    *os.File
}

func (l *lateFile) Write(p []byte) (int, error) {
	if l.f == nil {
		f, err := os.Create(l.name)
		if err != nil {
			return 0, err
		}
		l.f = f
	}
	return l.f.Write(p)
}

func (l *lateFile) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}

func showImport(out io.Writer, s orderimport.Summary) {
	for _, row := range []struct {
		name  string
		count int
	}{
		{"rows", s.Rows},
		{"events", s.Events},
		{"orders paid", s.OrdersPaid},
		{"members with orders", s.MembersWithOrders},
		{"orders without a member", s.OrdersWithoutMember},
		{"refund orders", s.RefundOrders},
		{"refund lines matched", s.RefundLinesMatched},
		{"refund lines unmatched", s.RefundLinesUnmatched},
		{"  of them in part", s.RefundLinesPartlyMatched},
		{"refund lines without a member", s.RefundLinesWithoutMember},
		{"lines left out", s.LinesLeftOut},
		{"amounts rounded", s.AmountsRounded},
		{"rows rejected", s.RejectedRows},
	} {
		fmt.Fprintf(out, "%-30s %9d\n", row.name, row.count)
	}
	for _, reason := range slices.Sorted(maps.Keys(s.Rejected)) {
		fmt.Fprintf(out, "  %-28s %9d\n", reason, s.Rejected[reason])
	}
	fmt.Fprintf(out, "%-30s %s\n", "backfill", s.Backfill)
}
