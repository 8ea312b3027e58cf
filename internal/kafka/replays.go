package kafka

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// replaysID is the transactional id of whoever replays: there is one at a time.
const replaysID = "jifen.replays"

// Replays brings dead letters back to their topics, each at most once: a mark in a compacted topic is written in the same
// transaction as the record. Who opens it ends what an earlier one left open and fences it, so that two at once replay
// nothing twice either: the earlier one fails.
type Replays struct {
	client *kgo.Client
	marks  map[string]bool
}

// replayMark is the value of a mark; its key is the dead letter's place.
type replayMark struct {
	To string    `json:"to"`
	At time.Time `json:"at"`
}

// ReadReplays are the places of the dead letters that were replayed so far.
func ReadReplays(ctx context.Context, c Config) (map[string]bool, error) {
	marks := map[string]bool{}
	err := Read(ctx, c, topics.Replays, 0, 0, func(r *topics.Record, _ time.Time) error {
		marks[string(r.Key)] = true
		return nil
	})
	return marks, err
}

// OpenReplays takes over, and reads the marks: after it nobody else can write one.
func OpenReplays(ctx context.Context, c Config) (*Replays, error) {
	client, err := kgo.NewClient(c.options(
		kgo.TransactionalID(replaysID), kgo.TransactionTimeout(c.TransactionTimeout), kgo.ProducerBatchMaxBytes(batchBytesMax),
	)...)
	if err != nil {
		return nil, fmt.Errorf("replays: kafka client: %w", err)
	}
	r := &Replays{client: client}
	if _, _, err = client.ProducerID(ctx); err != nil {
		err = fmt.Errorf("replays: transactional id: %w", err)
	} else {
		r.marks, err = ReadReplays(ctx, c)
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	return r, nil
}

// Replayed says whether a dead letter was brought back already.
func (r *Replays) Replayed(place string) bool { return r.marks[place] }

// Replay brings dead letters back in one transaction; those that were brought back already it leaves out. After an error
// none of them was, and the next Replay may be tried by a new Replays only.
func (r *Replays) Replay(ctx context.Context, letters []topics.Letter) error {
	var records []topics.Record
	var places []string
	now := time.Now().UTC()
	for i := range letters {
		l := &letters[i]
		if r.marks[l.Place] {
			continue
		}
		mark, err := json.Marshal(replayMark{l.Original.Topic, now})
		if err != nil {
			return fmt.Errorf("mark of %s: %w", l.Place, err)
		}
		places = append(places, l.Place)
		records = append(records, l.Replay(), topics.Record{Topic: topics.Replays, Key: []byte(l.Place), Value: mark})
	}
	if len(records) == 0 {
		return nil
	}
	if err := r.transact(ctx, records); err != nil {
		return fmt.Errorf("replay of %s and %d more: %w", places[0], len(places)-1, err)
	}
	for _, place := range places {
		r.marks[place] = true
	}
	return nil
}

func (r *Replays) transact(ctx context.Context, records []topics.Record) error {
	if err := r.client.BeginTransaction(); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	first := &firstErr{client: r.client}
	first.left.Add(len(records))
	for _, record := range toKafka(records, &recordRoom{}) {
		r.client.Produce(ctx, record, first.promise)
	}
	err := first.Err()
	// An interrupted command still ends what it began: others would wait for the transaction's time-out.
	end, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	if endErr := r.client.EndTransaction(end, kgo.TransactionEndTry(err == nil)); err == nil && endErr != nil {
		err = fmt.Errorf("end transaction: %w", endErr)
	}
	return err
}

// Close ends the connections.
func (r *Replays) Close() { r.client.Close() }
