package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"jifen/internal/audit"
	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/topics"
)

// story is what the demo prints: with -o json these names are a contract.
type story struct {
	Events               int            `json:"events"`
	OrdersPaid           int            `json:"orders_paid"`
	MembersWithOrders    int            `json:"members_with_orders"`
	PointsGranted        int64          `json:"points_granted"`
	PointsReversed       int64          `json:"points_reversed"`
	PointsExpired        int64          `json:"points_expired"`
	PointsRedeemed       int64          `json:"points_redeemed"`
	RefundLinesMatched   int            `json:"refund_lines_matched"`
	RefundLinesUnmatched int            `json:"refund_lines_unmatched"`
	DeadLetters          map[string]int `json:"dead_letters"`
	SumLedger            int64          `json:"sum_ledger"`
	SumRedis             int64          `json:"sum_redis"`
	SumClickHouse        int64          `json:"sum_clickhouse"`
	SumFlows             int64          `json:"sum_granted_reversed_expired_redeemed"`
	AuditDifferences     int            `json:"audit_differences"`
	LedgerEntries        int64          `json:"ledger_entries"`
	TopMembers           []audit.Earner `json:"top_members"`
	ExplainedMember      string         `json:"explained_member,omitempty"`
	ExplainedEntries     []told         `json:"explained_entries,omitempty"`
	Redemptions          []redeemed     `json:"redemptions,omitempty"`
	*couponStory                        // of a book with milestones
	Seconds              float64        `json:"seconds"`
}

// couponStory is what became of milestones. Members crossed are counted from the postings, those with coupons from the topic.
type couponStory struct {
	Issued         int `json:"coupons_issued"`
	Revoked        int `json:"coupons_revoked"`
	Delivered      int `json:"coupons_delivered"` // events of both, verified by the receiver, each id once
	Refused        int `json:"coupons_not_verified"`
	MembersWith    int `json:"members_with_coupons"`
	MembersCrossed int `json:"members_crossed"`
}

// told is an entry as the API explains it.
type told struct {
	Kind        string `json:"kind"`
	Points      int64  `json:"points"`
	Explanation string `json:"explanation"`
}

// redeemed is a redemption that the demo made over HTTP.
type redeemed struct {
	Member string `json:"member"`
	Item   string `json:"item"`
	Status int    `json:"status"`
	State  string `json:"state"`
	Points int64  `json:"points"`
}

// tell sends the events, waits until they are through, prints what happened, and stays up unless told to end.
func (d *demo) tell(ctx context.Context) error {
	if err := d.send(ctx); err != nil {
		return err
	}
	var s story
	if !d.flags.own() {
		if err := d.redeem(ctx, &s); err != nil {
			return err
		}
	}
	if err := d.tellCoupons(ctx, &s); err != nil {
		return err
	}
	report, err := d.app.audit(ctx, time.Minute, true, func(int64) {})
	if err != nil {
		return err
	}
	if err := d.fill(ctx, &s, report); err != nil {
		return err
	}
	if d.flags.balances != "" {
		if err := d.writeBalances(ctx); err != nil {
			return err
		}
	}
	if err := d.print(&s, report); err != nil {
		return err
	}
	if !d.flags.once {
		d.stay(ctx, s.TopMembers)
	}
	if len(report.Differences) > 0 {
		return errDiffers
	}
	return nil
}

// send produces the events and waits until every stage has committed all of them.
func (d *demo) send(ctx context.Context) error {
	producer, err := kafka.NewProducer(d.app.kafka)
	if err != nil {
		return err
	}
	defer producer.Close()
	bar := progress(int64(len(d.records)), "events")
	for i := 0; i < len(d.records); i += 1000 {
		part := d.records[i:min(i+1000, len(d.records))]
		if err := producer.Produce(ctx, part); err != nil {
			return err
		}
		_ = bar.Add(len(part))
	}
	_ = bar.Finish()
	d.say("%d events sent; the pipeline works …", len(d.records))
	if err := d.drained(ctx); err != nil {
		return err
	}
	if err = d.stock(ctx); err != nil {
		return err
	}
	return d.drained(ctx)
}

// drained waits until no stage has anything left to read.
func (d *demo) drained(ctx context.Context) error {
	if err := d.drainedBy(ctx, topics.ShopGroups(), topics.Shop()...); err != nil {
		return err
	}
	return d.drainedBy(ctx, []string{topics.GroupBalances}, topics.Credits, topics.Requests)
}

// drainedBy waits until groups have nothing left to read of topics.
func (d *demo) drainedBy(ctx context.Context, groups []string, names ...string) error {
	lag, err := kafka.NewLag(d.app.kafka, groups...)
	if err != nil {
		return err
	}
	defer lag.Close()
	for _, topic := range names {
		for {
			if done, err := lag.Drained(ctx, topic); err == nil && done {
				break
			}
			if !every(ctx, 50*time.Millisecond) {
				return fmt.Errorf("waiting for %v: %w", groups, ctx.Err())
			}
		}
	}
	return nil
}

// redeem makes three redemptions over HTTP, as the members who have most would.
func (d *demo) redeem(ctx context.Context, s *story) error {
	all, err := d.app.everyBalance(ctx, time.Time{})
	if err != nil {
		return err
	}
	items := []string{"mug", "voucher-5", "tasting"}
	for _, b := range all {
		if len(s.Redemptions) == len(items) {
			break
		}
		if b.Available < 1000 || b.Debt > 0 {
			continue
		}
		r := redeemed{Member: b.Member, Item: items[len(s.Redemptions)]}
		var answer httpapi.RedemptionBody
		order := map[string]any{"item": r.Item, "quantity": 1}
		if r.Item == "mug" { // it is sent
			order["address"] = httpapi.Address{Name: "Demo", Phone: "020 7946 0000", City: "London", Street: "1 Demo Street", Country: "GB"}
		}
		r.Status, err = d.call(ctx, b.Member, http.MethodPost, "/v1/redemptions", order, &answer)
		if err != nil {
			return err
		}
		r.State, r.Points = answer.State, answer.Points
		s.Redemptions = append(s.Redemptions, r)
	}
	return nil
}

// call asks the API as a member.
func (d *demo) call(ctx context.Context, member, method, path string, body, answer any) (int, error) {
	token, err := d.issuer.Token(member, time.Hour, httpapi.RoleMember)
	if err != nil {
		return 0, err
	}
	sent, err := json.Marshal(body)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(sent)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+d.addr+path, reader)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", "en")
	r.Header.Set("Idempotency-Key", "demo-"+member)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
		return 0, fmt.Errorf("%s %s: status %d: %w", method, path, res.StatusCode, err)
	}
	return res.StatusCode, nil
}

// fill gathers what happened.
func (d *demo) fill(ctx context.Context, s *story, r *audit.Report) error {
	s.Events, s.LedgerEntries = len(d.records), r.Entries
	s.OrdersPaid, s.MembersWithOrders = r.OrdersPaid, r.WithOrders
	s.PointsGranted, s.PointsReversed = r.Totals.Granted, r.Totals.Reversed
	s.PointsExpired, s.PointsRedeemed = r.Totals.Expired, r.Totals.Redeemed
	s.RefundLinesMatched, s.RefundLinesUnmatched = d.summary.RefundLinesMatched, d.summary.RefundLinesUnmatched
	s.SumLedger, s.SumRedis, s.SumClickHouse, s.SumFlows = r.SumLedger, r.SumRedis, r.SumClickHouse, r.SumFlows
	s.AuditDifferences, s.TopMembers = len(r.Differences), r.Earners
	s.DeadLetters = map[string]int{}
	for _, source := range append(topics.Shop(), topics.Credits, topics.Requests) {
		err := kafka.Read(ctx, d.app.kafka, topics.DeadLetterPrefix+source, 0, 0, func(rec *topics.Record, _ time.Time) error {
			for _, h := range rec.Headers {
				if h.Key == topics.HeaderReason {
					s.DeadLetters[string(h.Value)]++
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(s.Redemptions) > 0 {
		s.ExplainedMember = s.Redemptions[0].Member
	} else if len(s.TopMembers) > 0 {
		s.ExplainedMember = s.TopMembers[0].Member
	}
	if s.ExplainedMember != "" {
		var page struct {
			Entries []told `json:"entries"`
		}
		if _, err := d.call(ctx, s.ExplainedMember, http.MethodGet, "/v1/me/entries?limit=5", nil, &page); err != nil {
			return err
		}
		s.ExplainedEntries = page.Entries
	}
	s.Seconds = time.Since(d.started).Round(10 * time.Millisecond).Seconds()
	return nil
}

func (d *demo) writeBalances(ctx context.Context) error {
	all, err := d.app.everyBalance(ctx, time.Time{})
	if err != nil {
		return err
	}
	file, err := os.Create(d.flags.balances)
	if err != nil {
		return fmt.Errorf("balances: %w", err)
	}
	if err := printBalances(file, all, "csv"); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("balances: %w", err)
	}
	return nil
}
