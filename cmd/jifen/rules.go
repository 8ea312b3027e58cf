package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"jifen/internal/rulefile"
	"jifen/topics"
)

// rulebookTopic is what publishing needs of the rulebook topic.
type rulebookTopic interface {
	// Published returns every version that was published before the call.
	Published(ctx context.Context) (topics.Books, error)
	// Publish writes the document of a version, keyed by it, and returns when it is acknowledged.
	Publish(ctx context.Context, version string, document []byte) error
}

// rulebookDoor connects to the rulebook topic, calls use with it and the program's clock, and closes it again. Only
// `rules publish` opens it, once everything that can be checked without it is right.
type rulebookDoor func(cmd *cobra.Command, use func(topic rulebookTopic, now time.Time) error) error

func rulesCommand(door rulebookDoor) *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Check, test and publish rulebooks"}
	lint := &cobra.Command{
		Use: "lint FILE...", Short: "Check rulebooks; every fault with its line and column", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error { return lintRules(cmd, files) },
	}
	test := &cobra.Command{
		Use: "test FILE", Short: "Run the golden cases beside a rulebook", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error { return testRules(cmd, files[0]) },
	}
	publish := &cobra.Command{
		Use: "publish FILE", Short: "Publish a version, after lint and its golden cases", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error { return publishRules(cmd, door, files[0]) },
	}
	for _, c := range []*cobra.Command{test, publish} {
		c.Flags().String("cases", "", "`FILE` of golden cases (default: the rulebook's name with .cases.yaml)")
	}
	publish.Flags().Bool("dry-run", false, "check everything, publish nothing")
	diff := rulesDiffCommand()
	for _, c := range []*cobra.Command{lint, test, diff, publish} {
		outputFlag(c, new(string), "text", "json")
		c.SilenceUsage = true
	}
	cmd.AddCommand(lint, test, diff, publish)
	return cmd
}

// linted is the report on one file.
type linted struct {
	File      string          `json:"file"`
	OK        bool            `json:"ok"`
	Name      string          `json:"name,omitempty"`
	Version   string          `json:"version,omitempty"`
	Rules     int             `json:"rules,omitempty"`
	Campaigns int             `json:"campaigns,omitempty"`
	Faults    rulefile.Faults `json:"faults,omitempty"`
}

func lintRules(cmd *cobra.Command, files []string) error {
	bad := 0
	reports := make([]linted, 0, len(files))
	var good []rulefile.Document
	for _, file := range files {
		r := linted{File: file}
		document, book, err := readBook(file)
		if err == nil {
			d := rulefile.Document{File: file, Text: document, Book: book}
			err = rulefile.CheckBeside(d, good)
			good = append(good, d)
		}
		var refused *rulefile.Refusal
		switch {
		case errors.As(err, &refused):
			r.Faults = rulefile.Faults{refused.Fault}
			bad++
		case err == nil:
			r.OK, r.Name, r.Version, r.Rules, r.Campaigns = true, book.Name, book.Version, len(book.Rules), len(book.Campaigns)
		case !errors.As(err, &r.Faults):
			return err
		default:
			bad++
		}
		reports = append(reports, r)
	}
	err := showRules(cmd, reports, func(out io.Writer) {
		for _, r := range reports {
			r.table(out)
		}
	})
	if err == nil && bad > 0 {
		err = fmt.Errorf("%d of %d rulebooks have faults", bad, len(files))
	}
	return err
}

func (r linted) table(out io.Writer) {
	if r.OK {
		fmt.Fprintf(out, "%s: ok, %s %s, %d rules, %d campaigns\n", r.File, r.Name, r.Version, r.Rules, r.Campaigns)
		return
	}
	for _, f := range r.Faults {
		fmt.Fprintf(out, "%s\n%s\n", f, f.Snippet())
	}
}

// readBook reads a rulebook and the document that it was written as.
func readBook(file string) ([]byte, *topics.Rulebook, error) {
	document, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("read rulebook: %w", err)
	}
	book, err := rulefile.Parse(file, document)
	return document, book, err
}

// showRules writes a report to stdout in the format that -o asks for.
func showRules(cmd *cobra.Command, report any, text func(io.Writer)) error {
	if outputOf(cmd) != "json" {
		text(cmd.OutOrStdout())
		return nil
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(report)
}
