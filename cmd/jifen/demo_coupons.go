package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"time"

	"jifen/internal/config"
	"jifen/internal/kafka"
	"jifen/internal/webhook"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// demoReceiver is the marketing system of a demo whose book has milestones: it verifies what it is sent.
type demoReceiver struct {
	*webhook.Receiver
	config config.Webhook
	server *http.Server
}

// startReceiver listens on this machine, with a secret of this run.
func startReceiver(ctx context.Context, seed string) (*demoReceiver, error) {
	a, b := topics.MarkOf("webhook", seed), topics.MarkOf(seed, "webhook")
	c := config.Default().Webhook
	c.Secret = config.Secret("whsec_" + base64.StdEncoding.EncodeToString(append(a[:], b[:]...)))
	r, err := webhook.NewReceiver(c.Secret.Reveal())
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("receiver of coupons: %w", err)
	}
	c.URL = "http://" + l.Addr().String()
	d := &demoReceiver{Receiver: r, config: c, server: &http.Server{Handler: r, ReadHeaderTimeout: time.Second}}
	go func() { _ = d.server.Serve(l) }() // its end is Close
	return d, nil
}

// milestones says that the book has any.
func (d *demo) milestones() bool { return len(d.parsed.Milestones) > 0 }

// tellCoupons waits until what the topic has of coupons is with the receiver, and counts, beside it, who crossed.
func (d *demo) tellCoupons(ctx context.Context, s *story) error {
	if !d.milestones() {
		return nil
	}
	if err := d.drainedBy(ctx, []string{topics.GroupCoupons}, topics.Ledger); err != nil {
		return err
	}
	ids, counts, members := map[string]bool{}, map[string]int{}, map[string]int{}
	err := kafka.Read(ctx, d.app.kafka, topics.Coupons, 0, 0, func(r *topics.Record, _ time.Time) error {
		e, reject := topics.DecodeCoupon(r.Value)
		if reject != nil {
			return reject
		}
		ids[e.ID()] = true
		counts[e.Type]++
		if e.Type == topics.TypeCouponIssued {
			members[e.Data.Member]++
		}
		return nil
	})
	if err != nil {
		return err
	}
	c := &couponStory{Issued: counts[topics.TypeCouponIssued], Revoked: counts[topics.TypeCouponRevoked], MembersWith: len(members)}
	if c.Delivered, err = d.delivered(ctx, ids); err != nil {
		return err
	}
	_, _, c.Refused = d.receiver.Received()
	s.couponStory = c
	c.MembersCrossed, err = d.crossed(ctx)
	return err
}

// delivered waits for the receiver, and counts the ids that it verified and the topic has.
func (d *demo) delivered(ctx context.Context, ids map[string]bool) (int, error) {
	for deadline := time.Now().Add(time.Minute); ; {
		bodies, _, _ := d.receiver.Received()
		n := 0
		for id := range bodies {
			if ids[id] {
				n++
			}
		}
		if n == len(ids) || time.Now().After(deadline) {
			return n, nil
		}
		if !every(ctx, 50*time.Millisecond) {
			return n, fmt.Errorf("waiting for the receiver: %w", ctx.Err())
		}
	}
}

// crossed counts the members whom something earned took from below a threshold to it: from the postings of the ledger
// alone, without what the owners know of milestones.
func (d *demo) crossed(ctx context.Context) (int, error) {
	standing, members, from := map[string]int64{}, map[string]bool{}, map[int32]int64{}
	for shard := range int32(demoShards) {
		from[shard] = 0
	}
	replayer := &kafka.Replayer{Config: d.app.kafka}
	err := replayer.Replay(ctx, topics.Ledger, from, func(_ int32, _ int64, value []byte) error {
		e := &pointspb.Entry{}
		if err := e.UnmarshalVT(value); err != nil {
			return fmt.Errorf("entry: %w", err)
		}
		before := standing[e.Account]
		for _, p := range e.Postings {
			if p.Account == pointspb.Account_AVAILABLE || p.Account == pointspb.Account_DEBT {
				standing[e.Account] += p.Points
			}
		}
		if e.Kind != pointspb.Kind_GRANTED && e.Kind != pointspb.Kind_ACTIVATED || e.Cause.Backfill != "" {
			return nil
		}
		for _, m := range d.parsed.Milestones {
			if before < m.Available && m.Available <= standing[e.Account] {
				members[e.Account] = true
			}
		}
		return nil
	})
	return len(members), err
}
