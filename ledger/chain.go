package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
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

// hashTag are the tag and the length of field 2047, which always ends the record.
var hashTag = [3]byte{0xfa, 0x7f, sha256.Size}

const hashSize = len(hashTag) + sha256.Size

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
	copy(b[size:], hashTag[:])
	copy(b[size+len(hashTag):], sum[:])
	e.Hash = b[size+len(hashTag):]
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
// What is broken is named by the seq that had to come and by the account, as far as the record still tells it.
func Open(head *Head, record []byte) (*pointspb.Entry, error) {
	e := &pointspb.Entry{}
	if err := e.UnmarshalVT(record); err != nil {
		return nil, broken(head, record, "it cannot be decoded: "+err.Error())
	}
	if e.Seq != head.Seq+1 {
		return nil, broken(head, record, fmt.Sprintf("the record has seq %d", e.Seq))
	}
	body := len(record) - hashSize
	if body < 0 || !bytes.HasPrefix(record[body:], hashTag[:]) || !bytes.Equal(chain(head.Hash, record[:body]), record[body+len(hashTag):]) {
		return nil, broken(head, record, "the record does not have its hash")
	}
	head.Seq, head.Hash, head.Now = e.Seq, e.Hash, e.RecordedAt
	return e, nil
}

func broken(head *Head, record []byte, what string) error {
	account := "an account that the record does not tell"
	if size, n := binary.Uvarint(record[min(1, len(record)):]); n > 0 && size > 0 && size <= uint64(len(record)-1-n) {
		account = string(record[1+n:][:size]) // it is written first
	}
	return fmt.Errorf("%w: %s, seq %d: %s", ErrChain, account, head.Seq+1, what)
}
