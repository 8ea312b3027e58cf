package ledger

import "jifen/topics"

// Allocated splits what a grant of the order gave over the lines that earned it, by largest remainder on their eligible
// amounts, ties to the lower line: one part for each of g.Lines, Σ = g.Awarded, whatever was returned since (E6). No
// balance depends on it.
func (o *Order) Allocated(g *Grant) []int64 {
	weights := make([]int64, len(g.Lines))
	for i, n := range g.Lines {
		weights[i] = o.Lines[n].Eligible
	}
	return topics.Allocate(g.Awarded, weights)
}
