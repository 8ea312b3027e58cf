package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"jifen/topics"
)

// producer writes records and returns when they are acknowledged.
type producer interface {
	Produce(ctx context.Context, records []topics.Record) error
}

// producerDoor connects to Kafka, calls use with a producer and closes it again. It is opened only once everything that
// can be checked without it is right.
type producerDoor func(cmd *cobra.Command, use func(p producer) error) error

const (
	produceRecords = 1000    // of one call
	produceBytes   = 4 << 20 // of one call, about
)

func produceCommand(door producerDoor) *cobra.Command {
	var backfill string
	cmd := &cobra.Command{
		Use: "produce FILE.jsonl", Short: "Send events (CloudEvents in structured JSON, one a line) to their topics",
		Long: "Sends each line's event to its type's topic, in binary mode, its data untouched; FILE - is standard input.\n" +
			"Lines that are no JSON object, or of a type that is no shop's, are reported; the rest is sent, and the exit code is 1.",
		Args: cobra.ExactArgs(1), SilenceUsage: true,
		RunE: func(cmd *cobra.Command, files []string) error {
			in, err := openEvents(cmd, files[0])
			if err != nil {
				return err
			}
			defer in.Close()
			return produceFile(cmd, door, jsonLines{in: in, name: files[0], backfill: backfill, faults: cmd.ErrOrStderr()})
		},
	}
	cmd.Flags().StringVar(&backfill, "backfill", "", "`NAME` of the run, if the events are history")
	outputFlag(cmd, new(string), "text", "json")
	return cmd
}

func openEvents(cmd *cobra.Command, file string) (io.ReadCloser, error) {
	if file == "-" {
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	return f, nil
}

func produceFile(cmd *cobra.Command, door producerDoor, lines jsonLines) error {
	var report produced
	if err := door(cmd, func(p producer) (err error) {
		report, err = lines.produce(cmd.Context(), p)
		return err
	}); err != nil {
		return err
	}
	if err := showRules(cmd, report, report.table); err != nil {
		return err
	}
	if report.Refused > 0 {
		return errDiffers
	}
	return nil
}

// jsonLines are events in structured JSON, one a line.
type jsonLines struct {
	in       io.Reader
	name     string // of the file, for messages
	backfill string // the run's name; empty: as each line says
	faults   io.Writer
}

// produced is what became of the lines.
type produced struct {
	Produced int            `json:"produced"`
	Refused  int            `json:"refused"` // lines that could not be sent anywhere
	Topics   map[string]int `json:"topics"`
}

func (r produced) table(out io.Writer) {
	names := make([]string, 0, len(r.Topics))
	for name := range r.Topics {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(out, "%-20s %8d\n", name, r.Topics[name])
	}
	fmt.Fprintf(out, "%-20s %8d\n%-20s %8d\n", "produced", r.Produced, "refused", r.Refused)
}

// produce sends the lines in their order and reports, line by line, what cannot be sent.
func (l jsonLines) produce(ctx context.Context, p producer) (produced, error) {
	report := produced{Topics: map[string]int{}}
	in := bufio.NewReaderSize(l.in, 1<<16)
	var batch []topics.Record
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := p.Produce(ctx, batch); err != nil {
			return err
		}
		report.Produced += len(batch)
		for i := range batch {
			report.Topics[batch[i].Topic]++
		}
		batch, size = batch[:0], 0
		return nil
	}
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return report, fmt.Errorf("%s:%d: %w", l.name, n, err)
		}
		end := err != nil
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if record, rej := l.bind(line); rej != nil {
				report.Refused++
				fmt.Fprintf(l.faults, "%s:%d: %v\n", l.name, n, rej)
			} else {
				batch, size = append(batch, record), size+len(line)
			}
		}
		if end || len(batch) == produceRecords || size > produceBytes {
			if err := flush(); err != nil || end {
				return report, err
			}
		}
	}
}

// bind makes the record of a line. What brokers would refuse for its size is refused here.
func (l jsonLines) bind(line []byte) (topics.Record, *topics.Reject) {
	if len(line) > topics.RecordBytesMax {
		return topics.Record{}, &topics.Reject{Reason: topics.ReasonOversize, Message: "the line is larger than 1 MiB"}
	}
	r, rej := topics.Rebind(line)
	if rej != nil || l.backfill == "" {
		return r, rej
	}
	r.Headers = slices.DeleteFunc(r.Headers, func(h topics.Header) bool { return h.Key == topics.BackfillHeader })
	r.Headers = append(r.Headers, topics.Header{Key: topics.BackfillHeader, Value: []byte(l.backfill)})
	return r, nil
}
