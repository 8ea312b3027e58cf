package analytics

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
)

// TestBodyIsTheBlockWhereverAPieceEnds: a piece may be full in a column, between two of them, or right behind the head of one.
func TestBodyIsTheBlockWhereverAPieceEnds(t *testing.T) {
	for filled := pieceBytes - 120; filled <= pieceBytes+8; filled++ {
		var fields columns
		first, second := fields.text("first"), fields.text("second")
		for i, rest := 0, filled; i < 8; i++ {
			n := rest / (8 - i)
			rest -= n
			first.add(i, strings.Repeat("x", n))
			second.add(i, "y")
		}
		var want, piece proto.Buffer
		want.PutInt(len(fields))
		want.PutInt(first.Rows())
		for _, f := range fields {
			proto.InputColumn{Name: f.label(), Data: f}.EncodeStart(&want, 0)
			f.EncodeColumn(&want)
		}
		body, err := newBlockBody(&piece, nil, fields)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Buf) {
			t.Fatalf("a column of %d bytes: the body has %d bytes, the block %d", filled, len(got), len(want.Buf))
		}
	}
}
