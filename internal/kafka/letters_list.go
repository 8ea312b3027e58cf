package kafka

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// ListedLetter is a dead letter in a list. Its value is at most its first LetterValueMax bytes.
type ListedLetter struct {
	topics.Letter
	At        time.Time // when it was given up
	Partition int32
	Offset    int64
	Bytes     int // of its value
}

// LetterValueMax is how much of a dead letter's value a list shows.
const LetterValueMax = 16 << 10

// Bounds are, by topic and partition, the offsets before which a list goes on; what they do not name is done.
type Bounds map[string]map[int32]int64

const (
	lettersRead  = 4000 // of one look, about
	lettersLeast = 20   // of one partition in one look
)

// NewestLetters lists the dead letters of topics that keep says, the newest first, at most `most` of them, beginning before
// the bounds (nil: at the end). It reads a bounded number of records: the list may be shorter, or empty, and go on; it is
// complete when no bounds are returned. Within a partition the order is that of the offsets.
func NewestLetters(ctx context.Context, c Config, sources []string, before Bounds, most int, keep func(*topics.Letter) bool) ([]ListedLetter, Bounds, error) {
	return newest(ctx, c, sources, before, lettersWanted{most: most, keep: keep})
}

// NewestRecords lists the records of a topic in the same way, each as the original of a letter that nobody wrote.
func NewestRecords(ctx context.Context, c Config, topic string, before Bounds, most int, keep func(*topics.Record) bool) ([]ListedLetter, Bounds, error) {
	return newest(ctx, c, []string{topic}, before, lettersWanted{most: most, plain: true, keep: func(l *topics.Letter) bool { return keep(&l.Original) }})
}

// lettersWanted says how many are listed, and which; plain records are not opened.
type lettersWanted struct {
	most  int
	plain bool
	keep  func(*topics.Letter) bool
}

func newest(ctx context.Context, c Config, sources []string, before Bounds, want lettersWanted) ([]ListedLetter, Bounds, error) {
	client, err := kgo.NewClient(c.options()...)
	if err != nil {
		return nil, nil, fmt.Errorf("dead letters: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(ctx, sources...)
	if err != nil {
		return nil, nil, fmt.Errorf("start of dead letters: %w", err)
	}
	if before == nil {
		if before, err = committedEnds(ctx, admin, sources); err != nil {
			return nil, nil, err
		}
	}
	spans := letterSpans(starts, before)
	for _, s := range spans {
		s.plain = want.plain
	}
	if err := readSpans(ctx, c, spans); err != nil {
		return nil, nil, err
	}
	out := mergeLetters(spans, want.most, want.keep)
	next := Bounds{}
	for _, s := range spans {
		if s.end() > s.start {
			if next[s.topic] == nil {
				next[s.topic] = map[int32]int64{}
			}
			next[s.topic][s.partition] = s.end()
		}
	}
	if len(next) == 0 {
		next = nil
	}
	return out, next, nil
}

func committedEnds(ctx context.Context, admin *kadm.Client, sources []string) (Bounds, error) {
	listed, err := admin.ListCommittedOffsets(ctx, sources...)
	if err != nil {
		return nil, fmt.Errorf("end of dead letters: %w", err)
	}
	out := Bounds{}
	listed.Each(func(o kadm.ListedOffset) {
		if o.Err != nil {
			return // a topic that `jifen topics apply` has not made has no dead letters
		}
		if out[o.Topic] == nil {
			out[o.Topic] = map[int32]int64{}
		}
		out[o.Topic][o.Partition] = o.Offset
	})
	return out, nil
}

// letterSpan is what is read of one partition: [from, to), of which letters are those not listed yet, the oldest first.
type letterSpan struct {
	topic           string
	partition       int32
	start, from, to int64
	letters         []ListedLetter
	plain           bool
}

// end is the bound from which a later list goes on.
func (s *letterSpan) end() int64 {
	if n := len(s.letters); n > 0 {
		return s.letters[n-1].Offset + 1
	}
	return s.from
}

// letterSpans are the last records before the bounds, about as many in all whatever the number of partitions.
func letterSpans(starts kadm.ListedOffsets, before Bounds) []*letterSpan {
	var spans []*letterSpan
	for _, topic := range slices.Sorted(maps.Keys(before)) {
		for _, p := range slices.Sorted(maps.Keys(before[topic])) {
			start, ok := starts.Lookup(topic, p)
			if to := before[topic][p]; ok && start.Err == nil && start.Offset < to {
				spans = append(spans, &letterSpan{topic: topic, partition: p, start: start.Offset, to: to})
			}
		}
	}
	for _, s := range spans {
		s.from = max(s.start, s.to-int64(max(lettersLeast, lettersRead/len(spans))))
	}
	return spans
}

// readSpans fills the spans.
func readSpans(ctx context.Context, c Config, spans []*letterSpan) error {
	at, left := map[string]map[int32]kgo.Offset{}, map[string]*letterSpan{}
	name := func(topic string, p int32) string { return fmt.Sprint(topic, "/", p) }
	for _, s := range spans {
		if at[s.topic] == nil {
			at[s.topic] = map[int32]kgo.Offset{}
		}
		at[s.topic][s.partition] = kgo.NewOffset().At(s.from)
		left[name(s.topic, s.partition)] = s
	}
	if len(left) == 0 {
		return nil
	}
	client, err := kgo.NewClient(c.options(kgo.ConsumePartitions(at), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(100*time.Millisecond))...)
	if err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	defer client.Close()
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("dead letters: %w", err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			rec := it.Next()
			s := left[name(rec.Topic, rec.Partition)]
			if s == nil {
				continue
			}
			if !rec.Attrs.IsControl() && rec.Offset < s.to {
				s.add(rec)
			}
			if rec.Offset+1 >= s.to {
				delete(left, name(rec.Topic, rec.Partition))
				client.PauseFetchPartitions(map[string][]int32{rec.Topic: {rec.Partition}})
			}
		}
	}
	return nil
}

// add takes in a record, unless somebody else wrote it; what a list does not show of it is let go.
func (s *letterSpan) add(rec *kgo.Record) {
	r := fromKafka(rec)
	l, err := topics.OpenLetter(&r)
	if s.plain {
		l, err = topics.Letter{Original: r}, nil
	}
	if err != nil {
		return
	}
	o := &l.Original
	bytesOf := len(o.Value)
	o.Key, o.Value, o.Headers = bytes.Clone(o.Key), bytes.Clone(o.Value[:min(bytesOf, LetterValueMax)]), nil
	s.letters = append(s.letters, ListedLetter{Letter: l, At: rec.Timestamp, Partition: rec.Partition, Offset: rec.Offset, Bytes: bytesOf})
}

// mergeLetters takes the newest of the spans again and again, until there are enough, or a span that has older ones is
// used up: its next could be newer than what the others have.
func mergeLetters(spans []*letterSpan, most int, keep func(*topics.Letter) bool) []ListedLetter {
	var out []ListedLetter
	for len(out) < most {
		var newest *letterSpan
		for _, s := range spans {
			n := len(s.letters)
			if n == 0 {
				if s.from > s.start {
					return out
				}
				continue
			}
			if newest == nil || s.letters[n-1].At.After(newest.letters[len(newest.letters)-1].At) {
				newest = s
			}
		}
		if newest == nil {
			return out
		}
		last := len(newest.letters) - 1
		if l := newest.letters[last]; keep(&l.Letter) {
			out = append(out, l)
		}
		newest.letters = newest.letters[:last]
	}
	return out
}

// DeadLetterTopics are the topics of dead letters that are declared.
func DeadLetterTopics() ([]string, error) {
	declared, err := Declare(1)
	var all []string
	for _, d := range declared {
		if strings.HasPrefix(d.Name, topics.DeadLetterPrefix) {
			all = append(all, d.Name)
		}
	}
	return all, err
}
