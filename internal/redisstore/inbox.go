package redisstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"jifen/topics"
)

// What an inbox keeps: the newest so many messages, none that is older.
const (
	inboxMost = 200
	inboxAge  = 400 * 24 * time.Hour
)

// ErrInboxesLost says that Redis holds other inboxes than when they were last filled: the topics are to be read again.
var ErrInboxesLost = errors.New("redis has lost the inboxes: they are filled anew")

// Inboxes keep members' messages. What fills them is one goroutine; Inbox and ReadUntil are for all.
type Inboxes struct {
	store *Store
	epoch string // of the inboxes when Positions was asked
}

// Inboxes are the store's.
func (s *Store) Inboxes() *Inboxes { return &Inboxes{store: s} }

// inboxMark stands for a member in the keys of inboxes.
func inboxMark(member string) string {
	m := topics.MarkOf("inbox", member)
	return hex.EncodeToString(m[:])
}

// What stands in a gone key: that the member was erased, or whose the messages are now.
const (
	goneErased = "erased"
	goneInto   = "into "
)

const epochField = "epoch"

// Positions says after which offsets to read on; none after a loss.
func (i *Inboxes) Positions(ctx context.Context) (map[string]map[int32]int64, error) {
	c := i.store.client
	if err := c.HSetNX(ctx, inboxPositions, epochField, rand.Text()).Err(); err != nil {
		return nil, fmt.Errorf("positions of the inboxes: %w", err)
	}
	fields, err := c.HGetAll(ctx, inboxPositions).Result()
	if err != nil {
		return nil, fmt.Errorf("positions of the inboxes: %w", err)
	}
	i.epoch = fields[epochField]
	out := map[string]map[int32]int64{}
	for field, value := range fields {
		topic, number, ok := strings.Cut(field, "/")
		if !ok {
			continue
		}
		partition, err := strconv.ParseInt(number, 10, 32)
		offset, err2 := strconv.ParseInt(value, 10, 64)
		if err := errors.Join(err, err2); err != nil {
			return nil, fmt.Errorf("positions of the inboxes: %w", err)
		}
		if out[topic] == nil {
			out[topic] = map[int32]int64{}
		}
		out[topic][int32(partition)] = offset + 1
	}
	return out, nil
}

// Moved notes how far the topics were read, or says ErrInboxesLost.
func (i *Inboxes) Moved(ctx context.Context, offsets map[string]map[int32]int64) error {
	args := []any{i.epoch}
	for topic, of := range offsets {
		for partition, offset := range of {
			args = append(args, topic+"/"+strconv.Itoa(int(partition)), offset)
		}
	}
	cmds, err := i.store.pipeline(ctx, func(p redis.Pipeliner) []*redis.Cmd {
		return []*redis.Cmd{p.FCall(ctx, "jifen_inbox_moved_1", []string{inboxPositions}, args...)}
	})
	if err != nil {
		return err
	}
	if n, err := cmds[0].Int(); err != nil || n == 0 {
		return errors.Join(ErrInboxesLost, err)
	}
	return nil
}

// stored is what a message says, as it lies in its inbox.
type stored struct {
	Kind       string `json:"k"`
	Zh         string `json:"z"`
	En         string `json:"e"`
	Redemption string `json:"r,omitempty"`
	Item       string `json:"i,omitempty"`
}

// letter is a message on its way into the inbox of a mark.
type letter struct {
	mark, id, body string
	at             int64
}

// putAtOnce bounds what one round trip carries.
const putAtOnce = 1000

// Put adds messages; those of members who were erased are left out, those of merged ones are the other one's.
func (i *Inboxes) Put(ctx context.Context, all []topics.Message, now time.Time) error {
	letters := make([]letter, len(all))
	for n := range all {
		m := &all[n]
		body, err := json.Marshal(stored{m.Kind, m.Text.Zh, m.Text.En, m.Redemption, m.Item})
		if err != nil {
			return fmt.Errorf("message %s: %w", m.ID, err)
		}
		letters[n] = letter{inboxMark(m.Member), m.ID, string(body), m.At.UnixMilli()}
	}
	return i.deliver(ctx, letters, now)
}

// mergesMost bounds how often a message is handed on: who was merged is merged at most so many times.
const mergesMost = 64

// deliver puts letters where they belong, and follows those whose members are others now.
func (i *Inboxes) deliver(ctx context.Context, letters []letter, now time.Time) error {
	for range mergesMost {
		var on []letter
		for part := range slices.Chunk(letters, putAtOnce) {
			further, err := i.put(ctx, part, now.Add(-inboxAge).UnixMilli())
			if err != nil {
				return err
			}
			on = append(on, further...)
		}
		if len(on) == 0 {
			return nil
		}
		letters = on
	}
	return errors.New("inboxes of merged members go in a circle")
}

func (i *Inboxes) put(ctx context.Context, letters []letter, oldest int64) (further []letter, err error) {
	cmds, err := i.store.pipeline(ctx, func(p redis.Pipeliner) []*redis.Cmd {
		out := make([]*redis.Cmd, len(letters))
		for n, l := range letters {
			k := inboxKeys(l.mark)
			out[n] = p.FCall(ctx, "jifen_inbox_put_1", []string{k.messages(), k.gone()}, l.at, l.id, l.body, inboxMost, oldest)
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	for n, c := range cmds {
		gone, err := c.Text()
		if err != nil {
			return nil, fmt.Errorf("put a message: %w", err)
		}
		if into, ok := strings.CutPrefix(gone, goneInto); ok {
			l := letters[n]
			l.mark = into
			further = append(further, l)
		}
	}
	return further, nil
}

// Merge makes all messages of a member, also those to come, those of another one. It may be repeated: the old inbox goes
// last.
func (i *Inboxes) Merge(ctx context.Context, from, into string, now time.Time) error {
	k, c := inboxKeys(inboxMark(from)), i.store.client
	if err := c.SetNX(ctx, k.gone(), goneInto+inboxMark(into), 0).Err(); err != nil {
		return fmt.Errorf("merge inboxes: %w", err)
	}
	all, err := c.ZRangeWithScores(ctx, k.messages(), 0, -1).Result()
	if err != nil {
		return fmt.Errorf("merge inboxes: %w", err)
	}
	letters := make([]letter, 0, len(all))
	for _, z := range all {
		text, _ := z.Member.(string)
		id, body, _ := strings.Cut(text, "\n")
		letters = append(letters, letter{inboxMark(into), id, body, int64(z.Score)})
	}
	if err := i.deliver(ctx, letters, now); err != nil {
		return err
	}
	return i.drop(ctx, k)
}

// Erase deletes a member's messages, and lets none come any more.
func (i *Inboxes) Erase(ctx context.Context, member string) error {
	k := inboxKeys(inboxMark(member))
	if err := i.store.client.Set(ctx, k.gone(), goneErased, 0).Err(); err != nil {
		return fmt.Errorf("erase an inbox: %w", err)
	}
	return i.drop(ctx, k)
}

func (i *Inboxes) drop(ctx context.Context, k keys) error {
	if err := i.store.client.Unlink(ctx, k.messages(), k.read()).Err(); err != nil {
		return fmt.Errorf("delete an inbox: %w", err)
	}
	return nil
}

// Inbox reads a member's messages, the newest first, those of one instant by their ids, and up to when they were read.
func (i *Inboxes) Inbox(ctx context.Context, member string, now time.Time) (all []topics.Message, read int64, err error) {
	k := inboxKeys(inboxMark(member))
	p := i.store.client.Pipeline()
	messages := p.ZRangeByScoreWithScores(ctx, k.messages(), &redis.ZRangeBy{Min: strconv.FormatInt(now.Add(-inboxAge).UnixMilli(), 10), Max: "+inf"})
	mark := p.Get(ctx, k.read())
	if _, err := p.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, 0, fmt.Errorf("read an inbox: %w", err)
	}
	if read, err = mark.Int64(); err != nil && !errors.Is(err, redis.Nil) {
		return nil, 0, fmt.Errorf("read an inbox: %w", err)
	}
	for _, z := range messages.Val() {
		text, _ := z.Member.(string)
		id, body, _ := strings.Cut(text, "\n")
		var s stored
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			return nil, 0, fmt.Errorf("message %s of an inbox: %w", id, err)
		}
		all = append(all, topics.Message{
			ID: id, Member: member, Kind: s.Kind, At: time.UnixMilli(int64(z.Score)), Text: topics.Words{Zh: s.Zh, En: s.En},
			Redemption: s.Redemption, Item: s.Item,
		})
	}
	slices.SortFunc(all, func(x, y topics.Message) int { return cmp.Or(y.At.Compare(x.At), cmp.Compare(y.ID, x.ID)) })
	return all, read, nil
}

// ReadUntil notes that a member has read what is not later than an instant.
func (i *Inboxes) ReadUntil(ctx context.Context, member string, until time.Time) error {
	k := inboxKeys(inboxMark(member))
	_, err := i.store.pipeline(ctx, func(p redis.Pipeliner) []*redis.Cmd {
		return []*redis.Cmd{p.FCall(ctx, "jifen_inbox_read_1", []string{k.read(), k.gone()}, until.UnixMilli())}
	})
	return err
}
