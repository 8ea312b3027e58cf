// Package notices tells messaging systems what members are to be told.
//
//	in:     points.ledger.v1
//	out:    points.notices.v1
//	state:  none; items and prices as they are now
//	repeat: safe, offsets and outputs are one transaction
package notices

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Observer is told what was published, for metrics.
type Observer interface {
	Noticed(kind string, n int)
}

// Dependencies are what the stage needs of the world.
type Dependencies struct {
	// Items are the catalogue's, so that a notice can say what the points could buy: best effort, none after an error.
	Items    func(context.Context) ([]*ledger.Item, error)
	Clock    func() time.Time // the program's clock
	Zone     func() *time.Location
	Observer Observer
}

// How long a catalogue that was read is good enough, and how long where it lacks what it is read for.
const (
	itemsFresh = time.Minute
	itemsRetry = 100 * time.Millisecond
)

// Stage turns entries that tell members something into events.
type Stage struct {
	Dependencies

	told  map[string]int // of the batch, by kind
	items []*ledger.Item
	read  time.Time // when items were
}

// New makes a stage.
func New(d Dependencies) *Stage { return &Stage{Dependencies: d, told: map[string]int{}} }

var _ processors.Stage = (*Stage)(nil)

// Process turns each entry with a notice into an event of its member. An entry that cannot be read stops the stage, as it
// stops every reader of the ledger: nothing is left out.
func (s *Stage) Process(ctx context.Context, b processors.Batch) (processors.Output, error) {
	clear(s.told)
	var out processors.Output
	for i := range b.Records {
		r := &b.Records[i]
		kind := topics.KindOf(r.Value)
		if !tells(kind) {
			continue
		}
		e := &pointspb.Entry{}
		err := e.UnmarshalVT(r.Value)
		n := noticeOf(e)
		if err == nil && n == nil && kind != pointspb.Kind_NOTICED {
			continue // nobody is told of it
		}
		if err != nil || n == nil {
			return processors.Output{}, fmt.Errorf("entry at %s/%d/%d has no notice that can be read: %w", r.Topic, r.Partition, r.Offset, err)
		}
		member, _ := topics.MemberOf(e.Account)
		var told topics.NoticeEvent
		if item, ok := topics.ItemOf(e.Account); ok {
			told = lowPool(e, s.catalogue(ctx, item))
		} else {
			told = s.event(member, e, n, s.catalogue(ctx, e.Redemption.GetItem()))
		}
		record, err := told.Encode()
		if err != nil {
			return processors.Output{}, err
		}
		out.Records = append(out.Records, record)
		s.told[n.Kind]++
	}
	return out, nil
}

// tells says that entries of a kind may have a notice: those of freezes and redemptions tell of what they do themselves.
func tells(kind pointspb.Kind) bool {
	switch kind {
	case pointspb.Kind_NOTICED, pointspb.Kind_FROZEN, pointspb.Kind_UNFROZEN, pointspb.Kind_ADJUSTED, pointspb.Kind_REDEEMED,
		pointspb.Kind_STEPPED, pointspb.Kind_CODES_LOW:
		return true
	default:
		return false
	}
}

// noticeOf is what an entry tells its member; nil: nothing.
func noticeOf(e *pointspb.Entry) *pointspb.NoticeFacts {
	if e.Kind == pointspb.Kind_CODES_LOW && e.Item != nil {
		return &pointspb.NoticeFacts{Kind: topics.NoticeCodesLow}
	}
	if e.Notice != nil || e.Kind != pointspb.Kind_REDEEMED || e.Redemption == nil {
		return e.Notice
	}
	r := e.Redemption
	return &pointspb.NoticeFacts{Kind: topics.NoticeRedeemed, Points: r.UnitPrice * r.Quantity, Tier: r.Tier}
}

// catalogue are the items as they were a moment ago; none after an error, because a notice does not wait for them. A
// catalogue that lacks the item that a notice is about is read again sooner.
func (s *Stage) catalogue(ctx context.Context, item string) []*ledger.Item {
	now, fresh := s.Clock(), itemsFresh
	if item != "" && !slices.ContainsFunc(s.items, func(i *ledger.Item) bool { return i.ID == item }) {
		fresh = itemsRetry
	}
	if s.read.IsZero() || now.Sub(s.read).Abs() > fresh {
		items, err := s.Items(ctx)
		s.read = now
		if s.items = items; err != nil {
			s.items = nil
		}
	}
	return s.items
}

// Committed counts what was published.
func (s *Stage) Committed(context.Context, []topics.Record) error {
	for kind, n := range s.told {
		s.Observer.Noticed(kind, n)
	}
	clear(s.told)
	return nil
}

// Aborted counts nothing: the batch comes again.
func (s *Stage) Aborted() { clear(s.told) }
