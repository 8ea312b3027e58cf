package processors

import (
	"fmt"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// chunk is how much a Room takes from the heap at once.
const chunk = 256 << 10

// Room is memory for the values that one batch makes. It is used again once the batch is committed: values that come and
// go with every event would otherwise be most of what the collector has to do.
type Room struct {
	chunks [][]byte
	using  int // index of the chunk in use
	used   int // bytes of it
}

// Take returns n bytes, whatever is in them.
func (r *Room) Take(n int) []byte {
	if n > chunk/4 {
		return make([]byte, n)
	}
	if len(r.chunks) == 0 || r.used+n > chunk {
		if r.using+1 >= len(r.chunks) {
			r.chunks = append(r.chunks, make([]byte, chunk))
			r.using = len(r.chunks) - 1
		} else {
			r.using++
		}
		r.used = 0
	}
	b := r.chunks[r.using][r.used : r.used+n : r.used+n]
	r.used += n
	return b
}

// Copy is a text as bytes.
func (r *Room) Copy(s string) []byte {
	b := r.Take(len(s))
	copy(b, s)
	return b
}

// Credit is a credit event as a record on its way to its account's shard.
func (r *Room) Credit(c *pointspb.CreditEvent, shards int) (topics.Record, error) {
	value := r.Take(c.SizeVT())
	if _, err := c.MarshalToSizedBufferVT(value); err != nil {
		return topics.Record{}, fmt.Errorf("encode credit of %s %s: %w", c.Cause.Source, c.Cause.Id, err)
	}
	return topics.Record{Topic: topics.Credits, Partition: topics.Shard(c.Account, shards), Key: r.Copy(c.Account), Value: value}, nil
}

// Free makes all of it free again. Nobody may use anymore what was taken.
func (r *Room) Free() { r.using, r.used = 0, 0 }

// Drop leaves what was taken to those who may still use it.
func (r *Room) Drop() { *r = Room{} }
