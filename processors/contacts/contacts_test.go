package contacts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

const shards = 4

// memory is a store that folds as Redis does.
type memory struct {
	at     map[int32]topics.PrivatePosition
	fields map[string]map[string][]string // by mark and topic
	former map[string][]string
}

func newMemory() *memory {
	return &memory{at: map[int32]topics.PrivatePosition{}, fields: map[string]map[string][]string{}, former: map[string][]string{}}
}

func (m *memory) PrivatePositions(_ context.Context, all []int32) (map[int32]topics.PrivatePosition, error) {
	out := map[int32]topics.PrivatePosition{}
	for _, n := range all {
		at := topics.PrivatePosition{Next: map[string]int64{}, Ready: m.at[n].Ready, Erased: map[string]bool{}}
		maps.Copy(at.Next, m.at[n].Next)
		maps.Copy(at.Erased, m.at[n].Erased)
		out[n] = at
	}
	return out, nil
}

func (m *memory) PrivateNames(_ context.Context, _ int32, marks []string) (map[string]map[string][]string, error) {
	out := map[string]map[string][]string{}
	for _, mark := range marks {
		out[mark] = m.fields[mark]
	}
	return out, nil
}

var errGap = errors.New("gap")

func (m *memory) FoldPrivate(_ context.Context, f *topics.PrivateFold) error {
	at := m.at[f.Shard]
	if !maps.Equal(at.Next, f.From) {
		return errGap
	}
	if at.Erased == nil {
		at.Erased = map[string]bool{}
	}
	for _, r := range f.Records {
		mark, name, ok := topics.OfPrivateKey(string(r.Key))
		if !ok {
			continue
		}
		if m.fields[mark] == nil {
			m.fields[mark] = map[string][]string{}
		}
		list := slices.DeleteFunc(m.fields[mark][r.Topic], func(x string) bool { return x == name })
		if len(r.Value) > 0 {
			list = append(list, name)
		}
		m.fields[mark][r.Topic] = list
	}
	for _, mark := range f.Erased {
		at.Erased[mark] = true
	}
	at.Next, at.Ready = maps.Clone(f.To), at.Ready || f.Ready
	m.at[f.Shard] = at
	return nil
}

func (m *memory) Read(_ context.Context, wants []ledger.Want) ([]ledger.Got, error) {
	got := make([]ledger.Got, len(wants))
	for i, w := range wants {
		got[i].World = ledger.NewWorld()
		for _, member := range w.Members {
			got[i].World.Member(member).MergedFrom = m.former[member]
		}
	}
	return got, nil
}

type removed map[string]int

func (r removed) Removed(topic string, n int) { r[topic] += n }

// test is a stage that has all shards.
type test struct {
	*testing.T
	*Stage
	store  *memory
	seen   removed
	offset int64
}

func begin(t *testing.T, store *memory) *test {
	t.Helper()
	x := &test{T: t, store: store, seen: removed{}}
	x.Stage = New(store, store, x.seen, shards, "run")
	assigned := map[string][]int32{}
	for _, topic := range append(topics.PrivateTopics(), topics.Ledger) {
		assigned[topic] = []int32{0, 1, 2, 3}
	}
	if _, err := x.From(t.Context(), assigned); err != nil {
		t.Fatal(err)
	}
	return x
}

func shardOf(member string) int32 { return topics.Shard(topics.MemberAccount(member), shards) }

func (x *test) kept(topic, member, name, value string) topics.Record {
	x.offset++
	return topics.Record{Topic: topic, Partition: shardOf(member), Offset: x.offset, Key: []byte(topics.PrivateKey(topics.MemberMark(member), name)), Value: []byte(value)}
}

func (x *test) entry(member string, e *pointspb.Entry) topics.Record {
	x.Helper()
	x.offset++
	e.Account = topics.MemberAccount(member)
	value, err := e.MarshalVT()
	if err != nil {
		x.Fatal(err)
	}
	return topics.Record{Topic: topics.Ledger, Partition: shardOf(member), Offset: x.offset, Value: value}
}

// handle commits a batch and returns its tombstones.
func (x *test) handle(records ...topics.Record) (gone []string) {
	x.Helper()
	out, err := x.Process(x.Context(), processors.Batch{Records: records})
	if err != nil {
		x.Fatal(err)
	}
	for _, r := range out.Records {
		if r.Value != nil {
			x.Errorf("%s is no tombstone", r.Key)
		}
		gone = append(gone, fmt.Sprint(r.Topic, " ", r.Partition, " ", string(r.Key)))
	}
	if err := x.Committed(x.Context(), out.Records); err != nil {
		x.Fatal(err)
	}
	slices.Sort(gone)
	return gone
}

func (x *test) equal(what string, got, want any) {
	x.Helper()
	if d := cmp.Diff(got, want); d != "" {
		x.Errorf("%s (-got +want):\n%s", what, d)
	}
}

func tombstone(topic, member, name string) string {
	return fmt.Sprint(topic, " ", shardOf(member), " ", topics.PrivateKey(topics.MemberMark(member), name))
}

var (
	hash   = []byte("0123456789")
	other  = []byte("9876543210")
	erased = &pointspb.Entry{Kind: pointspb.Kind_ERASED}
)

func refusal(id string, hash []byte) *pointspb.Entry {
	return &pointspb.Entry{Kind: pointspb.Kind_REFUSED, Redemption: &pointspb.RedemptionFacts{Id: id, BodyHash: hash, Outcome: "sold_out"}}
}

// TestErasureRemovesAllOfAMemberWheneverItCame: before the erasure, in its batch, and after it; of nobody else anything.
func TestErasureRemovesAllOfAMemberWheneverItCame(t *testing.T) {
	x := begin(t, newMemory())
	x.equal("before", x.handle(x.kept(topics.MemberKeys, "m", "k1", "key"), x.kept(topics.Contacts, "m", "book/1", "a"), x.kept(topics.Ratings, "m", "r-1", "r"), x.kept(topics.Contacts, "n", "book/1", "a")), []string(nil))
	x.equal("erased", x.handle(x.entry("m", erased), x.kept(topics.Contacts, "m", "self", "s")), []string{
		tombstone(topics.Contacts, "m", "book/1"), tombstone(topics.Contacts, "m", "self"), tombstone(topics.MemberKeys, "m", "k1"), tombstone(topics.Ratings, "m", "r-1"),
	})
	x.equal("late", x.handle(x.kept(topics.Contacts, "m", "book/2", "a")), []string{tombstone(topics.Contacts, "m", "book/2")})
	x.equal("the tombstone itself", x.handle(x.kept(topics.Contacts, "m", "book/2", "")), []string(nil))
	x.equal("after a restart", begin(t, x.store).handle(x.kept(topics.Contacts, "m", "book/3", "a")), []string{tombstone(topics.Contacts, "m", "book/3")})
	x.equal("counted", x.seen, removed{topics.Contacts: 3, topics.MemberKeys: 1, topics.Ratings: 1})
}

// TestAddressOfARefusedRedemptionGoes: whichever of the two is read first; that of the request that counts stays.
func TestAddressOfARefusedRedemptionGoes(t *testing.T) {
	x := begin(t, newMemory())
	name, kept := topics.RedemptionName("r-1", hash), topics.RedemptionName("r-1", other)
	x.handle(x.kept(topics.Contacts, "m", name, "a"), x.kept(topics.Contacts, "m", kept, "a"))
	x.equal("refused", x.handle(x.entry("m", refusal("r-1", hash))), []string{tombstone(topics.Contacts, "m", name)})
	x.equal("refused before it was read", x.handle(x.entry("m", refusal("r-2", hash))), []string(nil))
	x.equal("then read", x.handle(x.kept(topics.Contacts, "m", topics.RedemptionName("r-2", hash), "a")), []string{tombstone(topics.Contacts, "m", topics.RedemptionName("r-2", hash))})
	back := refusal("r-1", nil)
	back.Return = &pointspb.ReturnFacts{Id: "too much"}
	x.equal("a return", x.handle(x.entry("m", back)), []string(nil))
}

// TestAddressLivesAsLongAsItsRedemption: of one that came with another id, too, where it was stored.
func TestAddressLivesAsLongAsItsRedemption(t *testing.T) {
	x := begin(t, newMemory())
	x.store.former["m"] = []string{"old"}
	name := topics.RedemptionName("r-1", hash)
	x.handle(x.kept(topics.Contacts, "m", name, "a"), x.kept(topics.Contacts, "m", "book/1", "a"), x.kept(topics.Contacts, "old", topics.RedemptionName("r-2", hash), "a"))
	forgotten := func(ids ...string) *pointspb.Entry {
		e := &pointspb.Entry{Kind: pointspb.Kind_FORGOTTEN, Forgotten: []string{"m\x1f/shops/a\x1fO1", "202601"}}
		for _, id := range ids {
			e.Forgotten = append(e.Forgotten, topics.RedemptionKey("m", id))
		}
		return e
	}
	x.equal("orders", x.handle(x.entry("m", forgotten())), []string(nil))
	x.equal("forgotten", x.handle(x.entry("m", forgotten("r-1", "r-2", "r-3"))), sorted(tombstone(topics.Contacts, "m", name), tombstone(topics.Contacts, "old", topics.RedemptionName("r-2", hash))))
}

func sorted(all ...string) []string {
	slices.Sort(all)
	return all
}

// TestFoldIsReadyOnceAllSealsOfThisRunWereRead, and not by those of an earlier run.
func TestFoldIsReadyOnceAllSealsOfThisRunWereRead(t *testing.T) {
	x := begin(t, newMemory())
	seals := x.Seals()
	if len(seals) != shards*3 {
		t.Fatalf("%d seals", len(seals))
	}
	read := func(x *test, seals []topics.Record) {
		for i := range seals {
			x.offset++
			seals[i].Offset = x.offset
		}
		x.equal("tombstones", x.handle(seals...), []string(nil))
	}
	y := begin(t, newMemory())
	y.nonce = "another"
	read(y, x.Seals())
	x.equal("by another run's", y.store.at[0].Ready, false)
	read(x, seals)
	for n := range int32(shards) {
		x.equal("ready", x.store.at[n].Ready, true)
	}
}

// TestEmptiedStoreIsFilledFromTheStart: the batch that finds out fails, and reading begins at the topics' starts.
func TestEmptiedStoreIsFilledFromTheStart(t *testing.T) {
	x := begin(t, newMemory())
	first := x.kept(topics.Contacts, "m", "book/1", "a")
	x.handle(first)
	if emptied, err := x.Emptied(t.Context()); err != nil || emptied {
		t.Fatal(emptied, err)
	}
	x.store.at, x.store.fields = map[int32]topics.PrivatePosition{}, map[string]map[string][]string{}
	if emptied, err := x.Emptied(t.Context()); err != nil || !emptied {
		t.Fatal(emptied, err)
	}
	out, err := x.Process(t.Context(), processors.Batch{Records: []topics.Record{x.kept(topics.Contacts, "m", "book/2", "a")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Committed(t.Context(), out.Records); !errors.Is(err, errGap) {
		t.Fatalf("%v", err)
	}
	from, err := x.From(t.Context(), map[string][]int32{topics.Contacts: {shardOf("m")}})
	if err != nil || from[topics.Contacts][shardOf("m")] != 0 {
		t.Fatal(from, err)
	}
	x.handle(first)
	x.equal("kept", x.store.fields[topics.MemberMark("m")][topics.Contacts], []string{"book/1"})
}

// TestAnAbortedBatchIsForgotten: it comes again, and what was folded already is passed over.
func TestAnAbortedBatchIsForgotten(t *testing.T) {
	x := begin(t, newMemory())
	r := x.kept(topics.Contacts, "m", "book/1", "a")
	if _, err := x.Process(t.Context(), processors.Batch{Records: []topics.Record{r, x.entry("m", erased)}}); err != nil {
		t.Fatal(err)
	}
	x.Aborted()
	x.equal("again", x.handle(r), []string(nil))
	x.equal("once more", x.handle(r), []string(nil))
	x.equal("kept", x.store.fields[topics.MemberMark("m")][topics.Contacts], []string{"book/1"})
	bad := x.entry("m", erased)
	bad.Value = append(bad.Value, 0xff)
	if _, err := x.Process(t.Context(), processors.Batch{Records: []topics.Record{bad}}); err == nil {
		t.Error("an entry that cannot be read was passed over")
	}
}
