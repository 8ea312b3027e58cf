package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"jifen/cmd/jifen/rulediff"
	"jifen/topics"
)

func rulesDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use: "diff OLD NEW", Short: "Say what changed between two rulebooks; exit 1 when anything did",
		Long: "Compares what two rulebooks mean: their own settings, tiers, rules, campaigns, milestones and abuse rules, each by its id and field by\n" +
			"field, with money and rates in words. Order, comments and layout do not count. Exit code 0: they mean the same; 1: something differs,\n" +
			"or a file cannot be read or has faults, which stand on standard error; 2: wrongly called.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, files []string) error { return diffRules(cmd, files[0], files[1]) },
	}
}

// bookDiff is what `jifen rules diff` says.
type bookDiff struct {
	Old     bookNamed         `json:"old"`
	New     bookNamed         `json:"new"`
	Changes []rulediff.Change `json:"changes"`
}

// bookNamed is one of the two.
type bookNamed struct {
	File    string `json:"file"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

func diffRules(cmd *cobra.Command, from, to string) error {
	_, x, err := readBook(from)
	if err != nil {
		return err
	}
	_, y, err := readBook(to)
	if err != nil {
		return err
	}
	name := func(file string, b *topics.Rulebook) bookNamed { return bookNamed{file, b.Name, b.Version} }
	d := bookDiff{Old: name(from, x), New: name(to, y), Changes: rulediff.Diff(x, y)}
	if d.Changes == nil {
		d.Changes = []rulediff.Change{}
	}
	if err := showRules(cmd, d, d.table); err != nil {
		return err
	}
	if len(d.Changes) > 0 {
		return errDiffers
	}
	return nil
}

// table lists the changes: + is new, - is gone, ~ differs in the fields below it.
func (d bookDiff) table(out io.Writer) {
	fmt.Fprintf(out, "- %s: %s %s\n+ %s: %s %s\n", d.Old.File, d.Old.Name, d.Old.Version, d.New.File, d.New.Name, d.New.Version)
	if len(d.Changes) == 0 {
		fmt.Fprintln(out, "\nno difference")
	}
	marks := map[string]string{rulediff.Added: "+", rulediff.Removed: "-", rulediff.Changed: "~"}
	for _, c := range d.Changes {
		fmt.Fprintf(out, "\n%s %s", marks[c.Change], c.Thing)
		if c.ID != "" {
			fmt.Fprint(out, " ", c.ID)
		}
		fmt.Fprintln(out)
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, f := range c.Fields {
			switch c.Change {
			case rulediff.Added:
				fmt.Fprintf(table, "    %s\t%s\n", f.Name, f.New)
			case rulediff.Removed:
				fmt.Fprintf(table, "    %s\t%s\n", f.Name, f.Old)
			default:
				fmt.Fprintf(table, "    %s\t%s → %s\n", f.Name, orNothing(f.Old), orNothing(f.New))
			}
		}
		_ = table.Flush() // what standard output cannot take, nobody reads
	}
}

// orNothing stands for a property that says nothing: no condition, no limit, off.
func orNothing(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
