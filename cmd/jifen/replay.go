package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jifen/internal/kafka"
	"jifen/topics"
)

// replayFlags are those of `jifen replay dlq`.
type replayFlags struct {
	all, dryRun             bool
	topics, groups, reasons []string
	key, since, until       string
	partition               int32
	from, to                int64
	backfill, format        string

	sources       []string // dead-letter topics to read
	after, before time.Time
}

func replayCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "replay", Short: "Bring back what was given up"}
	var f replayFlags
	dlq := &cobra.Command{
		Use: "dlq", Short: "Bring dead letters back to the topics that they came from, each at most once",
		Long: "Sends the original records of the dead letters that are asked for - key, value, headers and partition as they were - back to\n" +
			"their topics, after the cause is mended. All flags that are given must hold; --all asks for every dead letter.\n\n" +
			"A record that is brought back has the header " + topics.HeaderReplay + ", the place of its dead letter, and in the same transaction a mark is\n" +
			"written to " + topics.Replays + ": however often, and however many at once, this command runs, no dead letter is brought back twice.\n" +
			"One that fails again becomes a new dead letter. Events that were credited meanwhile are duplicates, by source and id.\n\n" +
			"Not brought back: values that were cut, and " + string(topics.ReasonTooOld) + " unless --reason asks for it, for it would only be refused again. With\n" +
			"--backfill such events become history of that run (their source must be in events.backfill_sources).",
		Args: cobra.NoArgs, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.read(cmd, time.Now()); err != nil {
				return &usageError{err}
			}
			return withApp(func(cmd *cobra.Command, a *app, _ []string) error { return a.replay(cmd, &f) })(cmd, nil)
		},
	}
	flags := dlq.Flags()
	flags.BoolVar(&f.all, "all", false, "every dead letter")
	flags.BoolVar(&f.dryRun, "dry-run", false, "list what would be brought back, and bring back nothing")
	flags.StringSliceVar(&f.topics, "topic", nil, "dead letters of this `TOPIC` (repeatable)")
	flags.StringSliceVar(&f.groups, "group", nil, "given up by this consumer `GROUP` (repeatable)")
	flags.StringSliceVar(&f.reasons, "reason", nil, "given up for this `REASON` (repeatable)")
	flags.StringVar(&f.key, "key", "", "with this `KEY`: of shops' topics the member's id")
	flags.StringVar(&f.since, "since", "", "given up at this `TIME` (RFC 3339, or a duration ago such as 24h) or later")
	flags.StringVar(&f.until, "until", "", "given up before this `TIME`")
	flags.Int32Var(&f.partition, "partition", -1, "in this partition `N` of the dead-letter topic; needs one --topic")
	flags.Int64Var(&f.from, "from", 0, "from this `OFFSET` of the dead-letter topic on; needs one --topic")
	flags.Int64Var(&f.to, "to", -1, "before this `OFFSET`; needs one --topic")
	flags.StringVar(&f.backfill, "backfill", "", "`NAME` of a run whose history the events become")
	outputFlag(dlq, &f.format, "text", "json")
	cmd.AddCommand(dlq)
	return cmd
}

// read checks the flags; at least one must say which dead letters are meant.
func (f *replayFlags) read(cmd *cobra.Command, now time.Time) error {
	chosen := f.all
	for _, name := range []string{"topic", "group", "reason", "key", "since", "until", "partition", "from", "to"} {
		chosen = chosen || cmd.Flags().Changed(name)
	}
	if !chosen {
		return errors.New("say which dead letters: --topic, --reason, --since, … or --all")
	}
	known, err := kafka.DeadLetterTopics()
	if err != nil {
		return err
	}
	if f.sources = known; len(f.topics) > 0 {
		f.sources = nil
	}
	for _, name := range f.topics {
		source := topics.DeadLetterPrefix + strings.TrimPrefix(name, topics.DeadLetterPrefix)
		if !slices.Contains(known, source) {
			return fmt.Errorf("--topic: %s has no dead letters; %s have", name, strings.Join(known, ", "))
		}
		if !slices.Contains(f.sources, source) {
			f.sources = append(f.sources, source)
		}
	}
	if (f.partition >= 0 || f.from > 0 || f.to >= 0) && len(f.sources) != 1 {
		return errors.New("--partition, --from and --to are of one topic: want one --topic")
	}
	if f.after, err = when("since", f.since, now); err != nil {
		return err
	}
	f.before, err = when("until", f.until, now)
	return err
}

// when is an instant, or how long ago it was; zero for no text.
func when(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, fmt.Errorf("--%s: %q is neither RFC 3339 nor a duration", flag, text)
	}
	return t, nil
}

// asks says whether a dead letter is one of those that are asked for.
func (f *replayFlags) asks(r *topics.Record, l *topics.Letter, at time.Time) bool {
	in := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	switch {
	case f.partition >= 0 && r.Partition != f.partition, r.Offset < f.from, f.to >= 0 && r.Offset >= f.to:
		return false
	case f.key != "" && string(r.Key) != f.key:
		return false
	case !f.after.IsZero() && at.Before(f.after), !f.before.IsZero() && !at.Before(f.before):
		return false
	}
	return in(f.groups, l.Group) && in(f.reasons, string(l.Reason))
}

// What becomes of a dead letter that is asked for.
const (
	letterReplay  = "replay"
	letterDone    = "replayed_before"
	letterCut     = "cut"
	letterTooOld  = "too_old"
	letterValue   = "structured" // its attributes lie in its value: no backfill without touching that
	letterForeign = "foreign"    // no stage wrote it
	// A late event that people decided on (GET /v1/late-events): it is history already, or stays out.
	letterAdmitted, letterDeclined = kafka.LetterAdmitted, kafka.LetterDeclined
)

// fate decides what becomes of a dead letter, and makes history of it where that is asked for.
func (f *replayFlags) fate(l *topics.Letter, state string) string {
	switch {
	case state == kafka.LetterReplayed:
		return letterDone
	case state == letterAdmitted, state == letterDeclined:
		return state
	case l.Cut:
		return letterCut
	case l.Reason == topics.ReasonTooOld && f.backfill == "" && !slices.Contains(f.reasons, string(topics.ReasonTooOld)):
		return letterTooOld
	case f.backfill != "" && !l.Backfill(f.backfill):
		return letterValue
	}
	return letterReplay
}

const (
	replayRecords = 500     // of one transaction
	replayBytes   = 4 << 20 // of one transaction, about
)

func (a *app) replay(cmd *cobra.Command, f *replayFlags) error {
	ctx := cmd.Context()
	run := replayRun{flags: f, report: replayed{DryRun: f.dryRun, Counts: []letterCount{}}}
	var err error
	if f.dryRun {
		run.marks, err = kafka.ReadReplays(ctx, a.kafka)
	} else if run.replays, err = kafka.OpenReplays(ctx, a.kafka); err == nil {
		defer run.replays.Close()
		run.marks = run.replays.Marks()
	}
	if err != nil {
		return err
	}
	bar := progress(-1, "dead letters")
	for _, source := range f.sources {
		err = kafka.Read(ctx, a.kafka, source, f.from, 0, func(r *topics.Record, at time.Time) error {
			_ = bar.Add(1) // a bar that cannot be drawn is no reason to stop
			return run.take(ctx, r, at)
		})
		if err == nil {
			err = run.flush(ctx)
		}
		if err != nil {
			break
		}
	}
	_ = bar.Finish()
	// What was brought back is said, whatever ended the run.
	return errors.Join(showRules(cmd, run.report, run.report.table), err)
}

// replayRun is one run of `jifen replay dlq`.
type replayRun struct {
	flags   *replayFlags
	replays *kafka.Replays // nil: a dry run
	marks   kafka.Marks
	waiting []topics.Letter
	bytes   int
	report  replayed
}

// take reads one dead letter.
func (run *replayRun) take(ctx context.Context, r *topics.Record, at time.Time) error {
	l, err := topics.OpenLetter(r)
	if !run.flags.asks(r, &l, at) {
		return nil
	}
	if err != nil {
		run.report.count(r.Topic, &l, letterForeign)
		return nil //nolint:nilerr // counted, with the reason
	}
	fate := run.flags.fate(&l, run.marks.State(l.Place))
	if run.flags.dryRun {
		run.report.list(r, &l, fate, at)
	}
	if fate != letterReplay || run.flags.dryRun {
		run.report.count(r.Topic, &l, fate)
		return nil
	}
	return run.bring(ctx, &l)
}

// bring takes a dead letter along, and brings back those that wait when they are many.
func (run *replayRun) bring(ctx context.Context, l *topics.Letter) error {
	run.waiting, run.bytes = append(run.waiting, *l), run.bytes+len(l.Original.Key)+len(l.Original.Value)
	if len(run.waiting) < replayRecords && run.bytes < replayBytes {
		return nil
	}
	return run.flush(ctx)
}

// flush brings back what waits; only what was brought back is counted.
func (run *replayRun) flush(ctx context.Context) error {
	if len(run.waiting) == 0 {
		return nil
	}
	if err := run.replays.Replay(ctx, run.waiting); err != nil {
		return err
	}
	for i := range run.waiting {
		l := &run.waiting[i]
		run.report.count(topics.DeadLetterPrefix+l.Original.Topic, l, letterReplay)
	}
	run.waiting, run.bytes = nil, 0
	return nil
}
