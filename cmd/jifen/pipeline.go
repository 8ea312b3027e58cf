package main

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"jifen/analytics"
	"jifen/internal/kafka"
	"jifen/internal/rulefile"
	"jifen/ledger"
	"jifen/processors/balances"
	"jifen/processors/credits"
	"jifen/topics"
)

// START READING HERE. The pipeline is its stages, in flow order; they are joined by Kafka; what stays within
// one process takes short cuts (decisions 0048, 0049):
//
//	shop.* ──credits──► points.credits ──balances──► points.ledger ──analytics──► ClickHouse
//	                    points.requests ──┘    └──► Redis      ├──notices──► points.notices
//	                                                           └──coupons──► points.coupons ──webhooks──► marketing
//	                    points.notices, points.coupons ──messages──► Redis, for the mall
//	                    points.notices ──channels──► e-mail, SMS, push, social
//	points.contacts points.keys points.ratings ──contacts──► Redis, and tombstones for what the ledger ends
func (a *app) pipeline(ctx context.Context, stages map[string]bool) error {
	books := a.rulebooks()
	observe := newObserver(a.registry, a.store)
	var handover *kafka.Handover
	if stages["balances"] && stages["analytics"] {
		handover = newHandover(stages["credits"])
	}
	run, ctx := errgroup.WithContext(ctx)
	run.Go(func() error { return books.Run(ctx) })
	switch {
	case stages["balances"]:
		run.Go(func() error { return a.balances(ctx, books, observe, stages["credits"], handover) })
	case stages["credits"]:
		run.Go(func() error { return a.credits(ctx, books, observe) })
	}
	if stages["notices"] {
		run.Go(func() error { return a.notices(ctx, books, observe) })
	}
	if stages["messages"] {
		run.Go(func() error { return a.messages(ctx, books, observe) })
	}
	if stages["channels"] {
		run.Go(func() error { return a.channels(ctx, books, observe) })
	}
	if stages["analytics"] {
		run.Go(func() error { return a.feed(ctx, books, observe, handover) })
	}
	if stages["coupons"] {
		run.Go(func() error { return a.coupons(ctx, books, observe) })
	}
	if stages["webhooks"] && a.config.Webhook.URL != "" {
		run.Go(func() error { return a.webhooks(ctx, observe) })
	}
	if stages["contacts"] && a.config.Vault.Keys != "" {
		run.Go(func() error { return a.contacts(ctx, observe) })
	}
	return run.Wait()
}

func (a *app) rulebooks() *kafka.Rulebooks {
	return &kafka.Rulebooks{Config: a.kafka, Parse: rulefile.Parse, AgeMax: a.config.Credits.RulebookAgeMax}
}

// credits: shop.* → points.credits. Its input waits while the owners are behind.
func (a *app) credits(ctx context.Context, books *kafka.Rulebooks, observe *observer) error {
	lag, err := kafka.NewLag(a.kafka, topics.GroupBalances)
	if err != nil {
		return err
	}
	defer lag.Close()
	loop := &kafka.Loop{
		Name: "credits", Group: topics.GroupCredits, Topics: topics.Shop(), Writes: []string{topics.Credits},
		Stage: credits.New(a.evaluating(books, observe)), Held: a.held(lag, observe), From: a.further(topics.GroupCredits, topics.GroupBalances),
		BatchMax: a.config.Credits.BatchMax, Plain: true, FetchBytes: 128 << 10,
	}
	return loop.Run(ctx, a.kafka)
}

// evaluating is what the evaluation of rules needs of the world.
func (a *app) evaluating(books *kafka.Rulebooks, observe *observer) credits.Dependencies {
	return credits.Dependencies{
		Books: books.Books, Clock: a.clock, Limits: a.limits(), Shares: a.shares(), Shards: a.config.Shards, Observer: observe,
		Conditions: rulefile.Condition,
	}
}

// held says that the owners are so far behind that nothing more is to be sent to them.
func (a *app) held(lag *kafka.Lag, observe *observer) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		n, err := lag.Records(ctx, topics.Credits)
		observe.lag(topics.GroupBalances, topics.Credits, n)
		return n > a.config.Credits.LagMax, err
	}
}

// further is from where a group reads what the other one of topics.ShopGroups read before.
func (a *app) further(group, other string) func(context.Context, map[string][]int32) (map[string]map[int32]int64, error) {
	return func(ctx context.Context, assigned map[string][]int32) (map[string]map[int32]int64, error) {
		return kafka.Further(ctx, a.kafka, group, other, assigned)
	}
}

// balances: points.credits, points.requests → points.ledger → Redis. Where the process has the stage credits, too, its owner
// evaluates what shops publish itself (decision 0048), and only what is of others' members travels: shop.* → points.credits.
func (a *app) balances(ctx context.Context, books *kafka.Rulebooks, observe *observer, evaluates bool, handover *kafka.Handover) error {
	clock := &clockWatch{}
	owner := balances.Dependencies{
		Store: a.store, History: &kafka.Replayer{Config: a.kafka}, Observer: observe, Books: books.Books, Clock: a.clock,
		Steady: clock.steady, Shards: a.config.Shards, Cache: accountsCached, Policy: a.policy(),
		Leave: handover != nil,
	}
	loop := &kafka.Loop{
		Name: "owner", Group: topics.GroupBalances, Topics: []string{topics.Credits, topics.Requests},
		Writes:   []string{topics.Ledger, topics.Requests, topics.Audit},
		BatchMax: a.config.Balances.BatchMaxIdle, Batch: a.config.Balances.BatchMax, Work: 50 * time.Millisecond,
		Urgent: topics.Requests, FetchBytes: 64 << 10, UrgentBytes: 32 << 10,
		Handover: handover,
	}
	if evaluates {
		lag, err := kafka.NewLag(a.kafka, topics.GroupBalances)
		if err != nil {
			return err
		}
		defer lag.Close()
		owner.Evaluator = credits.NewEvaluator(a.evaluating(books, observe))
		loop.Topics, loop.Writes = append(loop.Topics, topics.Shop()...), append(loop.Writes, topics.Credits)
		loop.Later, loop.Before, loop.Held = topics.Shop(), topics.Credits, a.held(lag, observe)
		loop.From = a.further(topics.GroupBalances, topics.GroupCredits)
		// What shops write is packed, so that a fetch holds some times more events, and a request waits behind all of them.
		loop.FetchBytes, loop.UrgentBytes = 32<<10, 16<<10
	}
	stage := balances.New(owner)
	loop.Stage, loop.Takeover, loop.Loss = stage, stage.Takeover, stage.Loss
	run, ctx := errgroup.WithContext(ctx)
	run.Go(func() error { return loop.Run(ctx, a.kafka) })
	run.Go(func() error { return a.wake(ctx, stage) })
	run.Go(func() error { return a.watchClock(ctx, clock, stage) })
	run.Go(func() error { return a.trim(ctx) })
	run.Go(func() error { return a.watchReviews(ctx, stage, observe) })
	return run.Wait()
}

// newHandover is between an owner and the feed of its process, which then does not fetch once more what the owner had (decision 0049).
func newHandover(evaluates bool) *kafka.Handover {
	var reads []string
	if evaluates {
		reads = topics.Shop()
	}
	return kafka.NewHandover(reads, []string{topics.Ledger})
}

// policy is what the owner decides by beside the rulebook.
func (a *app) policy() ledger.Policy {
	return ledger.Policy{
		FourEyesAbove: a.config.Admin.FourEyesAbove, RestoreGrace: a.config.Balances.RestoreGrace.Milliseconds(),
		ReturnDays: int64(a.config.Mall.ReturnDays),
	}
}

// accountsCached is how many accounts an owner keeps decoded per generation of its cache.
const accountsCached = 200_000

// feed: points.ledger, shop.* → ClickHouse.
func (a *app) feed(ctx context.Context, books *kafka.Rulebooks, observe *observer, handover *kafka.Handover) error {
	feed := analytics.NewFeed(a.analytics, a.config.Shards)
	feed.Retrying = func(err error, wait time.Duration) {
		slog.Warn("waiting for ClickHouse", "error", err, "again_in", wait.Round(time.Millisecond))
	}
	known := 0
	follower := &kafka.Follower{
		Config: a.kafka, Topics: append(topics.Shop(), topics.Visits, topics.Ledger), Positions: a.fed,
		Handover: handover, Took: observe.took,
		Handle: func(ctx context.Context, records []topics.Record) error {
			if all, err := books.Books(); err == nil && len(all) > known {
				if err := a.analytics.InsertRules(ctx, ruleRows(all)); err != nil {
					return err
				}
				known = len(all)
			}
			return feed.Handle(ctx, records)
		},
	}
	run, ctx := errgroup.WithContext(ctx)
	run.Go(func() error { return follower.Run(ctx) })
	run.Go(func() error { return feed.Forget(ctx) })
	return run.Wait()
}

// fed is from where the feed reads on: what ClickHouse holds decides.
func (a *app) fed(ctx context.Context) (map[string]map[int32]int64, error) {
	ledger, err := a.analytics.LedgerPositions(ctx)
	if err != nil {
		return nil, err
	}
	shop, err := a.analytics.ShopPositions(ctx)
	if err != nil {
		return nil, err
	}
	from := map[string]map[int32]int64{topics.Ledger: {}}
	for shard, p := range ledger {
		from[topics.Ledger][shard] = p.Offset + 1
	}
	for topic, partitions := range shop {
		from[topic] = map[int32]int64{}
		for p, offset := range partitions {
			from[topic][p] = offset + 1
		}
	}
	return from, nil
}

func ruleRows(books topics.Books) []analytics.RuleRow {
	var rows []analytics.RuleRow
	for _, b := range books {
		for _, r := range b.Rules {
			rows = append(rows, analytics.RuleRow{
				Name: b.Name, Version: b.Version, Rule: r.ID, EffectiveFrom: b.From, EventType: r.On,
				HoldoutPercent: uint8(min(r.HoldoutPercent, 100)), PointCost: b.PointCost,
			})
		}
	}
	return rows
}
