package main

import (
	"context"
	"encoding/json"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/topics"
)

// auditPort writes and reads points.audit.v1 for the API.
type auditPort struct{ *ports }

// Audit implements httpapi.Auditor.
func (p *auditPort) Audit(ctx context.Context, r httpapi.AuditRecord) error {
	change := topics.AuditedChange{By: r.By, What: r.What, Outcome: r.Outcome, At: r.At, Of: r.Of, Member: r.Member, Reason: r.Reason, Before: r.Before, After: r.After}
	record, err := change.Record()
	if err != nil {
		return err
	}
	if err := p.producer.Produce(ctx, []topics.Record{record}); err != nil {
		return unavailable(err)
	}
	return nil
}

// AuditRecords implements httpapi.Auditor. Records of acts on accounts have more than is shown; the topic keeps it.
func (p *auditPort) AuditRecords(ctx context.Context, q httpapi.AuditQuery) (httpapi.AuditPage, error) {
	var page httpapi.AuditPage
	open := func(r *topics.Record) (topics.AuditedChange, bool) {
		var c topics.AuditedChange
		err := json.Unmarshal(r.Value, &c)
		return c, err == nil && (q.By == "" || c.By == q.By) && (q.What == "" || c.What == q.What)
	}
	listed, next, err := kafka.NewestRecords(ctx, p.kafka, topics.Audit, q.From, q.Limit, func(r *topics.Record) bool {
		_, ok := open(r)
		return ok
	})
	if err != nil {
		return page, unavailable(err)
	}
	page.Next = next
	for i := range listed {
		c, _ := open(&listed[i].Original)
		page.Records = append(page.Records, httpapi.AuditRecord{
			By: c.By, What: c.What, Outcome: c.Outcome, At: c.At, Of: c.Of, Member: c.Member, Reason: c.Reason, Before: c.Before, After: c.After,
		})
	}
	return page, nil
}
