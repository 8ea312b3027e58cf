package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// marked is where the stages were before one of them ran alone.
type marked struct {
	admin   *kadm.Client
	groups  map[string]kadm.Offsets
	credits map[int32]int64 // ends of points.credits
}

func (b *bed) mark(ctx context.Context) (*marked, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.kafka.Brokers...))
	if err != nil {
		return nil, fmt.Errorf("mark: %w", err)
	}
	m := &marked{admin: kadm.NewClient(client), groups: map[string]kadm.Offsets{}}
	if m.credits, err = m.ends(ctx); err != nil {
		client.Close()
		return nil, err
	}
	committed, err := m.admin.FetchOffsets(ctx, topics.GroupCredits)
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("mark: %w", err)
	}
	m.groups[topics.GroupCredits] = committed.Offsets()
	return m, nil
}

func (m *marked) close() { m.admin.Close() }

func (m *marked) ends(ctx context.Context) (map[int32]int64, error) {
	listed, err := m.admin.ListEndOffsets(ctx, topics.Credits)
	if err != nil {
		return nil, fmt.Errorf("ends: %w", err)
	}
	ends := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) { ends[o.Partition] = o.Offset })
	return ends, listed.Error()
}

// restore has the credits stage read again what it has read since, and the owners never see what it wrote meanwhile.
func (m *marked) restore(ctx context.Context) error {
	ends, err := m.ends(ctx)
	if err != nil {
		return err
	}
	past := kadm.Offsets{}
	for p, at := range ends {
		past.AddOffset(topics.Credits, p, at, -1)
	}
	m.groups[topics.GroupBalances] = past
	for group, offsets := range m.groups {
		if err := m.commit(ctx, group, offsets); err != nil {
			return err
		}
	}
	if _, err := m.admin.DeleteRecords(ctx, past); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// commit sets a group's offsets once its members are gone: a static member is, after its session.
func (m *marked) commit(ctx context.Context, group string, offsets kadm.Offsets) error {
	ctx, done := context.WithTimeout(ctx, time.Minute)
	defer done()
	for {
		r, err := m.admin.CommitOffsets(ctx, group, offsets)
		if err == nil {
			err = r.Error()
		}
		if !errors.Is(err, kerr.UnknownMemberID) && !errors.Is(err, kerr.RebalanceInProgress) && !errors.Is(err, kerr.IllegalGeneration) {
			if err != nil {
				return fmt.Errorf("restore offsets of %s: %w", group, err)
			}
			return nil
		}
		if err := pause(ctx, lookInterval); err != nil {
			return fmt.Errorf("restore offsets of %s: its members do not go: %w", group, err)
		}
	}
}
