// Package messages keeps what members are told as messages that they find in the mall.
//
//	in:     points.notices.v1 points.coupons.v1; points.ledger.v1, for members who are erased or merged
//	out:    the members' inboxes, dlq.*
//	state:  how far it has read, kept with the inboxes: where they are lost, the topics are read again
//	repeat: safe, a message is in an inbox once, by its id
package messages

import (
	"context"
	"fmt"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Inboxes keep members' messages.
type Inboxes interface {
	// Positions says after which offsets to read on; partitions that are missing are read from their start.
	Positions(ctx context.Context) (map[string]map[int32]int64, error)
	// Moved notes how far the topics were read. It fails where the inboxes were lost since Positions.
	Moved(ctx context.Context, offsets map[string]map[int32]int64) error
	// Put adds messages; those of members who were erased are left out, those of merged ones are the other one's.
	Put(ctx context.Context, all []topics.Message, now time.Time) error
	// Merge makes all messages of a member, also those to come, those of another one.
	Merge(ctx context.Context, from, into string, now time.Time) error
	// Erase deletes a member's messages, and lets none come any more.
	Erase(ctx context.Context, member string) error
}

// Dependencies are what the stage needs of the world.
type Dependencies struct {
	Inboxes Inboxes
	// Letters writes dead letters, durably.
	Letters  func(ctx context.Context, records []topics.Record) error
	Clock    func() time.Time // the program's clock
	Observer Observer
}

// Observer is told what was put into inboxes, for metrics.
type Observer interface {
	Put(kind string, n int)
}

// Stage folds topics into inboxes.
type Stage struct {
	Dependencies

	waiting []topics.Message
}

// New makes a stage.
func New(d Dependencies) *Stage { return &Stage{Dependencies: d} }

// Topics are what the stage reads.
func Topics() []string { return []string{topics.Notices, topics.Coupons, topics.Ledger} }

// Handle takes records, in order per partition, and returns when what they say is in the inboxes. After an error the reader
// starts again after the inboxes' positions. An entry that cannot be read is an error: whom it erases is not passed over.
func (s *Stage) Handle(ctx context.Context, records []topics.Record) error {
	s.waiting = s.waiting[:0]
	moved := map[string]map[int32]int64{}
	for i := range records {
		r := &records[i]
		if err := s.one(ctx, r); err != nil {
			return err
		}
		if moved[r.Topic] == nil {
			moved[r.Topic] = map[int32]int64{}
		}
		moved[r.Topic][r.Partition] = r.Offset
	}
	if err := s.put(ctx); err != nil {
		return err
	}
	return s.Inboxes.Moved(ctx, moved)
}

func (s *Stage) one(ctx context.Context, r *topics.Record) error {
	if r.Topic == topics.Ledger {
		return s.entry(ctx, r)
	}
	if _, ok := topics.ItemOf(string(r.Key)); ok {
		return nil // for whoever keeps the item, and no member
	}
	m, reject := topics.MessageOf(r)
	if reject != nil {
		return s.Letters(ctx, []topics.Record{topics.DeadLetter(r, topics.GroupMessages, reject)})
	}
	if m.Kind != topics.NoticeCodesLow { // which is no member's
		s.waiting = append(s.waiting, m)
	}
	return nil
}

// entry looks for members who are no more.
func (s *Stage) entry(ctx context.Context, r *topics.Record) error {
	kind := topics.KindOf(r.Value)
	if kind != pointspb.Kind_ERASED && kind != pointspb.Kind_MERGED_OUT {
		return nil
	}
	e := &pointspb.Entry{}
	if err := e.UnmarshalVT(r.Value); err != nil {
		return fmt.Errorf("entry at %s/%d/%d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	member, ok := topics.MemberOf(e.Account)
	if !ok {
		return nil
	}
	if err := s.put(ctx); err != nil { // what came before
		return err
	}
	if kind == pointspb.Kind_ERASED {
		return s.Inboxes.Erase(ctx, member)
	}
	return s.Inboxes.Merge(ctx, member, e.GetMerged().GetInto(), s.Clock())
}

func (s *Stage) put(ctx context.Context) error {
	if len(s.waiting) == 0 {
		return nil
	}
	if err := s.Inboxes.Put(ctx, s.waiting, s.Clock()); err != nil {
		return err
	}
	kinds := map[string]int{}
	for i := range s.waiting {
		kinds[s.waiting[i].Kind]++
	}
	for kind, n := range kinds {
		s.Observer.Put(kind, n)
	}
	s.waiting = s.waiting[:0]
	return nil
}
