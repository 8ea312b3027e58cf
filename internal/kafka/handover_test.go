package kafka

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/internal/testkit"
	"jifen/processors"
	"jifen/topics"
)

const inTopic, outTopic, handedPartitions = "in", "out", 3

// shift is a loop that hands over and a follower, without a broker: the logs are lists, and the test fetches.
type shift struct {
	t       *testing.T
	rng     *rand.Rand
	over    *Handover
	follow  *following
	logs    map[place][]topics.Record
	end     map[place]int64 // of the logs, behind markers and what was aborted
	at      map[int32]int64 // where owners read on
	owned   bool
	handled map[place][]int64
	fetched int
}

func newShift(t *testing.T, rng *rand.Rand, client *kgo.Client, most int) *shift {
	t.Helper()
	s := &shift{
		t: t, rng: rng, over: NewHandover([]string{inTopic}, []string{outTopic}), logs: map[place][]topics.Record{},
		end: map[place]int64{}, at: map[int32]int64{}, handled: map[place][]int64{},
	}
	s.over.most = most
	next := map[place]int64{}
	for p := range int32(handedPartitions) {
		next[place{inTopic, p}], next[place{outTopic, p}] = 0, 0
	}
	s.follow = &following{
		Follower: &Follower{Handover: s.over, Handle: s.handle}, client: client, next: next, handed: map[place]time.Time{},
	}
	return s
}

func (s *shift) handle(_ context.Context, records []topics.Record) error {
	for _, r := range records {
		p := place{r.Topic, r.Partition}
		if string(r.Value) != value(p, r.Offset) {
			s.t.Fatalf("%v %d holds %q", p, r.Offset, r.Value)
		}
		s.handled[p] = append(s.handled[p], r.Offset)
	}
	return nil
}

func value(p place, offset int64) string {
	return strings.Repeat(p.topic[:1]+string(rune('a'+offset%20)), int(1+p.partition))
}

// write appends a record to a log, behind what a transaction left there.
func (s *shift) write(p place) topics.Record {
	s.end[p] += s.rng.Int64N(3)
	r := topics.Record{Topic: p.topic, Partition: p.partition, Offset: s.end[p], Value: []byte(value(p, s.end[p]))}
	s.end[p]++
	s.logs[p] = append(s.logs[p], r)
	return r
}

// transact has an owner read some records of each partition, and write as many.
func (s *shift) transact() (read, written []topics.Record) {
	for p := range int32(handedPartitions) {
		for _, r := range s.from(place{inTopic, p}, s.at[p], 5) {
			read = append(read, r)
			s.at[p] = r.Offset + 1
		}
	}
	for range read {
		w := s.write(place{outTopic, s.rng.Int32N(handedPartitions)})
		w.Value = slices.Clone(w.Value)
		written = append(written, w)
	}
	return read, written
}

// from are fewer than some records of a log, beginning at an offset.
func (s *shift) from(p place, at int64, fewer int) []topics.Record {
	i, _ := slices.BinarySearchFunc(s.logs[p], at, func(r topics.Record, at int64) int { return int(r.Offset - at) })
	return slices.Clone(s.logs[p][i:min(len(s.logs[p]), i+s.rng.IntN(fewer))])
}

func (s *shift) begin() {
	at := map[int32]kgo.Offset{}
	for p := range int32(handedPartitions) {
		at[p] = kgo.NewOffset().At(s.at[p])
	}
	s.over.begin(map[string]map[int32]kgo.Offset{inTopic: at})
	s.owned = true
}

func (s *shift) fetch() {
	for p := range s.follow.next {
		if _, handed := s.follow.handed[p]; handed {
			continue
		}
		records := s.from(p, s.follow.next[p], 20)
		s.fetched += len(records)
		s.follow.passed(records)
		_ = s.handle(s.t.Context(), records)
	}
}

func (s *shift) step() {
	switch n := s.rng.IntN(200); {
	case n < 70:
		s.write(place{inTopic, s.rng.Int32N(handedPartitions)})
	case n < 120:
		s.commit()
	case n < 140:
		s.fetch()
	case !s.owned:
		s.begin()
	case n < 197:
		s.take()
	case n < 199:
		s.over.lose()
		s.owned = false
	default:
		s.late()
	}
}

// commit is our owner's transaction, or another one's.
func (s *shift) commit() {
	term, owned := s.over.since(), s.owned
	read, written := s.transact()
	if owned {
		s.tell(term, read, written)
	}
}

// late is a transaction that our owner hears of when its partitions have gone and come, and others have committed meanwhile.
func (s *shift) late() {
	term := s.over.since()
	read, written := s.transact()
	s.over.lose()
	s.transact()
	s.begin()
	s.tell(term, read, written)
}

func (s *shift) tell(term int, read, written []topics.Record) {
	left := s.rng.IntN(2) == 0
	s.over.committed(term, read, processors.Output{Records: written, Left: left})
	for i := range written {
		if !left { // the stage uses its room again
			copy(written[i].Value, "?????")
		}
		written[i] = topics.Record{} // and its list in any case
	}
}

func (s *shift) take() {
	if err := s.follow.takeHanded(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// settle has the follower handle all that is left.
func (s *shift) settle() {
	s.over.lose()
	for range 500 {
		s.take()
		s.fetch()
	}
}

// TestWhatIsHandedOverIsHandledOnce: whoever owns, however far the follower is, and whatever is too much for the handover,
// each record is handled once and in its order, and most that an owner has are not fetched.
func TestWhatIsHandedOverIsHandledOnce(t *testing.T) {
	rng := testkit.Rand(t)
	client := idleClient(t)
	for _, most := range []int{handedMax, 10 * recordBytes, recordBytes + 10} {
		fetched, all := 0, 0
		for range 100 {
			s := newShift(t, rng, client, most)
			for range 300 {
				s.step()
			}
			fetched += s.fetched
			s.settle()
			all += s.complete()
		}
		t.Logf("at most %d bytes wait: %d of %d records were fetched", most, fetched, all)
		if most == handedMax && (fetched == 0 || fetched > all/2) {
			t.Errorf("%d of %d records were fetched", fetched, all)
		}
	}
}

// idleClient is one that reaches no broker.
func idleClient(t *testing.T) *kgo.Client {
	t.Helper()
	start := map[string]map[int32]kgo.Offset{inTopic: {}, outTopic: {}}
	client, err := kgo.NewClient(kgo.SeedBrokers("127.0.0.1:1"), kgo.ConsumePartitions(start))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// complete holds what was handled against the logs, and says how many records they have.
func (s *shift) complete() int {
	all := 0
	for p, log := range s.logs {
		var want []int64
		for _, r := range log {
			want = append(want, r.Offset)
		}
		if !slices.Equal(s.handled[p], want) {
			s.t.Fatalf("%v: handled %v, want %v", p, s.handled[p], want)
		}
		all += len(want)
	}
	return all
}

// TestHandoverIsBounded: what a follower does not take in time goes, the oldest first, so that what is left holds together.
func TestHandoverIsBounded(t *testing.T) {
	h := NewHandover([]string{inTopic}, nil)
	h.most = 5 * (recordBytes + 10)
	h.begin(map[string]map[int32]kgo.Offset{inTopic: {0: kgo.NewOffset().At(0)}})
	for i := range int64(100) {
		h.committed(h.since(), []topics.Record{{Topic: inTopic, Offset: i, Value: make([]byte, 10)}}, processors.Output{})
	}
	for want := int64(95); want < 100; want++ {
		if got, ok := h.take(); !ok || got.spans[0].from != want || got.spans[0].to != want+1 || len(got.records) != 1 {
			t.Fatalf("%+v %v, want %d", got, ok, want)
		}
	}
	if _, ok := h.take(); ok || h.bytes != 0 {
		t.Errorf("more than %d bytes were kept; now %d", h.most, h.bytes)
	}
}

// TestHandoverOfATopicMadeAnew: records before the offset from which they were to be read say that the topic is another one,
// of which nothing is known.
func TestHandoverOfATopicMadeAnew(t *testing.T) {
	h := NewHandover([]string{inTopic}, nil)
	h.begin(map[string]map[int32]kgo.Offset{inTopic: {0: kgo.NewOffset().At(1000)}})
	h.committed(h.since(), []topics.Record{{Topic: inTopic, Offset: 7}, {Topic: inTopic, Offset: 8}}, processors.Output{})
	if got, _ := h.take(); len(got.spans) != 1 || got.spans[0].from != 7 || got.spans[0].to != 9 {
		t.Errorf("%+v", got)
	}
}

// TestSilenceOfAnOwner: what nothing is heard of is fetched again from where it ended.
func TestSilenceOfAnOwner(t *testing.T) {
	s := newShift(t, testkit.Rand(t), idleClient(t), handedMax)
	s.begin()
	s.write(place{inTopic, 1})
	for len(s.follow.handed) == 0 {
		s.commit()
		s.fetch()
		s.take()
	}
	s.follow.fetchSilent(time.Now().Add(handedSilence / 2))
	if len(s.follow.handed) == 0 {
		t.Fatal("fetched at once")
	}
	s.follow.fetchSilent(time.Now().Add(handedSilence + time.Second))
	if len(s.follow.handed) != 0 {
		t.Errorf("not fetched: %v", s.follow.handed)
	}
	s.write(place{inTopic, 1})
	s.settle()
	s.complete()
}

// buffered counts the records that a client fetches.
type buffered struct{ n atomic.Int64 }

func (b *buffered) OnFetchRecordBuffered(*kgo.Record) { b.n.Add(1) }

// TestWhatIsHandedOverIsNotFetched, once the follower is as far as the loop.
func TestWhatIsHandedOverIsNotFetched(t *testing.T) {
	c := Config{Brokers: []string{testkit.Kfake(t).Addr()}, ClientID: "test"}
	client, err := kgo.NewClient(c.options()...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, t.Name()); err != nil {
		t.Fatal(err)
	}
	over, fetched, handled := NewHandover([]string{t.Name()}, nil), &buffered{}, atomic.Int64{}
	over.begin(map[string]map[int32]kgo.Offset{t.Name(): {0: kgo.NewOffset().AtStart()}})
	reader, err := kgo.NewClient(c.options(kgo.WithHooks(fetched), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{t.Name(): {0: kgo.NewOffset().At(0)}}))...)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	handle := func(_ context.Context, records []topics.Record) error {
		handled.Add(int64(len(records)))
		return nil
	}
	f := &following{
		Follower: &Follower{Handover: over, Handle: handle}, client: reader,
		next: map[place]int64{{t.Name(), 0}: 0}, handed: map[place]time.Time{},
	}
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	running.Go(func() { _ = f.run(ctx) })
	var before int64
	for n := range int64(60) {
		if n == 10 {
			before = fetched.n.Load()
		}
		r, err := client.ProduceSync(ctx, &kgo.Record{Topic: t.Name(), Value: []byte("x")}).First()
		if err != nil {
			t.Fatal(err)
		}
		over.committed(over.since(), []topics.Record{fromKafka(r)}, processors.Output{})
		for deadline := time.Now().Add(10 * time.Second); handled.Load() <= n; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("record %d is not handled", n)
			}
		}
	}
	if n := fetched.n.Load() - before; n > 0 || handled.Load() != 60 {
		t.Errorf("%d of 50 records were fetched; handled %d of 60", n, handled.Load())
	}
}
