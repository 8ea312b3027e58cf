package pipeline_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/topics"
)

// tamperVectors is F4: the ledger of one program, copied to another one with a byte of one entry flipped.
func tamperVectors(t *testing.T) {
	v := program(t, "book.yaml", false)
	v.clock("2026-06-10T12:00:00+08:00")
	v.send(paid("2026-06-09 10:00:00", "ana", "A", line{"basic", 29900}, line{"new", 45500}), registered("2026-06-09 10:00:00", "r", "ben"))
	v.stop()
	v.audited()
	var log []topics.Record
	if err := kafka.Read(t.Context(), v.kafka(), topics.Ledger, 0, 0, func(r *topics.Record, _ time.Time) error {
		log = append(log, topics.Record{Topic: r.Topic, Partition: r.Partition, Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Run("F4", func(t *testing.T) {
		equal(t, "entries", len(log), 3)
		heads := map[int32]ledger.Head{}
		for n := range log {
			head := heads[log[n].Partition]
			e, err := ledger.Open(&head, log[n].Value)
			if err != nil {
				t.Fatal(err)
			}
			heads[log[n].Partition] = head
			what, found := auditOfCopy(t, log, n)
			equal(t, "what", what, fmt.Sprintf("entry of %s, seq %d, offset %d", e.Account, e.Seq, e.Seq-1))
			equal(t, "found", found, fmt.Sprintf("hash chain broken: %s, seq %d: the record does not have its hash", e.Account, e.Seq))
		}
	})
}

// auditOfCopy has `jifen audit` look at a copy of a ledger of which one byte of the n-th entry, in its hash, is flipped.
func auditOfCopy(t *testing.T, log []topics.Record, n int) (what, found string) {
	t.Helper()
	copied := install(t, false)
	producer, err := kafka.NewProducer(copied.kafka())
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	records := append([]topics.Record(nil), log...)
	records[n].Value = bytes.Clone(records[n].Value)
	records[n].Value[len(records[n].Value)-1] ^= 0x10
	if err := producer.Produce(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	out, faults, code := copied.call("audit", "--no-clickhouse", "-o", "json")
	var report struct {
		Differences []struct{ What, Found string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 1 || len(report.Differences) != 1 {
		t.Fatalf("audit: exit code %d, %v\n%s%s", code, err, out, faults)
	}
	return report.Differences[0].What, report.Differences[0].Found
}
