package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Lag measures how far a group is behind on topics.
type Lag struct {
	admin *kadm.Client
	group string
}

// NewLag makes a meter; Close ends it.
func NewLag(c Config, group string) (*Lag, error) {
	client, err := kgo.NewClient(c.options()...)
	if err != nil {
		return nil, fmt.Errorf("lag of %s: %w", group, err)
	}
	return &Lag{kadm.NewClient(client), group}, nil
}

// Records is how many records of a topic the group has not committed.
func (l *Lag) Records(ctx context.Context, topic string) (int64, error) {
	end, err := ends(ctx, l.admin, topic)
	if err != nil {
		return 0, err
	}
	committed, err := l.admin.FetchOffsets(ctx, l.group)
	if err != nil {
		return 0, fmt.Errorf("offsets of %s: %w", l.group, err)
	}
	starts, err := l.admin.ListStartOffsets(ctx, topic)
	if err != nil {
		return 0, fmt.Errorf("start of %s: %w", topic, err)
	}
	var lag int64
	for p, at := range end {
		from := int64(0)
		if s, ok := starts.Lookup(topic, p); ok {
			from = s.Offset
		}
		if c, ok := committed.Lookup(topic, p); ok {
			from = max(from, c.At)
		}
		lag += max(0, at-from)
	}
	return lag, nil
}

// Trim deletes the records of a topic that the group has committed: the owner needs them no more.
func (l *Lag) Trim(ctx context.Context, topic string) error {
	committed, err := l.admin.FetchOffsets(ctx, l.group)
	if err != nil {
		return fmt.Errorf("offsets of %s: %w", l.group, err)
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
