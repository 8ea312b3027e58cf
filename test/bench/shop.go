package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// shop writes orders as shops do, in batches packed with lz4.
type shop struct{ client *kgo.Client }

func (b *bed) openShop(ctx context.Context, more ...kgo.Opt) (*shop, error) {
	client, err := kgo.NewClient(append(more, kgo.SeedBrokers(b.kafka.Brokers...), kgo.ProducerBatchCompression(kgo.Lz4Compression()))...)
	if err == nil {
		err = client.Ping(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("orders: %w", err)
	}
	return &shop{client}, nil
}

// hideMost is how long a transaction of hidden orders may take; the broker's own limit is 15 minutes.
const hideMost = 10 * time.Minute

// hide makes a shop all of whose orders are one transaction: nobody who reads committed records sees any of them before
// all are revealed.
func (b *bed) hide(ctx context.Context) (*shop, error) {
	s, err := b.openShop(ctx, kgo.TransactionalID("bench-orders"), kgo.TransactionTimeout(hideMost))
	if err != nil {
		return nil, err
	}
	if err := s.client.BeginTransaction(); err != nil {
		s.close()
		return nil, fmt.Errorf("hidden orders: %w", err)
	}
	return s, nil
}

// reveal commits: all orders are there.
func (s *shop) reveal(ctx context.Context) error {
	if err := s.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return fmt.Errorf("reveal orders: %w", err)
	}
	return nil
}

func (s *shop) close() { s.client.Close() }

// write writes orders and waits until the broker has them.
func (s *shop) write(ctx context.Context, records []topics.Record) error {
	out := make([]*kgo.Record, len(records))
	for i := range records {
		r := &records[i]
		out[i] = &kgo.Record{Topic: r.Topic, Key: r.Key, Value: r.Value}
		for _, x := range r.Headers {
			out[i].Headers = append(out[i].Headers, kgo.RecordHeader{Key: x.Key, Value: x.Value})
		}
	}
	if err := s.client.ProduceSync(ctx, out...).FirstErr(); err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	return nil
}

// produce writes n generated orders.
func (s *shop) produce(ctx context.Context, bar Bar, from *orders, n int) error {
	const chunk = 5000
	records := make([]topics.Record, 0, chunk)
	for n > 0 {
		records = records[:0]
		for range min(n, chunk) {
			records = append(records, from.next())
		}
		if err := s.write(ctx, records); err != nil {
			return err
		}
		n -= len(records)
		_ = bar.Add(len(records))
	}
	_ = bar.Finish()
	return nil
}
