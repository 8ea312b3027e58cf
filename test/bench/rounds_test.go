package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// round is a report of two arms, as one run makes it.
func round(library, jifen, redis float64, faults ...string) *Report {
	return &Report{Entries: 7, Faults: faults, Arms: []Arm{
		{Name: "fetch + library", CPU: map[string]float64{"jifen": library}, Sum: library, Ratio: 1},
		{Name: "full pipeline", CPU: map[string]float64{"jifen": jifen, "redis": redis}, Sum: jifen + redis, Ratio: (jifen + redis) / library, Rate: 100 * jifen},
	}}
}

// TestRoundsReportMedians: of each figure by itself, of an odd and an even number of rounds, with the sums of all of them.
func TestRoundsReportMedians(t *testing.T) {
	rounds := []*Report{round(10, 18, 2), round(5, 12, 3), round(8, 30, 1)}
	r, err := merge(rounds)
	if err != nil {
		t.Fatal(err)
	}
	if a := r.Arms[1]; a.CPU["jifen"] != 18 || a.CPU["redis"] != 2 || a.Sum != 20 || a.Ratio != 3 || a.Rate != 1800 || !slices.Equal(a.Sums, []float64{20, 15, 31}) {
		t.Errorf("of three rounds: %+v", a)
	}
	if rounds[2].Arms[1].CPU["jifen"] != 30 {
		t.Error("the last round was changed")
	}
	var text strings.Builder
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"20.0 (15.0–31.0)", "medians of 3 rounds"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, text.String())
		}
	}
	if r, err = merge(rounds[:2]); err != nil || r.Arms[1].Sum != 17.5 {
		t.Errorf("of two rounds: %+v, %v", r.Arms[1], err)
	}
}

// TestRoundsThatDoNotCount: a fault of any round is one of all, and rounds of different entries are not put together.
func TestRoundsThatDoNotCount(t *testing.T) {
	bad := round(1, 1, 1, "full pipeline: 6 points")
	bad.Differences = 2
	r, err := merge([]*Report{bad, round(1, 1, 1)})
	if err != nil || r.Differences != 2 || !slices.Equal(r.Faults, []string{"round 1: full pipeline: 6 points"}) {
		t.Errorf("faults %v, differences %d, %v", r.Faults, r.Differences, err)
	}
	other := round(1, 1, 1)
	other.Entries = 8
	if _, err := merge([]*Report{other, round(1, 1, 1)}); !errors.Is(err, errUnlike) {
		t.Errorf("rounds of different entries: %v", err)
	}
}

// TestRoundsLeaveTheirFiles: what a round is done with stays as empty files, which cost no room, until all are over; a run by
// itself removes its folder. A file that is only linked to is none of theirs.
func TestRoundsLeaveTheirFiles(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("not ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := func(dir string) *bed {
		b := &bed{Options: Options{rounds: dir}, dir: filepath.Join(t.TempDir(), "run")}
		if err := os.MkdirAll(filepath.Join(b.dir, "engine"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(b.dir, "engine", "data.bin"), []byte("rows"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(other, filepath.Join(b.dir, "engine", "link")); err != nil {
			t.Fatal(err)
		}
		if err := b.leave(); err != nil {
			t.Fatal(err)
		}
		return b
	}
	kept := at("rounds")
	if f, err := os.Stat(filepath.Join(kept.dir, "engine", "data.bin")); err != nil || f.Size() != 0 {
		t.Errorf("of a round: %v, %v; it is to stay, empty", f, err)
	}
	if _, err := os.Stat(at("").dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a run by itself: %v; it is to go", err)
	}
	if text, err := os.ReadFile(other); err != nil || string(text) != "not ours" {
		t.Errorf("a file that is linked to: %q, %v", text, err)
	}
}

// TestRoundsLeaveNothingBehind: what they write is below one folder, which goes when they are over, however they end.
func TestRoundsLeaveNothingBehind(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err := Rounds(ctx, Options{Kafka: EmbeddedKafka, Progress: func(int64, string) Bar { return nil }}, 2)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("rounds that were stopped: %v", err)
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
