package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"jifen/internal/kafka"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func retroApplyCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "apply RUN", Short: "Apply an approved retro run",
		Long: "Sends the owner of each paid order of the run's window a request; what the owners do with it is in the ledger, tagged with\n" +
			"the run. Only a run that two people agreed on (`POST /v1/retro-runs`). It can be stopped and started again, and repeated: an\n" +
			"order that the run came to already stays as it is.",
		Args: cobra.ExactArgs(1), SilenceUsage: true,
		RunE: withApp(func(cmd *cobra.Command, a *app, args []string) error { return a.retroSend(cmd, args[0], false) }),
	}
	outputFlag(cmd, &format, "text", "json")
	return cmd
}

func retroUndoCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "undo RUN", Short: "Undo a retro run, once two people agreed on that",
		Long: "Sends the owner of each paid order of the run's window a request to let the arithmetic of before the run hold again. It can be\n" +
			"stopped and started again, and repeated.",
		Args: cobra.ExactArgs(1), SilenceUsage: true,
		RunE: withApp(func(cmd *cobra.Command, a *app, args []string) error { return a.retroSend(cmd, args[0], true) }),
	}
	outputFlag(cmd, &format, "text", "json")
	return cmd
}

// retroSent is the report of `jifen retro apply` and `undo`.
type retroSent struct {
	Run  string `json:"run"`
	Undo bool   `json:"undo"`
	retroRead
}

// retroBatch is how many requests are sent at once.
const retroBatch = 500

// retroSend sends the requests of a run, or of its undoing, and notes then that all were sent.
func (a *app) retroSend(cmd *cobra.Command, id string, undo bool) error {
	ctx := cmd.Context()
	run, book, err := a.sendable(ctx, id, undo)
	if err != nil {
		return err
	}
	producer, err := kafka.NewProducer(a.kafka)
	if err != nil {
		return err
	}
	defer producer.Close()
	var records []topics.Record
	report := retroSent{Run: id, Undo: undo}
	report.retroRead, err = a.retroOrders(ctx, retroWindow{book, run.From, run.To}, func(c *pointspb.CreditEvent) error {
		value, err := retroRequest(id, undo, c).MarshalVT()
		if err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		records = append(records, topics.Record{Topic: topics.Requests, Partition: a.shard(c.Account), Key: []byte(c.Account), Value: value})
		if len(records) < retroBatch {
			return nil
		}
		all := records
		records = nil
		return producer.Produce(ctx, all)
	})
	if err == nil {
		err = producer.Produce(ctx, records)
	}
	if err == nil {
		err = a.retroDone(ctx, id, undo)
	}
	if err != nil {
		return err
	}
	return showRules(cmd, report, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d orders of the window were sent to their owners, %d records skipped\n", id, report.Orders, report.Skipped)
	})
}

// sendable is the run, if people agreed on what is to be done.
func (a *app) sendable(ctx context.Context, id string, undo bool) (*kafka.Run, *topics.Rulebook, error) {
	all, err := kafka.ReadRuns(ctx, a.kafka)
	if err != nil {
		return nil, nil, err
	}
	run := kafka.FindRun(all, id)
	if run == nil {
		return nil, nil, fmt.Errorf("there is no retro run %q; `jifen retro list` lists them", id)
	}
	may := []string{kafka.RunApproved, kafka.RunApplied}
	if undo {
		may = []string{kafka.RunUndoApproved, kafka.RunUndone}
	}
	if !slices.Contains(may, run.State) {
		return nil, nil, fmt.Errorf("retro run %s is %s: want %s", id, run.State, may[0])
	}
	books, err := kafka.ReadRulebooks(ctx, a.rulebooks())
	if err != nil {
		return nil, nil, err
	}
	book := books.Version(run.Version)
	if book == nil {
		return nil, nil, fmt.Errorf("retro run %s: version %q is not published", id, run.Version)
	}
	return run, book, nil
}

// retroDone notes that all requests were sent; what people said of the run meanwhile stays.
func (a *app) retroDone(ctx context.Context, id string, undo bool) error {
	runs, err := kafka.OpenRuns(ctx, a.kafka)
	if err != nil {
		return err
	}
	defer runs.Close()
	run := runs.Find(id)
	done, from := kafka.RunApplied, kafka.RunApproved
	if undo {
		done, from = kafka.RunUndone, kafka.RunUndoApproved
	}
	if run == nil || run.Last(done).What != "" {
		return nil
	}
	state := run.State
	if state == from {
		state = done
	}
	run.Take(state, kafka.RunStep{What: done, At: a.clock().UTC()})
	return runs.Write(ctx, *run)
}
