package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Rounds runs everything so many times, each on parts of its own, and reports the median of each figure: the speed of a
// machine that others share changes from minute to minute. A fault in one round is one of the whole.
func Rounds(ctx context.Context, o Options, n int) (all *Report, err error) {
	if o.rounds, err = os.MkdirTemp("", "jifen-bench-"); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.rounds)) }()
	var rounds []*Report
	progress := o.Progress
	for i := range n {
		o.Progress = func(most int64, what string) Bar {
			return progress(most, fmt.Sprintf("round %d of %d: %s", i+1, n, what))
		}
		r, err := Run(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("round %d: %w", i+1, err)
		}
		rounds = append(rounds, r)
	}
	return merge(rounds)
}

// emptied empties all files of a folder, and deletes none: for minutes after, ext4 passes every inode by that was deleted
// lately, one after the other, whenever it makes a file. An insert into ClickHouse makes a dozen, and took twice the CPU.
func emptied(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return os.Truncate(path, 0)
	})
}

// errUnlike is rounds that did not measure the same.
var errUnlike = errors.New("the rounds measured different things")

// merge is one report of several: the last one's, with medians in its arms.
func merge(rounds []*Report) (*Report, error) {
	all := *rounds[len(rounds)-1]
	all.Faults, all.Differences, all.Arms = []string{}, 0, slices.Clone(all.Arms)
	for i, r := range rounds {
		for _, f := range r.Faults {
			all.fault("round %d: %s", i+1, f)
		}
		all.Differences += r.Differences
		if len(r.Arms) != len(all.Arms) || r.Entries != all.Entries {
			return nil, fmt.Errorf("%w: round %d has %d arms and %d entries, not %d and %d", errUnlike, i+1, len(r.Arms), r.Entries, len(all.Arms), all.Entries)
		}
	}
	for n := range all.Arms {
		arms := make([]Arm, len(rounds))
		for i, r := range rounds {
			arms[i] = r.Arms[n]
		}
		all.Arms[n] = median(arms)
	}
	return &all, nil
}

// median is an arm of which each figure is the median of what several rounds found; Sums keeps all of theirs.
func median(arms []Arm) Arm {
	m := arms[len(arms)-1]
	of := func(figure func(Arm) float64) float64 {
		values := make([]float64, len(arms))
		for i, a := range arms {
			values[i] = figure(a)
		}
		slices.Sort(values)
		return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
	}
	m.CPU = maps.Clone(m.CPU)
	for process := range m.CPU {
		m.CPU[process] = of(func(a Arm) float64 { return a.CPU[process] })
	}
	m.Seconds, m.Rate = of(func(a Arm) float64 { return a.Seconds }), of(func(a Arm) float64 { return a.Rate })
	m.Sum, m.Ratio = of(func(a Arm) float64 { return a.Sum }), of(func(a Arm) float64 { return a.Ratio })
	m.Broker, m.Load = of(func(a Arm) float64 { return a.Broker }), of(func(a Arm) float64 { return a.Load })
	m.Sums = nil
	for _, a := range arms {
		m.Sums = append(m.Sums, a.Sum)
	}
	return m
}
