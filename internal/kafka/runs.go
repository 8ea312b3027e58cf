package kafka

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// runsID is the transactional id of whoever writes a retro run: there is one at a time.
const runsID = "jifen.runs"

// The states of a retro run (semantics §9). What is proposed needs another person.
const (
	RunProposed     = "proposed"
	RunApproved     = "approved"
	RunDeclined     = "declined"
	RunApplied      = "applied"
	RunUndoProposed = "undo_proposed"
	RunUndoApproved = "undo_approved"
	RunUndone       = "undone"
)

// RunUndoDeclined is a step, no state: the run is again what it was before.
const RunUndoDeclined = "undo_declined"

// Run is a retro run: the orders of a window, by the time of their events, are to go by a version.
type Run struct {
	ID      string    `json:"id"` // R and a number
	Version string    `json:"version"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	State   string    `json:"state"`
	Steps   []RunStep `json:"steps"`
}

// RunStep is what was done with a run, when, by whom (empty: by a command), and why: a reference, such as a ticket.
type RunStep struct {
	What string    `json:"what"`
	By   string    `json:"by,omitempty"`
	At   time.Time `json:"at"`
	Why  string    `json:"why,omitempty"`
}

// Last is the last step of a kind; its zero value: there was none.
func (r *Run) Last(what string) RunStep {
	for _, s := range slices.Backward(r.Steps) {
		if s.What == what {
			return s
		}
	}
	return RunStep{}
}

// Take takes a step, and puts the run in a state.
func (r *Run) Take(state string, s RunStep) {
	r.State, r.Steps = state, append(slices.Clone(r.Steps), s)
}

// Runs writes retro runs. Who opens it fences an earlier one, so that of two decisions at once one fails.
type Runs struct {
	client *kgo.Client
	all    []Run
}

// ReadRuns are the runs so far, the oldest first.
func ReadRuns(ctx context.Context, c Config) ([]Run, error) {
	runs := map[string]Run{}
	err := Read(ctx, c, topics.Runs, 0, 0, func(r *topics.Record, _ time.Time) error {
		var run Run
		if err := json.Unmarshal(r.Value, &run); err != nil {
			return fmt.Errorf("retro run %s: %w", r.Key, err)
		}
		runs[run.ID] = run
		return nil
	})
	return slices.SortedFunc(maps.Values(runs), func(x, y Run) int { return cmp.Compare(x.number(), y.number()) }), err
}

func (r *Run) number() int {
	n, _ := strconv.Atoi(r.ID[min(1, len(r.ID)):])
	return n
}

// OpenRuns takes over, and reads the runs: after it nobody else can write one.
func OpenRuns(ctx context.Context, c Config) (*Runs, error) {
	client, err := takeOver(ctx, c, runsID)
	if err != nil {
		return nil, err
	}
	r := &Runs{client: client}
	if r.all, err = ReadRuns(ctx, c); err != nil {
		client.Close()
		return nil, err
	}
	return r, nil
}

// Find is a run by its id; nil: there is none.
func (r *Runs) Find(id string) *Run { return FindRun(r.all, id) }

// FindRun is the run of an id; nil: there is none.
func FindRun(all []Run, id string) *Run {
	if i := slices.IndexFunc(all, func(x Run) bool { return x.ID == id }); i >= 0 {
		run := all[i]
		return &run
	}
	return nil
}

// Next is the id of the next run.
func (r *Runs) Next() string {
	if len(r.all) == 0 {
		return "R1"
	}
	return "R" + strconv.Itoa(r.all[len(r.all)-1].number()+1)
}

// Write puts a run in its state, in a transaction; after an error it is not, and a new Runs has to be opened.
func (r *Runs) Write(ctx context.Context, run Run) error {
	value, err := json.Marshal(run)
	if err == nil {
		err = transact(ctx, r.client, "runs", []topics.Record{{Topic: topics.Runs, Key: []byte(run.ID), Value: value}})
	}
	if err != nil {
		return fmt.Errorf("retro run %s: %w", run.ID, err)
	}
	return nil
}

// Close ends the connections.
func (r *Runs) Close() { r.client.Close() }
