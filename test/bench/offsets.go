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

// restart has the credits stage read everything again, and the owners never see what it wrote meanwhile.
func (b *bed) restart(ctx context.Context) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.kafka.Brokers...))
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	admin := kadm.NewClient(client)
	defer admin.Close()
	ends, err := admin.ListEndOffsets(ctx, topics.Credits, topics.Orders)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	again, past := kadm.Offsets{}, kadm.Offsets{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Topic == topics.Orders {
			again.AddOffset(o.Topic, o.Partition, 0, -1)
			return
		}
		past.AddOffset(o.Topic, o.Partition, o.Offset, -1)
	})
	if err := commit(ctx, admin, topics.GroupCredits, again); err != nil {
		return err
	}
	if err := commit(ctx, admin, topics.GroupBalances, past); err != nil {
		return err
	}
	if _, err := admin.DeleteRecords(ctx, past); err != nil {
		return fmt.Errorf("restart: %w", err)
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
