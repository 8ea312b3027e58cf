package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"jifen/topics"
)

// replayed is what `jifen replay dlq` did, or would do.
type replayed struct {
	DryRun   bool           `json:"dry_run"`
	Replayed int            `json:"replayed"` // in a dry run: would be
	Counts   []letterCount  `json:"counts"`
	Letters  []letterListed `json:"letters,omitempty"` // of a dry run
}

// letterCount counts the dead letters of a topic that had the same reason and the same fate.
type letterCount struct {
	Topic  string `json:"topic"`
	Reason string `json:"reason"`
	Fate   string `json:"fate"` // replay | replayed_before | admitted | declined | cut | too_old | structured | foreign
	Count  int    `json:"count"`
	Again  int    `json:"again"` // of them had been brought back once and failed again
}

// letterListed is a dead letter in a dry run.
type letterListed struct {
	Place   string    `json:"place"` // topic/partition/offset
	At      time.Time `json:"at"`    // when it was given up
	Fate    string    `json:"fate"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Group   string    `json:"group"`
	Key     string    `json:"key"`
	To      string    `json:"to"`
}

func (r *replayed) count(topic string, l *topics.Letter, fate string) {
	again := 0
	if l.Again {
		again = 1
	}
	if fate == letterReplay {
		r.Replayed++
	}
	for i := range r.Counts {
		if c := &r.Counts[i]; c.Topic == topic && c.Reason == string(l.Reason) && c.Fate == fate {
			c.Count, c.Again = c.Count+1, c.Again+again
			return
		}
	}
	r.Counts = append(r.Counts, letterCount{topic, string(l.Reason), fate, 1, again})
}

func (r *replayed) list(record *topics.Record, l *topics.Letter, fate string, at time.Time) {
	r.Letters = append(r.Letters, letterListed{
		Place: l.Place, At: at.UTC(), Fate: fate, Reason: string(l.Reason), Message: l.Message, Group: l.Group,
		Key: string(record.Key), To: l.Original.Topic,
	})
}

func (r replayed) table(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(r.Letters) > 0 {
		fmt.Fprintln(table, "DEAD LETTER\tGIVEN UP\tREASON\tKEY\tFATE\tMESSAGE")
		for _, l := range r.Letters {
			fmt.Fprintf(table, "%s\t%s\t%s\t%q\t%s\t%s\n", l.Place, l.At.Format(time.RFC3339), l.Reason, l.Key, fateWords(l.Fate, true), l.Message)
		}
		fmt.Fprintln(table)
	}
	if len(r.Counts) > 0 {
		fmt.Fprintln(table, "TOPIC\tREASON\tFATE\tCOUNT\tFAILED AGAIN")
	}
	for _, c := range r.Counts {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\n", c.Topic, c.Reason, fateWords(c.Fate, r.DryRun), c.Count, c.Again)
	}
	_ = table.Flush() // what standard output cannot take, nobody reads
	if r.DryRun {
		fmt.Fprintf(out, "%d would be brought back, nothing was\n", r.Replayed)
		return
	}
	fmt.Fprintf(out, "%d brought back\n", r.Replayed)
}

// fateWords say what becomes, or became, of a dead letter.
func fateWords(fate string, dry bool) string {
	switch fate {
	case letterReplay:
		if dry {
			return "would be brought back"
		}
		return "brought back"
	case letterDone:
		return "was brought back before"
	case letterCut:
		return "left: its value was cut"
	case letterTooOld:
		return "left: would be too old again"
	case letterAdmitted:
		return "was admitted as history before"
	case letterDeclined:
		return "left: people decided that it stays out"
	case letterValue:
		return "left: structured, no backfill without touching its value"
	}
	return "left: not written by jifen"
}
