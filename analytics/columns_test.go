package analytics

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"jifen/topics"
)

// row is a value for a column of every kind.
type row struct {
	number     int64
	flag       bool
	mark       [16]byte
	text, body string
	word       string
}

func drawRows(t *rapid.T) []row {
	words := rapid.SampledFrom([]int{1, 3, 300, 70_000}).Draw(t, "words")
	n := rapid.SampledFrom([]int{1, 2, 70, 400, 70_000}).Draw(t, "rows")
	rows := make([]row, n)
	for range rapid.IntRange(0, 8).Draw(t, "runs") {
		from := rapid.IntRange(0, n-1).Draw(t, "from")
		to := rapid.IntRange(from, n).Draw(t, "to")
		text := rapid.StringN(0, 5, 20).Draw(t, "text")
		for i := from; i < to; i++ {
			rows[i] = row{number: int64(i % 5), flag: i%3 > 0, text: text, body: strings.Repeat(text, i%7), word: fmt.Sprint("w", i%words)}
			rows[i].mark[i%16] = byte(i)
		}
	}
	return rows
}

// TestColumnsHoldWhatWasAdded reads blocks back with ch-go; a column that was left out is one of defaults.
func TestColumnsHoldWhatWasAdded(t *testing.T) {
	var b block // used again for every block, as the feed does
	var l columns
	number, flag, mark := l.number("number"), l.flag("flag"), l.mark("mark")
	text, body, word, all := l.text("text"), l.body("body"), l.repeated("word"), l.number("all")
	b.fields = l
	rapid.Check(t, func(t *rapid.T) {
		want := drawRows(t)
		b.reset()
		for i, r := range want {
			b.n++
			number.add(i, r.number)
			flag.add(i, r.flag)
			mark.add(i, r.mark[:])
			text.add(i, r.text)
			body.add(i, []byte(r.body))
			word.add(i, r.word)
			all.add(i, 1)
		}
		if diff := cmp.Diff(want, readBack(t, b.seal(), len(want)), cmp.AllowUnexported(row{})); diff != "" {
			t.Fatalf("(-added +read):\n%s", diff)
		}
	})
}

func readBack(t *rapid.T, fields []field, n int) []row {
	var piece proto.Buffer
	sent, err := newBlockBody(&piece, nil, fields)
	if err != nil {
		t.Fatal(err)
	}
	var wire bytes.Buffer
	if _, err := io.Copy(&wire, sent); err != nil {
		t.Fatal(err)
	}
	var number proto.ColInt64
	var flag proto.ColBool
	mark := proto.ColFixedStr{Size: 16}
	var text, body proto.ColStr
	word := proto.NewLowCardinality(new(proto.ColStr))
	read := map[string]proto.ColResult{"number": &number, "flag": &flag, "mark": &mark, "text": &text, "body": &body, "word": word, "all": new(proto.ColInt64)}
	var results proto.Results
	for _, f := range fields {
		results = append(results, proto.ResultColumn{Name: f.label(), Data: read[f.label()]})
	}
	var b proto.Block
	if err := b.DecodeRawBlock(proto.NewReader(&wire), 0, results); err != nil {
		t.Fatal(err)
	}
	rows := make([]row, n)
	for i := range rows {
		r := &rows[i]
		if number.Rows() > 0 {
			r.number = number.Row(i)
		}
		if flag.Rows() > 0 {
			r.flag = flag.Row(i)
		}
		if mark.Rows() > 0 {
			r.mark = [16]byte(mark.Row(i))
		}
		if text.Rows() > 0 {
			r.text = text.Row(i)
		}
		if body.Rows() > 0 {
			r.body = body.Row(i)
		}
		if word.Rows() > 0 {
			r.word = word.Row(i)
		}
	}
	return rows
}

func TestOrderIsByPartitionAndKeepsThatOfItsRecords(t *testing.T) {
	var o order
	rapid.Check(t, func(t *rapid.T) {
		records := make([]topics.Record, rapid.IntRange(0, 50).Draw(t, "n"))
		for i := range records {
			records[i] = topics.Record{
				Topic:     rapid.SampledFrom([]string{topics.Orders, topics.Shares}).Draw(t, "topic"),
				Partition: rapid.Int32Range(0, 5).Draw(t, "partition"), Offset: int64(i),
			}
		}
		var before *topics.Record
		seen := map[int32]bool{}
		for _, i := range o.by(records) {
			r := &records[i]
			if before != nil {
				c := strings.Compare(before.Topic, r.Topic)
				if c > 0 || c == 0 && (before.Partition > r.Partition || before.Partition == r.Partition && before.Offset >= r.Offset) {
					t.Fatalf("%v before %v", before, r)
				}
			}
			before, seen[i] = r, true
		}
		if len(seen) != len(records) {
			t.Fatalf("%d of %d records", len(seen), len(records))
		}
	})
}
