package redisstore

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"jifen/ledger"
)

// codec writes redemptions, items, budgets and identities as CBOR arrays; accounts and orders, of which every event writes one, have an encoding
// of their own (ledger). Nothing and an empty list are the same bytes, so equal states have equal
// values.
type codec struct {
	enc cbor.EncMode
	dec cbor.DecMode
}

func newCodec() (codec, error) {
	enc, err := cbor.EncOptions{NilContainers: cbor.NilContainerAsEmpty, Sort: cbor.SortNone}.EncMode()
	if err != nil {
		return codec{}, fmt.Errorf("state encoder: %w", err)
	}
	dec, err := cbor.DecOptions{MaxArrayElements: 1 << 24}.DecMode()
	if err != nil {
		return codec{}, fmt.Errorf("state decoder: %w", err)
	}
	return codec{enc, dec}, nil
}

// append writes a state behind what b holds.
func (c codec) append(b []byte, state any) ([]byte, error) {
	v, err := c.enc.Marshal(state)
	return append(b, v...), err
}

func (c codec) read(v string, state any) error {
	return c.dec.Unmarshal([]byte(v), state)
}

// format names how the states of this build are written. The shards of a store in another format have no mark to this build,
// so that their owners fold them anew from the ledger.
const format = "7"

// encodeHead is the applied mark: seq, ledger offset, chain hash, shard time, format.
func encodeHead(h ledger.Head) string {
	return strings.Join([]string{
		strconv.FormatUint(h.Seq, 10), strconv.FormatInt(h.Offset, 10), hex.EncodeToString(h.Hash), strconv.FormatInt(h.Now, 10), format,
	}, ":")
}

// noHead is that of a shard of which the store has nothing, or nothing that this build can read.
func noHead() ledger.Head { return ledger.Head{Offset: -1} }

func decodeHead(s string) (ledger.Head, error) {
	fail := func(err error) (ledger.Head, error) {
		return ledger.Head{}, fmt.Errorf("applied mark %q cannot be read: %w", s, err)
	}
	parts := strings.Split(s, ":")
	if len(parts) < 4 {
		return fail(strconv.ErrSyntax)
	}
	if len(parts) != 5 || parts[4] != format {
		return noHead(), nil
	}
	var h ledger.Head
	var err error
	if h.Seq, err = strconv.ParseUint(parts[0], 10, 64); err != nil {
		return fail(err)
	}
	if h.Offset, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
		return fail(err)
	}
	if h.Hash, err = hex.DecodeString(parts[2]); err != nil {
		return fail(err)
	}
	if h.Now, err = strconv.ParseInt(parts[3], 10, 64); err != nil {
		return fail(err)
	}
	return h, nil
}
