package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/topics"
)

const (
	operationsAge = 2 * time.Second  // how old an answer may be: pages ask again and again
	auditTime     = 15 * time.Minute // of one audit that the API has started
	auditWait     = 30 * time.Second // for Redis and ClickHouse to catch up in it
	auditFound    = 50               // differences that are told
)

// operations looks at the pipeline for the API. It keeps the newest audit of this process.
type operations struct {
	*ports
	life context.Context // of the process: an audit outlives the request that started it

	looking sync.Mutex // one look at a time
	seen    httpapi.OperationsBody
	seenAt  time.Time

	mu    sync.Mutex
	audit *httpapi.AuditRunBody
}

// readers are a stage's consumer groups, and what they read.
type readers struct {
	stage  string
	groups []string
	topics []string
}

// stageTopics are what each stage reads, in flow order. A stage that has nothing to do yet reads nothing, and would look as
// if it were behind by the whole ledger: it is left out.
func (o *operations) stageTopics(ctx context.Context) []readers {
	all := []readers{
		{topics.GroupCredits, topics.ShopGroups(), topics.Shop()},
		groupOf(topics.GroupBalances, topics.Credits, topics.Requests),
	}
	if anyBook(o.books, hasMilestones) {
		all = append(all, groupOf(topics.GroupCoupons, topics.Ledger))
	}
	if o.tells(ctx, o.books, (*topics.Rulebook).Tells) {
		all = append(all, groupOf(topics.GroupNotices, topics.Ledger))
	}
	if o.config.Webhook.URL != "" {
		all = append(all, groupOf(topics.GroupWebhooks, topics.Coupons))
	}
	for _, channel := range o.config.Notices.Channels {
		all = append(all, groupOf(topics.GroupChannels+channel, topics.Notices))
	}
	return all
}

// groupOf is a stage that is one group.
func groupOf(name string, reads ...string) readers { return readers{name, []string{name}, reads} }

// Operations implements httpapi.Operations.
func (o *operations) Operations(ctx context.Context) (httpapi.OperationsBody, error) {
	o.looking.Lock()
	defer o.looking.Unlock()
	if time.Since(o.seenAt) > operationsAge {
		seen, err := o.look(ctx)
		if err != nil {
			return httpapi.OperationsBody{}, unavailable(err)
		}
		o.seen, o.seenAt = seen, time.Now()
	}
	out := o.seen
	out.Audit = o.newest()
	return out, nil
}

func (o *operations) look(ctx context.Context) (httpapi.OperationsBody, error) {
	out := httpapi.OperationsBody{Stages: []httpapi.StageLag{}, RedisFresh: true}
	owners := map[int32]int64{}
	for _, s := range o.stageTopics(ctx) {
		lag, err := o.lag(ctx, s, owners)
		if err != nil {
			return out, err
		}
		out.Stages = append(out.Stages, httpapi.StageLag{Name: s.stage, Lag: lag})
	}
	wants := make([]ledger.Want, o.config.Shards)
	for n := range wants {
		wants[n].Shard = int32(n)
	}
	got, err := o.store.Read(ctx, wants)
	if err != nil {
		return out, err
	}
	heads, err := o.analytics.Heads(ctx)
	out.ClickHouse = err == nil
	for n := range wants {
		shard, head := int32(n), got[n].Head
		s := httpapi.ShardState{Shard: shard, Seq: head.Seq, Fresh: o.fresh(ctx, shard, head), OwnerLag: owners[shard]}
		out.RedisFresh = out.RedisFresh && s.Fresh
		if out.ClickHouse && head.Seq > heads[shard] {
			out.ClickHouseLag += int64(head.Seq - heads[shard])
		}
		out.Shards = append(out.Shards, s)
	}
	return out, nil
}

// lag is how far a stage is behind in sum; owners are told by shard.
func (o *operations) lag(ctx context.Context, s readers, owners map[int32]int64) (int64, error) {
	meter, err := kafka.NewLag(o.kafka, s.groups...)
	if err != nil {
		return 0, err
	}
	defer meter.Close()
	var sum int64
	for _, topic := range s.topics {
		lags, err := meter.Partitions(ctx, topic)
		if err != nil {
			return 0, err
		}
		for p, n := range lags {
			sum += n
			if s.stage == topics.GroupBalances {
				owners[p] += n
			}
		}
	}
	return sum, nil
}

// newest is the newest audit as it is now; nil: none.
func (o *operations) newest() *httpapi.AuditRunBody {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.audit == nil {
		return nil
	}
	run := *o.audit
	return &run
}

// auditRunning is the state of an audit that has not ended.
const auditRunning = "running"

// StartAudit implements httpapi.Operations: there is one at a time.
func (o *operations) StartAudit(context.Context) (httpapi.AuditRunBody, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.audit != nil && o.audit.State == auditRunning {
		return *o.audit, false, nil
	}
	o.audit = &httpapi.AuditRunBody{State: auditRunning, StartedAt: time.Now().UTC(), Found: []string{}}
	go o.runAudit()
	return *o.audit, true, nil
}

func (o *operations) runAudit() {
	ctx, done := context.WithTimeout(o.life, auditTime)
	defer done()
	report, err := o.app.audit(ctx, auditWait, o.analytics.Ping(ctx) == nil, func(int64) {})
	at := time.Now().UTC()
	o.mu.Lock()
	defer o.mu.Unlock()
	run := *o.audit
	run.At = &at
	if err != nil {
		slog.Warn("audit", "error", err)
		run.State = "failed"
	} else {
		run.State, run.Entries, run.Members, run.Differences = "done", report.Entries, report.Members, len(report.Differences)
		for _, d := range report.Differences[:min(len(report.Differences), auditFound)] {
			run.Found = append(run.Found, d.String())
		}
	}
	o.audit = &run
}
