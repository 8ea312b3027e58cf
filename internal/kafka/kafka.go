// Package kafka is the door to Kafka: the transact loop, the readers, the producer, topics and dead letters.
package kafka

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"jifen/topics"
)

// Config says where the brokers are, how to get in, and who this process is.
type Config struct {
	Brokers            []string
	ClientID           string
	Instance           string // slot of this process: static member and transactional id
	SessionTimeout     time.Duration
	TransactionTimeout time.Duration // <= SessionTimeout, or a dead owner's transaction hides entries from its successor
	TLS                *tls.Config   // nil: plain
	SASL               string        // plain, scram-sha-256, scram-sha-512; empty: none
	Username, Password string
}

// options are those of every client.
func (c Config) options(more ...kgo.Opt) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...), kgo.ClientID(c.ClientID),
		kgo.WithLogger(logger{slog.Default().With("part", "kafka")}),
		kgo.RetryBackoffFn(retryAfter),
		kgo.MetadataMinAge(250 * time.Millisecond),
		kgo.RecordPartitioner(kgo.BasicConsistentPartitioner(partition)),
		kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression()),
		kgo.ProducerLinger(0),
		kgo.RequiredAcks(kgo.AllISRAcks()),
	}
	if c.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(c.TLS))
	}
	switch c.SASL {
	case "plain":
		opts = append(opts, kgo.SASL(plain.Auth{User: c.Username, Pass: c.Password}.AsMechanism()))
	case "scram-sha-256":
		opts = append(opts, kgo.SASL(scram.Auth{User: c.Username, Pass: c.Password}.AsSha256Mechanism()))
	case "scram-sha-512":
		opts = append(opts, kgo.SASL(scram.Auth{User: c.Username, Pass: c.Password}.AsSha512Mechanism()))
	}
	return append(opts, more...)
}

// retryAfter starts short: with the client's default a first transactional produce took seconds on CONCURRENT_TRANSACTIONS.
func retryAfter(tries int) time.Duration {
	return min(5*time.Millisecond<<min(tries, 8), 500*time.Millisecond)
}

// partition places records where they say; a negative partition follows the key, as Kafka's own default does.
func partition(string) func(*kgo.Record, int) int {
	return func(r *kgo.Record, n int) int {
		if r.Partition >= 0 && int(r.Partition) < n {
			return int(r.Partition)
		}
		return int(topics.Shard(string(r.Key), n))
	}
}

// Ready checks that the brokers answer.
func Ready(ctx context.Context, c Config) error {
	client, err := kgo.NewClient(c.options()...)
	if err != nil {
		return fmt.Errorf("kafka at %s: %w", strings.Join(c.Brokers, ","), err)
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return fmt.Errorf("kafka at %s: %w", strings.Join(c.Brokers, ","), err)
	}
	return nil
}

// recordRoom is the memory of a batch's records, ours and the client's, to be used again once nobody needs them.
type recordRoom struct {
	records []topics.Record
	sent    []kgo.Record
	sends   []*kgo.Record
}

// fromFetches are the records of a poll, in order per partition, in the room.
func fromFetches(f kgo.Fetches, room *recordRoom) []topics.Record {
	room.records = slices.Grow(room.records[:0], f.NumRecords())
	f.EachRecord(func(r *kgo.Record) { room.records = append(room.records, fromKafka(r)) })
	return room.records
}

// fromKafka is our record of the client's: the same bytes and headers.
func fromKafka(r *kgo.Record) topics.Record {
	return topics.Record{
		Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Key: r.Key, Value: r.Value, Headers: fromHeaders(r.Headers),
	}
}

// toKafka are the client's records of ours, in the room; all have the time of now.
func toKafka(records []topics.Record, room *recordRoom) []*kgo.Record {
	room.sent = slices.Grow(room.sent[:0], len(records))[:len(records)]
	room.sends = slices.Grow(room.sends[:0], len(records))[:len(records)]
	clear(room.sent)
	now := time.Now()
	for i := range records {
		from, to := &records[i], &room.sent[i]
		to.Topic, to.Partition, to.Timestamp = from.Topic, from.Partition, now
		to.Key, to.Value, to.Headers = from.Key, from.Value, toHeaders(from.Headers)
		room.sends[i] = to
	}
	return room.sends
}

// logger hands the client's words to slog; what it calls information is ours to debug with.
type logger struct{ to *slog.Logger }

func (l logger) Level() kgo.LogLevel {
	if l.to.Enabled(context.Background(), slog.LevelDebug) {
		return kgo.LogLevelInfo
	}
	return kgo.LogLevelWarn
}

// Log demotes what a missing broker makes every client say many times a second: whoever needs the broker names it.
func (l logger) Log(level kgo.LogLevel, msg string, keyvals ...any) {
	switch {
	case strings.HasPrefix(msg, "unable to open connection to broker"):
		l.to.Debug(msg, keyvals...)
	case level == kgo.LogLevelError, level == kgo.LogLevelWarn:
		l.to.Warn(msg, keyvals...)
	default:
		l.to.Debug(msg, keyvals...)
	}
}
