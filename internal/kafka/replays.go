package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// replaysID is the transactional id of whoever replays: there is one at a time.
const replaysID = "jifen.replays"

// Replays brings dead letters back, each at most once: a mark in a compacted topic is written in the same transaction as
// the record. Who opens it ends what an earlier one left open and fences it, so that two at once replay nothing twice
// either: the earlier one fails.
type Replays struct {
	client *kgo.Client
	marks  Marks
}

// The states of a dead letter. One that nobody has looked at has no mark.
const (
	LetterReplayed = "replayed" // brought back to its topic
	LetterProposed = "proposed" // of those that came too late: somebody wants it let in
	LetterAdmitted = "admitted" // another person agreed: it went on to the owner of its member as history
	LetterDeclined = "declined" // it stays out
)

// Mark is what was done with a dead letter; its key is the letter's place.
type Mark struct {
	To         string    `json:"to,omitempty"` // topic
	At         time.Time `json:"at"`
	State      string    `json:"state,omitempty"` // empty: replayed
	ProposedBy string    `json:"proposed_by,omitempty"`
	DecidedBy  string    `json:"decided_by,omitempty"`
	Why        string    `json:"why,omitempty"` // a reference, such as a ticket
	Run        string    `json:"run,omitempty"` // admitted as history of it
}

// Marks are those of the dead letters that have one, by place.
type Marks map[string]Mark

// State is that of a dead letter; empty: nobody has looked at it.
func (m Marks) State(place string) string {
	mark, ok := m[place]
	if ok && mark.State == "" {
		return LetterReplayed
	}
	return mark.State
}

// ReadReplays are the marks so far.
func ReadReplays(ctx context.Context, c Config) (Marks, error) {
	marks := Marks{}
	err := Read(ctx, c, topics.Replays, 0, 0, func(r *topics.Record, _ time.Time) error {
		var m Mark
		if err := json.Unmarshal(r.Value, &m); err != nil {
			return fmt.Errorf("mark of %s: %w", r.Key, err)
		}
		marks[string(r.Key)] = m
		return nil
	})
	return marks, err
}

// OpenReplays takes over, and reads the marks: after it nobody else can write one.
func OpenReplays(ctx context.Context, c Config) (*Replays, error) {
	client, err := takeOver(ctx, c, replaysID)
	if err != nil {
		return nil, err
	}
	r := &Replays{client: client}
	if r.marks, err = ReadReplays(ctx, c); err != nil {
		client.Close()
		return nil, err
	}
	return r, nil
}

// takeOver makes a client of a transactional id: what an earlier one left open is ended, and it is fenced.
func takeOver(ctx context.Context, c Config, id string) (*kgo.Client, error) {
	client, err := kgo.NewClient(c.options(
		kgo.TransactionalID(id), kgo.TransactionTimeout(c.TransactionTimeout), kgo.ProducerBatchMaxBytes(batchBytesMax),
	)...)
	if err != nil {
		return nil, fmt.Errorf("%s: kafka client: %w", id, err)
	}
	if _, _, err = client.ProducerID(ctx); err != nil {
		client.Close()
		return nil, fmt.Errorf("%s: transactional id: %w", id, err)
	}
	return client, nil
}

// Marks are those of all dead letters; only this Replays can add to them.
func (r *Replays) Marks() Marks { return r.marks }

// Replay brings dead letters back in one transaction; those that were brought back or decided on already it leaves out.
// After an error none of them was, and the next Replay may be tried by a new Replays only.
func (r *Replays) Replay(ctx context.Context, letters []topics.Letter) error {
	var records []topics.Record
	marks := Marks{}
	now := time.Now().UTC()
	for i := range letters {
		l := &letters[i]
		if state := r.marks.State(l.Place); state != "" && state != LetterProposed {
			continue
		}
		marks[l.Place] = Mark{To: l.Original.Topic, At: now}
		records = append(records, l.Replay())
	}
	return r.write(ctx, marks, records)
}

// Decide marks a dead letter, and sends what follows from that, in one transaction.
func (r *Replays) Decide(ctx context.Context, place string, m Mark, then ...topics.Record) error {
	return r.write(ctx, Marks{place: m}, then)
}

func (r *Replays) write(ctx context.Context, marks Marks, records []topics.Record) error {
	if len(marks) == 0 {
		return nil
	}
	for place, m := range marks {
		value, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("mark of %s: %w", place, err)
		}
		records = append(records, topics.Record{Topic: topics.Replays, Key: []byte(place), Value: value})
	}
	if err := transact(ctx, r.client, "replays", records); err != nil {
		return fmt.Errorf("marks of %d dead letters: %w", len(marks), err)
	}
	maps.Copy(r.marks, marks)
	return nil
}

// transact writes records in one transaction, or none of them; name is for failpoints.
func transact(ctx context.Context, client *kgo.Client, name string, records []topics.Record) error {
	if err := client.BeginTransaction(); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	first := &firstErr{client: client}
	first.left.Add(len(records))
	for _, record := range toKafka(records, &recordRoom{}) {
		client.Produce(ctx, record, first.promise)
	}
	err := first.Err()
	failpoint(name, "after_produce")
	// An interrupted command still ends what it began: others would wait for the transaction's time-out.
	end, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	if endErr := client.EndTransaction(end, kgo.TransactionEndTry(err == nil)); err == nil && endErr != nil {
		err = fmt.Errorf("end transaction: %w", endErr)
	}
	failpoint(name, "after_commit")
	return err
}

// Close ends the connections.
func (r *Replays) Close() { r.client.Close() }
