package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"jifen/internal/rulefile"
)

// publication is what publishing did.
type publication struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	From    time.Time `json:"effective_from"`
	Cases   int       `json:"cases"`
	State   string    `json:"state"` // published | unchanged | checked
}

// publishRules publishes a version after everything about it was checked; nothing is published on any error. A version
// that stands there already with the same content is left as it is.
func publishRules(cmd *cobra.Command, door rulebookDoor, file string) error {
	document, book, err := readBook(file)
	if err != nil {
		return err
	}
	done := publication{Name: book.Name, Version: book.Version, From: book.From}
	if done.Cases, err = checkCases(cmd, book, file); err != nil {
		return err
	}
	dry, err := cmd.Flags().GetBool("dry-run")
	if err != nil {
		return err
	}
	err = door(cmd, func(topic rulebookTopic, now time.Time) error {
		existing, err := topic.Published(cmd.Context())
		if err != nil {
			return fmt.Errorf("read published rulebooks: %w", err)
		}
		if err := rulefile.CheckPublish(rulefile.Document{File: file, Text: document, Book: book}, existing, now); err != nil {
			return err
		}
		switch {
		case existing.Version(book.Version) != nil:
			done.State = "unchanged"
			return nil
		case dry:
			done.State = "checked"
			return nil
		}
		done.State = "published"
		if err := topic.Publish(cmd.Context(), book.Version, document); err != nil {
			return fmt.Errorf("publish rulebook %s: %w", book.Version, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return showRules(cmd, done, func(out io.Writer) {
		fmt.Fprintf(out, "%s: %s %s, in force from %s, %d cases passed\n", done.State, done.Name, done.Version, done.From.Format(time.RFC3339), done.Cases)
	})
}
