package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// usageError is a command line that cannot be understood.
type usageError struct{ error }

// strict makes every wrong call an error of use, with a word on what would be right: unknown commands, arguments that are
// missing or too many, flags that are needed.
func strict(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		strict(sub)
	}
	if cmd.HasSubCommands() {
		cmd.Args = unknownCommand
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		return
	}
	args := cmd.Args
	cmd.Args = func(cmd *cobra.Command, list []string) error {
		err := args(cmd, list)
		if err == nil {
			err = cmd.ValidateRequiredFlags()
		}
		if err != nil {
			return &usageError{fmt.Errorf("%w\nusage: %s", err, cmd.UseLine())}
		}
		return nil
	}
}

// unknownCommand is what a group of commands says to an argument.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := fmt.Sprintf("`%s --help` lists them", cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return &usageError{fmt.Errorf("%s has no command %q; %s", cmd.CommandPath(), args[0], hint)}
}

// choice is the value of a flag that takes one of a few words.
type choice struct {
	value *string
	of    []string
}

func (c choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

// Type is what help shows in place of the value.
func (c choice) Type() string { return strings.Join(c.of, "|") }

// Set refuses other words before anything is done.
func (c choice) Set(s string) error {
	if !slices.Contains(c.of, s) {
		return errors.New("want " + strings.Join(c.of, " or "))
	}
	*c.value = s
	return nil
}

// outputFlag adds -o; the first of the formats is the default.
func outputFlag(cmd *cobra.Command, to *string, formats ...string) {
	*to = formats[0]
	cmd.Flags().VarP(choice{to, formats}, "output", "o", "what to print on standard output")
	complete := cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)
	if err := cmd.RegisterFlagCompletionFunc("output", complete); err != nil {
		cmd.PreRunE = func(*cobra.Command, []string) error { return err }
	}
}

// outputOf is the format that -o asks for.
func outputOf(cmd *cobra.Command) string { return cmd.Flag("output").Value.String() }
