package kafka

import (
	"context"
	"fmt"
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
	if err := p.client.ProduceSync(ctx, toKafka(records)...).FirstErr(); err != nil {
		return fmt.Errorf("produce to %s: %w", records[0].Topic, err)
	}
	return nil
}

// Close waits for nothing: what was not acknowledged was not written.
func (p *Producer) Close() { p.client.Close() }
