package analytics

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
)

// pieceBytes is about how much of a block is encoded at a time: little enough to stay in the processor's cache.
const pieceBytes = 128 << 10

// errEnded is what a reader of a body gets whose insert is over.
var errEnded = errors.New("the insert is over")

// blockBody reads as one Native block. It encodes the columns while it is read, so that a block of megabytes needs no
// memory of its own. Cut short it is no block, and the server inserts nothing of it.
type blockBody struct {
	mu         sync.Mutex
	ended      bool
	piece      *proto.Buffer
	compressor *compress.Writer // nil: the block goes as it is
	rest       []byte           // of the piece that was encoded last
	fields     []field          // that were not encoded whole yet
	begun      bool             // the head of the first of them was encoded: a piece may end right behind it
	row        int              // from which the first of them is to be encoded
}

// newBlockBody reads fields, all of as many rows. It uses piece and compressor until it is ended.
func newBlockBody(piece *proto.Buffer, compressor *compress.Writer, fields []field) (*blockBody, error) {
	rows := fields[0].Rows()
	for _, f := range fields {
		if f.Rows() != rows {
			return nil, fmt.Errorf("column %s has %d rows, not %d", f.label(), f.Rows(), rows)
		}
	}
	piece.Reset()
	piece.PutInt(len(fields))
	piece.PutInt(rows)
	return &blockBody{piece: piece, compressor: compressor, fields: fields}, nil
}

// Read implements io.Reader.
func (b *blockBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return 0, errEnded
	}
	if len(b.rest) == 0 {
		if len(b.fields) == 0 {
			return 0, io.EOF
		}
		if err := b.encode(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// encode makes the next piece; what is in the buffer already goes before it.
func (b *blockBody) encode() error {
	for len(b.fields) > 0 && len(b.piece.Buf) < pieceBytes {
		f := b.fields[0]
		if !b.begun {
			b.begun = true
			proto.InputColumn{Name: f.label(), Data: f}.EncodeStart(b.piece, 0)
		}
		if b.row = f.encode(b.piece, b.row); b.row == f.Rows() {
			b.fields, b.row, b.begun = b.fields[1:], 0, false
		}
	}
	b.rest = b.piece.Buf
	if b.compressor != nil {
		if err := b.compressor.Compress(b.rest); err != nil {
			return fmt.Errorf("compress block: %w", err)
		}
		b.rest = b.compressor.Data
	}
	b.piece.Reset() // rest keeps the bytes until the next piece is made
	return nil
}

// end makes every later read fail, so that columns and buffers may be used again.
func (b *blockBody) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
}
