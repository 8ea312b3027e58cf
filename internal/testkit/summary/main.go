// Command summary reads the output of `go test -json` and says what matters of it: the output of what failed, the
// totals, the vectors that passed and the kills per failpoint. It fails when a test failed or, when CI=true, skipped.
package main

import (
	"fmt"
	"os"
)

func main() {
	s := newSummary(os.Stdout)
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
	s.totals()
	if err := s.verdict(os.Getenv("CI") == "true"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
