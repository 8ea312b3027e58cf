package redisstore_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/testkit"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestChunksOfCodesGrow: codes are written behind those that are there, unread; applied again they change nothing.
func TestChunksOfCodesGrow(t *testing.T) {
	r := testkit.StartRedis(t)
	s := open(t, r)
	item := &ledger.Item{}
	load := func(seq uint64, first, count int64) ledger.Batch {
		w := ledger.NewWorld()
		if seq > 1 {
			w.Items["a:b"] = item.Clone()
		}
		e := &pointspb.Entry{Account: topics.ItemAccount("a:b"), Kind: pointspb.Kind_CODES_LOADED, Codes: &pointspb.CodesFacts{
			Id: fmt.Sprint(seq), Outcome: string(ledger.Applied), Spans: []*pointspb.CodeSpan{{From: first, To: first + count - 1}},
			Blocks: []*pointspb.CodeBlock{{First: first, Count: count, Sealed: fmt.Append(nil, "block", seq)}},
		}}
		ledger.Fold(w, e)
		item = w.Items["a:b"]
		return ledger.Batch{Shard: 1, From: seq, Head: ledger.Head{Seq: seq, Hash: []byte{1}}, World: w}
	}
	for _, b := range []ledger.Batch{load(1, 1, 3), load(2, 4, 2), load(3, 501, 1)} {
		apply(t, s, b)
		apply(t, s, b) // a reply was lost
	}
	got, err := s.Read(t.Context(), []ledger.Want{{Shard: 1, Items: []string{"a:b"}, Codes: []string{"a:b:0", "a:b:1", "a:b:2"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*ledger.CodeChunk{
		"a:b:0": {Blocks: []ledger.CodeBlock{{First: 1, Count: 3, Sealed: []byte("block1")}, {First: 4, Count: 2, Sealed: []byte("block2")}}},
		"a:b:1": {Blocks: []ledger.CodeBlock{{First: 501, Count: 1, Sealed: []byte("block3")}}},
	}
	same := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == "._" }, cmp.Ignore())
	if d := cmp.Diff(got[0].World.Codes, want, same); d != "" {
		t.Errorf("chunks (-got +want):\n%s", d)
	}
	if d := cmp.Diff(got[0].World.Items["a:b"].Pool.Last, int64(6)); d != "" {
		t.Errorf("newest code (-got +want):\n%s", d)
	}
	names, err := s.Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(names[1].Codes, []string{"a:b:0", "a:b:1"}); d != "" {
		t.Errorf("names (-got +want):\n%s", d)
	}
}
