package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"jifen/internal/redisstore"
	"jifen/ledger"
	"jifen/topics"
)

// observer turns what the stages tell into metrics, and tells the API instances which redemptions have an answer.
type observer struct {
	store     *redisstore.Store
	credited  *prometheus.CounterVec
	rejected  *prometheus.CounterVec
	decided   *prometheus.CounterVec
	noticed   *prometheus.CounterVec
	told      *prometheus.CounterVec
	delivered *prometheus.CounterVec
	put       *prometheus.CounterVec
	removed   *prometheus.CounterVec
	sent      *prometheus.CounterVec
	fed       *prometheus.CounterVec
	recovered prometheus.Counter
	damaged   prometheus.Counter
	behind    *prometheus.GaugeVec
	overdue   prometheus.Gauge
}

func newObserver(r prometheus.Registerer, store *redisstore.Store) *observer {
	o := &observer{
		store:     store,
		credited:  counter("jifen_credits_events_total", "Events turned into credit events.", "type"),
		rejected:  counter("jifen_credits_dead_letters_total", "Events that became dead letters.", "topic", "reason"),
		decided:   counter("jifen_balances_outcomes_total", "Decisions of the owners of shards.", "kind", "outcome"),
		noticed:   counter("jifen_notices_total", "Notices published to members' messaging systems.", "kind"),
		told:      counter("jifen_coupons_events_total", "Events about coupons written.", "type"),
		delivered: counter("jifen_webhooks_tries_total", "Tries to deliver an event to the webhook's receiver.", "outcome"),
		sent:      counter("jifen_channels_notices_total", "Notices by channel and what became of them; failed: a try that is repeated.", "channel", "outcome"),
		fed:       counter("jifen_feed_records_total", "Records that the feed of ClickHouse took: fetched, or handed_over by an owner of its process.", "way"),
		put:       counter("jifen_messages_total", "Messages put into members' inboxes, also those that were there.", "kind"),
		removed:   counter("jifen_contacts_removed_total", "Records of private topics removed with their redemption or their member.", "topic"),
		recovered: prometheus.NewCounter(prometheus.CounterOpts{Name: "jifen_balances_recovered_entries_total", Help: "Entries folded by takeovers and rebuilds."}),
		damaged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "jifen_balances_damaged_shards_total", Help: "Times that Redis held what is no state; the shard was rebuilt from the ledger.",
		}),
		behind: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "jifen_kafka_lag_records", Help: "Records that a consumer group has not committed.",
		}, []string{"group", "topic"}),
	}
	o.overdue = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "jifen_freezes_overdue", Help: "Freezes past their review date, of the shards that this process owns.",
	})
	r.MustRegister(o.credited, o.rejected, o.decided, o.noticed, o.told, o.delivered, o.put, o.removed, o.sent, o.fed, o.recovered, o.damaged, o.behind, o.overdue)
	return o
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// Removed counts what of members was removed.
func (o *observer) Removed(topic string, n int) { o.removed.WithLabelValues(topic).Add(float64(n)) }

func (o *observer) Credited(eventType string, n int) {
	o.credited.WithLabelValues(eventType).Add(float64(n))
}

func (o *observer) Rejected(topic string, reason topics.Reason) {
	o.rejected.WithLabelValues(topic, string(reason)).Inc()
}

func (o *observer) Told(eventType string, n int) {
	o.told.WithLabelValues(eventType).Add(float64(n))
}

func (o *observer) tried(outcome string) { o.delivered.WithLabelValues(outcome).Inc() }

func (o *observer) Decided(kind string, outcome ledger.Outcome, count int) {
	o.decided.WithLabelValues(kind, string(outcome)).Add(float64(count))
}

// Redeemed hints; the API reads the state anyway, so a failure costs a moment and is only logged.
func (o *observer) Redeemed(ctx context.Context, redemptions []string) {
	if err := o.store.Publish(ctx, redemptions); err != nil {
		slog.Warn("outcomes", "error", err)
	}
}

func (o *observer) Noticed(kind string, n int) {
	o.noticed.WithLabelValues(kind).Add(float64(n))
}

func (o *observer) Recovering(shards int, entries int64, rebuild bool) {
	o.recovered.Add(float64(entries))
	slog.Info("store folded from the ledger", "shards", shards, "entries", entries, "rebuild", rebuild)
}

func (o *observer) Damaged(int32) { o.damaged.Inc() }

func (o *observer) took(fetched, handed int) {
	if fetched > 0 {
		o.fed.WithLabelValues("fetched").Add(float64(fetched))
	}
	if handed > 0 {
		o.fed.WithLabelValues("handed_over").Add(float64(handed))
	}
}

func (o *observer) lag(group, topic string, records int64) {
	o.behind.WithLabelValues(group, topic).Set(float64(records))
}
