package redisstore

import (
	"fmt"

	"jifen/ledger"
)

// A chunk of an item's codes is its blocks one behind the other (CBOR), so that whoever loads more needs not read it.

// codes writes blocks behind what there is of their chunk.
func (w *writer) codes(chunk string, blocks []ledger.CodeBlock) error {
	from := len(w.buffer)
	var err error
	for i := range blocks {
		if w.buffer, err = w.codec.append(w.buffer, &blocks[i]); err != nil {
			return err
		}
	}
	w.value(w.keys.codes(chunk), from, false)
	return nil
}

// readCodes decodes a chunk.
func (c codec) readCodes(chunk, v string, world *ledger.World) error {
	for rest := []byte(v); len(rest) > 0; {
		b := ledger.CodeBlock{}
		var err error
		if rest, err = c.dec.UnmarshalFirst(rest, &b); err != nil {
			return fmt.Errorf("codes: %w", err)
		}
		world.HoldCodes(chunk, b)
	}
	return nil
}
