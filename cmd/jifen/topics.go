package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"jifen/internal/kafka"
	"jifen/topics"
	"jifen/topics/pointspb"
)

const (
	creditsTopic  = topics.Credits
	requestsTopic = topics.Requests
)

func topicsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "topics", Short: "Plan, create and read topics"}
	steps := func(use, short string, do func(context.Context, kafka.Config, int) ([]kafka.Step, error)) *cobra.Command {
		var format string
		c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: withApp(func(cmd *cobra.Command, a *app, _ []string) error {
			done, err := do(cmd.Context(), a.kafka, a.config.Shards)
			if printErr := printSteps(cmd.OutOrStdout(), done, format); printErr != nil {
				return printErr
			}
			return err
		})}
		outputFlag(c, &format, "text", "json")
		return c
	}
	var from int64
	var most int
	cat := &cobra.Command{
		Use: "cat TOPIC", Short: "Print a topic's committed records as JSON, Protobuf ones too", Args: cobra.ExactArgs(1),
		RunE: withApp(func(cmd *cobra.Command, a *app, args []string) error {
			return a.cat(cmd.Context(), cmd.OutOrStdout(), args[0], from, most)
		}),
	}
	cat.Flags().Int64Var(&from, "from", 0, "start at this `OFFSET` of each partition")
	cat.Flags().IntVarP(&most, "number", "n", 0, "print at most `COUNT` records; 0: all up to the present end")
	cmd.AddCommand(
		steps("plan", "Show which topics are missing, set otherwise than declared, or wrong", kafka.Plan),
		steps("apply", "Create missing topics, and set what differs; nothing is ever deleted", kafka.Apply), cat, asyncapiCommand(),
	)
	return cmd
}

func printSteps(w io.Writer, steps []kafka.Step, format string) error {
	if format == "json" {
		return json.NewEncoder(w).Encode(steps)
	}
	for _, s := range steps {
		if _, err := fmt.Fprintf(w, "%-7s %-28s %3d partitions  %s\n", s.Action, s.Topic, s.Partitions, s.Why); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
}

// printed is a record as `jifen topics cat` shows it.
type printed struct {
	Topic     string            `json:"topic"`
	Partition int32             `json:"partition"`
	Offset    int64             `json:"offset"`
	Key       string            `json:"key,omitempty"`
	Timestamp time.Time         `json:"timestamp"`
	Headers   map[string]string `json:"headers,omitempty"`
	Value     json.RawMessage   `json:"value"`
}

func (a *app) cat(ctx context.Context, w io.Writer, topic string, from int64, most int) error {
	out := json.NewEncoder(w)
	return kafka.Read(ctx, a.kafka, topic, from, most, func(r *topics.Record, at time.Time) error {
		p := printed{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: string(r.Key), Timestamp: at.UTC(), Value: valueOf(r)}
		for _, h := range r.Headers {
			if p.Headers == nil {
				p.Headers = map[string]string{}
			}
			p.Headers[h.Key] = string(h.Value)
		}
		return out.Encode(p)
	})
}

// valueOf renders a value as JSON: Protobuf by its topic, JSON as it is, anything else as a string.
func valueOf(r *topics.Record) json.RawMessage {
	var m proto.Message
	switch r.Topic {
	case topics.Credits:
		m = &pointspb.CreditEvent{}
	case topics.Requests:
		m = &pointspb.Request{}
	case topics.Ledger:
		m = &pointspb.Entry{}
	}
	if m != nil {
		if err := proto.Unmarshal(r.Value, m); err == nil {
			if b, err := protojson.Marshal(m); err == nil {
				return b
			}
		}
	}
	if json.Valid(r.Value) {
		return r.Value
	}
	b, _ := json.Marshal(string(r.Value)) // a string always marshals
	return b
}
