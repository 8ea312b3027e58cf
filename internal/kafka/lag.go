package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Lag measures how far groups are behind on topics. Of several groups that take turns at a topic, as those of
// topics.ShopGroups do, the one that is further counts.
type Lag struct {
	admin  *kadm.Client
	groups []string
	config Config
}

// NewLag makes a meter; Close ends it.
func NewLag(c Config, groups ...string) (*Lag, error) {
	client, err := kgo.NewClient(c.options()...)
	if err != nil {
		return nil, fmt.Errorf("lag of %v: %w", groups, err)
	}
	return &Lag{kadm.NewClient(client), groups, c}, nil
}

// Records is how many offsets of a topic the group has not committed. Markers of transactions have offsets too, so that
// a group that has read everything is still behind by the last marker of each partition; see Drained.
func (l *Lag) Records(ctx context.Context, topic string) (int64, error) {
	end, from, err := l.span(ctx, topic)
	if err != nil {
		return 0, err
	}
	var lag int64
	for p, at := range end {
		lag += max(0, at-from[p])
	}
	return lag, nil
}

// span is the end of each partition and where the group reads on.
func (l *Lag) span(ctx context.Context, topic string) (end, from map[int32]int64, err error) {
	if end, err = ends(ctx, l.admin, topic); err != nil {
		return nil, nil, err
	}
	committed, err := l.committed(ctx)
	if err != nil {
		return nil, nil, err
	}
	starts, err := l.admin.ListStartOffsets(ctx, topic)
	if err != nil {
		return nil, nil, fmt.Errorf("start of %s: %w", topic, err)
	}
	from = map[int32]int64{}
	for p := range end {
		if s, ok := starts.Lookup(topic, p); ok {
			from[p] = s.Offset
		}
		if c, ok := committed.Lookup(topic, p); ok {
			from[p] = max(from[p], c.At)
		}
	}
	return end, from, nil
}

// committed are the groups' offsets; a group that nobody has joined yet has none.
func (l *Lag) committed(ctx context.Context) (kadm.OffsetResponses, error) {
	all := kadm.OffsetResponses{}
	for _, group := range l.groups {
		committed, err := l.committedBy(ctx, group)
		if err != nil {
			return nil, err
		}
		committed.Each(func(o kadm.OffsetResponse) {
			if known, ok := all.Lookup(o.Topic, o.Partition); !ok || known.At < o.At {
				all.Add(o)
			}
		})
	}
	return all, nil
}

func (l *Lag) committedBy(ctx context.Context, group string) (kadm.OffsetResponses, error) {
	committed, err := l.admin.FetchOffsets(ctx, group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return nil, fmt.Errorf("offsets of %s: %w", group, err)
	}
	return committed, nil
}

// errRecord ends a look for records at the first one.
var errRecord = errors.New("a record is left")

// Drained says whether the group has committed every record of a topic: what is left before the end are markers.
func (l *Lag) Drained(ctx context.Context, topic string) (bool, error) {
	_, from, err := l.span(ctx, topic)
	if err != nil {
		return false, err
	}
	r := Replayer{l.config}
	err = r.Replay(ctx, topic, from, func(int32, int64, []byte) error { return errRecord })
	if errors.Is(err, errRecord) {
		return false, nil
	}
	return err == nil, err
}

// Trim deletes the records of a topic that the group has committed: the owner needs them no more.
func (l *Lag) Trim(ctx context.Context, topic string) error {
	committed, err := l.committed(ctx)
	if err != nil {
		return err
	}
	var trim kadm.Offsets
	for p, o := range committed[topic] {
		if o.At > 0 {
			trim.AddOffset(topic, p, o.At, -1)
		}
	}
	if len(trim) == 0 {
		return nil
	}
	if _, err := l.admin.DeleteRecords(ctx, trim); err != nil {
		return fmt.Errorf("trim %s: %w", topic, err)
	}
	return nil
}

// Close ends the connection.
func (l *Lag) Close() { l.admin.Close() }
