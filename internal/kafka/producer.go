package kafka

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// Producer writes records with acks=all, idempotently, outside of transactions.
type Producer struct{ client *kgo.Client }

// NewProducer makes a producer.
func NewProducer(c Config) (*Producer, error) {
	client, err := kgo.NewClient(c.options(kgo.RecordDeliveryTimeout(10*time.Second), kgo.UnknownTopicRetries(20), kgo.ProducerBatchMaxBytes(1<<20))...)
	if err != nil {
		return nil, fmt.Errorf("kafka producer: %w", err)
	}
	return &Producer{client}, nil
}

// Produce writes records and returns when all brokers in sync have them, or with the first error.
func (p *Producer) Produce(ctx context.Context, records []topics.Record) error {
	if err := p.client.ProduceSync(ctx, toKafka(records, &recordRoom{})...).FirstErr(); err != nil {
		return fmt.Errorf("produce to %s: %w", records[0].Topic, err)
	}
	failpoint("producer", "after_produce")
	return nil
}

// Place is Produce that notes where each record went: its partition and offset.
func (p *Producer) Place(ctx context.Context, records []topics.Record) error {
	sent := toKafka(records, &recordRoom{})
	if err := p.client.ProduceSync(ctx, sent...).FirstErr(); err != nil {
		return fmt.Errorf("produce to %s: %w", records[0].Topic, err)
	}
	failpoint("producer", "after_produce")
	for i, r := range sent {
		records[i].Partition, records[i].Offset = r.Partition, r.Offset
	}
	return nil
}

// Close waits for nothing: what was not acknowledged was not written.
func (p *Producer) Close() { p.client.Close() }

// firstErr is told what became of each record of a transaction. After the first failure nothing more is sent.
type firstErr struct {
	client *kgo.Client
	left   sync.WaitGroup // records, and what the failure led to
	failed atomic.Bool
	err    error
}

func (f *firstErr) promise(_ *kgo.Record, err error) {
	defer f.left.Done()
	if err != nil && !f.failed.Swap(true) {
		f.err = err
		f.left.Go(func() { _ = f.client.AbortBufferedRecords(context.Background()) }) // not here: it waits for promises
	}
}

// Err waits for all records and is the first failure.
func (f *firstErr) Err() error {
	f.left.Wait()
	return f.err
}
