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

// blockBody reads as one Native block. It encodes the columns while it is read, so that a block of megabytes is never
// put together. Cut short it is no block, and the server inserts nothing of it.
type blockBody struct {
	mu         sync.Mutex
	ended      bool
	piece      *proto.Buffer
	compressor *compress.Writer // nil: the block goes as it is
	rest       []byte           // of the piece that was encoded last
	fields     []field          // that were not encoded whole yet
	begun      bool             // the head of the first of them was encoded: a piece may end right behind it
	at         int              // where the first of them goes on
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
	if err := b.more(); err != nil {
		return 0, err
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// WriteTo implements io.WriterTo: the HTTP client takes whole pieces instead of 32 kB at a time.
func (b *blockBody) WriteTo(w io.Writer) (written int64, err error) {
	for err == nil {
		var n int
		n, err = b.writePiece(w)
		written += int64(n)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return written, err
}

func (b *blockBody) writePiece(w io.Writer) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.more(); err != nil {
		return 0, err
	}
	n, err := w.Write(b.rest)
	b.rest = b.rest[n:]
	return n, err
}

// more sees to it that rest holds something; io.EOF: that was the block.
func (b *blockBody) more() error {
	switch {
	case b.ended:
		return errEnded
	case len(b.rest) > 0:
		return nil
	case len(b.fields) == 0:
		return io.EOF
	}
	return b.encode()
}

// encode makes the next piece; what is in the buffer already goes before it.
func (b *blockBody) encode() error {
	for len(b.fields) > 0 && len(b.piece.Buf) < pieceBytes {
		f := b.fields[0]
		if !b.begun {
			b.begun = true
			proto.InputColumn{Name: f.label(), Data: f}.EncodeStart(b.piece, 0)
			if s, ok := f.(proto.StateEncoder); ok {
				s.EncodeState(b.piece)
			}
		}
		if b.at = f.encode(b.piece, b.at); b.at == done {
			b.fields, b.at, b.begun = b.fields[1:], 0, false
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

// end makes every later read fail, so that columns and buffers may be used again. It waits for a piece that is being
// written; an insert that is over has closed its connection or takes it soon.
func (b *blockBody) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
}
