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

// clear empties the topics of what the arms so far wrote, and has their readers go on behind it.
func (b *bed) clear(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.kafka.Brokers...))
	if err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	admin := kadm.NewClient(client)
	defer admin.Close()
	for topic, groups := range map[string][]string{topics.Orders: topics.ShopGroups(), topics.Credits: {topics.GroupBalances}} {
		ends, err := admin.ListEndOffsets(ctx, topic)
		if err == nil {
			err = ends.Error()
		}
		if err != nil {
			return fmt.Errorf("clear %s: %w", topic, err)
		}
		for _, group := range groups {
			if err := commit(ctx, admin, group, ends.Offsets()); err != nil {
				return err
			}
		}
		if _, err := admin.DeleteRecords(ctx, ends.Offsets()); err != nil {
			return fmt.Errorf("clear %s: %w", topic, err)
		}
	}
	return nil
}

// commit sets a group's offsets once its members are gone: a static member is, after its session.
func commit(ctx context.Context, admin *kadm.Client, group string, offsets kadm.Offsets) error {
	ctx, done := context.WithTimeout(ctx, time.Minute)
	defer done()
	for {
		r, err := admin.CommitOffsets(ctx, group, offsets)
		if err == nil {
			err = r.Error()
		}
		if err == nil {
			return nil
		}
		if !errors.Is(err, kerr.UnknownMemberID) && !errors.Is(err, kerr.RebalanceInProgress) && !errors.Is(err, kerr.IllegalGeneration) {
			return fmt.Errorf("offsets of %s: %w", group, err)
		}
		if err := pause(ctx, lookInterval); err != nil {
			return fmt.Errorf("offsets of %s: its members do not go: %w", group, err)
		}
	}
}
