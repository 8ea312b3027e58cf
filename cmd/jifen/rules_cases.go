package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"jifen/internal/rulefile"
	"jifen/topics"
)

// casesPath is the file of golden cases of a rulebook: what --cases says, else <book>.cases.yaml beside it.
func casesPath(cmd *cobra.Command, file string) (path string, asked bool, err error) {
	path, err = cmd.Flags().GetString("cases")
	if err != nil || path != "" {
		return path, true, err
	}
	for _, ext := range []string{".yaml", ".yml"} {
		if base, ok := strings.CutSuffix(file, ext); ok {
			return base + ".cases" + ext, false, nil
		}
	}
	return file + ".cases.yaml", false, nil
}

func testRules(cmd *cobra.Command, file string) error {
	_, book, err := readBook(file)
	if err != nil {
		return err
	}
	path, _, err := casesPath(cmd, file)
	if err != nil {
		return err
	}
	results, err := runCases(book, path)
	if err != nil {
		return err
	}
	if err := showRules(cmd, results, func(out io.Writer) { casesTable(out, path, results) }); err != nil {
		return err
	}
	return failedCases(path, results)
}

func runCases(book *topics.Rulebook, path string) ([]rulefile.Result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read golden cases: %w", err)
	}
	return rulefile.RunCases(book, path, text)
}

// checkCases runs the golden cases of a rulebook that is to be published. A book may have none, unless --cases names some.
func checkCases(cmd *cobra.Command, book *topics.Rulebook, file string) (int, error) {
	path, asked, err := casesPath(cmd, file)
	if err != nil {
		return 0, err
	}
	results, err := runCases(book, path)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if err := failedCases(path, results); err != nil {
		casesTable(cmd.ErrOrStderr(), path, results)
		return 0, err
	}
	return len(results), nil
}

// failedCases is an error if any case came out otherwise than expected.
func failedCases(path string, results []rulefile.Result) error {
	n := 0
	for _, r := range results {
		if !r.Passed {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%s: %d of %d cases failed", path, n, len(results))
}

// casesTable lists the cases, and under each that failed what differs: - is what the rules give, + what the case wants.
func casesTable(out io.Writer, path string, results []rulefile.Result) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range results {
		verdict := "ok"
		if !r.Passed {
			verdict = "FAILED"
		}
		fmt.Fprintf(table, "%s\t%s:%d\t%s\t%s\n", verdict, path, r.Line, r.Tier, r.Name)
		for _, rule := range differing(r) {
			fmt.Fprintf(table, "\t  - %s: %s\t\t\n\t  + %s: %s\t\t\n",
				rule, outcome(r.Got[rule], r.GotPending[rule]), rule, outcome(r.Want[rule], r.WantPending[rule]))
		}
		if !slices.Equal(r.GotAbuse, r.WantAbuse) {
			fmt.Fprintf(table, "\t  - abuse: %s\t\t\n\t  + abuse: %s\t\t\n", listed(r.GotAbuse), listed(r.WantAbuse))
		}
	}
	// The writer below has no errors of its own to report that the shell would not show.
	_ = table.Flush()
}

// listed are the abuse rules that are met.
func listed(rules []string) string { return cmp.Or(strings.Join(rules, ", "), "none") }

// outcome is what a rule gives, and until when it waits.
func outcome(points int64, pending string) string {
	if pending == "" {
		return strconv.FormatInt(points, 10)
	}
	return fmt.Sprintf("%d, pending until %s", points, pending)
}

// differing are the rules whose points or windows are not the wanted ones, in order.
func differing(r rulefile.Result) []string {
	all := map[string]bool{}
	for _, points := range []map[string]int64{r.Got, r.Want} {
		for rule := range points {
			all[rule] = true
		}
	}
	for rule := range r.WantPending {
		all[rule] = true
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(rule string) bool {
		return r.Got[rule] == r.Want[rule] && r.GotPending[rule] == r.WantPending[rule]
	})
}
