// Package processors is the contract of a stage: a batch of records in, records out, in one Kafka transaction.
package processors

import (
	"context"

	"jifen/topics"
)

// Batch is what one transaction handles: the records polled, in order per partition. They are the loop's again after
// Committed or Aborted: a stage copies what it keeps.
type Batch struct {
	Records []topics.Record
}

// Output is what a batch makes; it is committed together with the batch's input offsets, or not at all.
// Records with Partition < 0 are placed by the client's default. They are the stage's again after Committed.
type Output struct {
	Records []topics.Record
	// Left says that the stage leaves the records' keys and values to whoever has them, and writes nothing there again.
	Left bool
}

// Stage turns a batch into an output. Any error aborts the transaction and the batch is read again;
// a record that can never work is one more output (a dead letter), not an error.
type Stage interface {
	// Process decides. It may be called again with the same records after an abort, so it must forget what it decided.
	Process(ctx context.Context, b Batch) (Output, error)
	// Committed follows a successful commit of the last Process; written are its records, with their offsets.
	Committed(ctx context.Context, written []topics.Record) error
	// Aborted follows an abort of the last Process.
	Aborted()
}
