package ledger

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"jifen/topics/pointspb"
)

// Head is the end of a shard's ledger: what the next entry follows.
type Head struct {
	Seq    uint64
	Offset int64 // of the entry in its partition; -1 before the first
	Hash   []byte
	Now    int64 // recorded_at of the last entry, Unix ms
}

// ErrChain is a broken hash chain or a gap in seq (I7).
var ErrChain = errors.New("hash chain broken")

// hashSize is SHA-256 with the tag and length of field 2047, which always ends the record.
const hashSize = 2 + 1 + sha256.Size

// Seal numbers an entry, chains it to its predecessor and returns its record's bytes, for which take gives the room; head
// moves on, and its hash lies in that room, too.
func Seal(head *Head, e *pointspb.Entry, take func(n int) []byte) ([]byte, error) {
	head.Seq++
	e.Seq, e.Hash = head.Seq, nil
	before, size := len(head.Hash), e.SizeVT()
	all := take(before + size + hashSize) // the predecessor's hash goes first, so that one piece is hashed
	copy(all, head.Hash)
	b := all[before:]
	if _, err := e.MarshalToSizedBufferVT(b[:size]); err != nil {
		return nil, fmt.Errorf("encode entry %d of %s: %w", e.Seq, e.Account, err)
	}
	sum := sha256.Sum256(all[:before+size])
	copy(b[size:], []byte{0xfa, 0x7f, sha256.Size})
	copy(b[size+3:], sum[:])
	e.Hash = b[size+3:]
	head.Hash, head.Now = e.Hash, e.RecordedAt
	return b, nil
}

func chain(previous, body []byte) []byte {
	h := sha256.New()
	h.Write(previous)
	h.Write(body)
	return h.Sum(nil)
}

// Open decodes a record of the ledger and checks that it follows head: dense seq, unbroken chain (F4, I7). Head moves on.
func Open(head *Head, record []byte) (*pointspb.Entry, error) {
	e := &pointspb.Entry{}
	if err := e.UnmarshalVT(record); err != nil {
		return nil, fmt.Errorf("%w: the entry after seq %d cannot be decoded: %w", ErrChain, head.Seq, err)
	}
	if e.Seq != head.Seq+1 {
		return nil, fmt.Errorf("%w: %s has seq %d after %d", ErrChain, e.Account, e.Seq, head.Seq)
	}
	if len(record) < hashSize || !bytes.Equal(chain(head.Hash, record[:len(record)-hashSize]), record[len(record)-sha256.Size:]) {
		return nil, fmt.Errorf("%w: %s, seq %d", ErrChain, e.Account, e.Seq)
	}
	head.Seq, head.Hash, head.Now = e.Seq, e.Hash, e.RecordedAt
	return e, nil
}
