// Package coupons tells marketing which coupons milestones issue and returns revoke.
//
//	in:     points.ledger.v1
//	out:    points.coupons.v1
//	state:  none
//	repeat: safe, offsets and outputs are one transaction; an event's id is that of its coupon
package coupons

import (
	"context"
	"fmt"
	"time"

	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Observer is told what was published, for metrics.
type Observer interface {
	Told(eventType string, n int)
}

// Stage turns entries about coupons into events.
type Stage struct {
	observer Observer

	told map[string]int // of the batch, by type
}

// New makes a stage.
func New(o Observer) *Stage { return &Stage{observer: o, told: map[string]int{}} }

var _ processors.Stage = (*Stage)(nil)

// Process turns each coupon issued or revoked into an event of its member. An entry that cannot be read stops the stage, as
// it stops every reader of the ledger: nothing is left out.
func (s *Stage) Process(_ context.Context, b processors.Batch) (processors.Output, error) {
	clear(s.told)
	var out processors.Output
	for i := range b.Records {
		r := &b.Records[i]
		kind := topics.KindOf(r.Value)
		if kind != pointspb.Kind_MILESTONE && kind != pointspb.Kind_COUPON_REVOKED {
			continue
		}
		e := &pointspb.Entry{}
		if err := e.UnmarshalVT(r.Value); err != nil || e.Milestone == nil {
			return processors.Output{}, fmt.Errorf("entry at %s/%d/%d has no coupon that can be read: %w", r.Topic, r.Partition, r.Offset, err)
		}
		event := eventOf(e)
		record, err := event.Encode()
		if err != nil {
			return processors.Output{}, err
		}
		out.Records = append(out.Records, record)
		s.told[event.Type]++
	}
	return out, nil
}

func eventOf(e *pointspb.Entry) topics.CouponEvent {
	m := e.Milestone
	member, _ := topics.MemberOf(e.Account)
	c := topics.CouponEvent{Type: topics.TypeCouponIssued, Time: time.UnixMilli(e.EffectiveAt), Data: topics.CouponData{
		Member: member, Coupon: m.Coupon, Milestone: m.Milestone, Template: m.Template, Period: m.Period, Number: m.N,
		Threshold: m.Threshold, Available: m.After, Order: topics.OrderOf(m.Order),
	}}
	if e.Kind == pointspb.Kind_COUPON_REVOKED {
		c.Type = topics.TypeCouponRevoked
	}
	return c
}

// Committed counts what was published.
func (s *Stage) Committed(context.Context, []topics.Record) error {
	for eventType, n := range s.told {
		s.observer.Told(eventType, n)
	}
	clear(s.told)
	return nil
}

// Aborted counts nothing: the batch comes again.
func (s *Stage) Aborted() { clear(s.told) }
