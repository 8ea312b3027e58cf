package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"jifen/internal/kafka"
	"jifen/topics"
)

// publishRulebook opens the rulebook topic for `jifen rules publish`.
func publishRulebook(cmd *cobra.Command, use func(rulebookTopic, time.Time) error) error {
	a, err := open(cmd)
	if err != nil {
		return err
	}
	return errors.Join(a.publish(use), a.close())
}

func (a *app) publish(use func(rulebookTopic, time.Time) error) error {
	producer, err := kafka.NewProducer(a.kafka)
	if err != nil {
		return err
	}
	defer producer.Close()
	return use(publisher{a, producer}, a.clock())
}

// publisher is the rulebook topic.
type publisher struct {
	app      *app
	producer *kafka.Producer
}

func (p publisher) Published(ctx context.Context) (topics.Books, error) {
	return kafka.ReadRulebooks(ctx, p.app.rulebooks())
}

func (p publisher) Publish(ctx context.Context, version string, document []byte) error {
	return p.producer.Produce(ctx, []topics.Record{{Topic: topics.RulebookV1, Partition: 0, Key: []byte(version), Value: document}})
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
