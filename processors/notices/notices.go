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

// itemsFresh is how long a catalogue that was read is good enough.
const itemsFresh = time.Minute

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
		if err == nil && e.Notice == nil && kind != pointspb.Kind_NOTICED {
			continue // nobody is told of it
		}
		if err != nil || e.Notice == nil {
			return processors.Output{}, fmt.Errorf("entry at %s/%d/%d has no notice that can be read: %w", r.Topic, r.Partition, r.Offset, err)
		}
		member, _ := topics.MemberOf(e.Account)
		told := event(member, e, s.affordable(ctx, e.Notice), s.Zone())
		record, err := told.Encode()
		if err != nil {
			return processors.Output{}, err
		}
		out.Records = append(out.Records, record)
		s.told[e.Notice.Kind]++
	}
	return out, nil
}

// tells says that entries of a kind may have a notice: those of freezes tell of what they do themselves.
func tells(kind pointspb.Kind) bool {
	switch kind {
	case pointspb.Kind_NOTICED, pointspb.Kind_FROZEN, pointspb.Kind_UNFROZEN, pointspb.Kind_ADJUSTED:
		return true
	default:
		return false
	}
}

// affordable are up to three items that the member's points could buy, the most expensive first.
func (s *Stage) affordable(ctx context.Context, n *pointspb.NoticeFacts) []topics.NoticeItem {
	now := s.Clock()
	if s.read.IsZero() || now.Sub(s.read).Abs() > itemsFresh {
		items, err := s.Items(ctx)
		s.read = now
		if s.items = items; err != nil {
			s.items = nil // the notice does not wait for it
		}
	}
	return choose(s.items, n)
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
