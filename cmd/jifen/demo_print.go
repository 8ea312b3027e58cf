package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"jifen/internal/audit"
	"jifen/internal/httpapi"
)

func (d *demo) print(s *story, r *audit.Report) error {
	for i, x := range r.Differences {
		if i == 20 {
			d.say("… %d more", len(r.Differences)-i)
			break
		}
		d.say("%v", x)
	}
	if d.flags.output == "json" {
		if err := json.NewEncoder(d.out).Encode(s); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		return nil
	}
	d.tables(s)
	return nil
}

func (d *demo) tables(s *story) {
	t := d.table("What happened")
	t.AppendRows([]table.Row{
		{"events", s.Events},
		{"orders paid", s.OrdersPaid},
		{"members with orders", s.MembersWithOrders},
		{"points granted", s.PointsGranted},
		{"points reversed", s.PointsReversed},
		{"points expired", s.PointsExpired},
		{"points redeemed", s.PointsRedeemed},
		{"refund lines matched", s.RefundLinesMatched},
		{"refund lines unmatched", s.RefundLinesUnmatched},
		{"ledger entries", s.LedgerEntries},
	})
	if c := s.couponStory; c != nil {
		t.AppendRows([]table.Row{
			{"members who crossed a milestone", c.MembersCrossed},
			{"members with coupons", c.MembersWith},
			{"coupons issued", c.Issued},
			{"coupons revoked", c.Revoked},
			{"delivered and verified", c.Delivered},
		})
	}
	for _, reason := range sortedKeys(s.DeadLetters) {
		t.AppendRow(table.Row{"dead letters " + reason, s.DeadLetters[reason]})
	}
	t.Render()
	t = d.table("Audit")
	t.AppendRows([]table.Row{
		{"sum ledger", s.SumLedger},
		{"sum Redis", s.SumRedis},
		{"sum ClickHouse", s.SumClickHouse},
		{"granted - reversed - expired - redeemed", s.SumFlows},
		{"differences", s.AuditDifferences},
	})
	t.Render()
	t = d.table("Top members")
	for _, m := range s.TopMembers {
		t.AppendRow(table.Row{m.Member, m.Points})
	}
	t.Render()
	t = d.table("Redemptions over HTTP")
	for _, r := range s.Redemptions {
		t.AppendRow(table.Row{r.Member, r.Item, r.Status, r.State, r.Points})
	}
	t.Render()
	t = d.table("Why has member " + s.ExplainedMember + " these points?")
	for _, e := range s.ExplainedEntries {
		t.AppendRow(table.Row{e.Points, e.Explanation})
	}
	t.Render()
	fmt.Fprintf(d.out, "%.1f s\n", s.Seconds)
}

func (d *demo) table(title string) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(d.out)
	t.SetStyle(table.StyleLight)
	t.SetTitle(title)
	return t
}

// stay prints the addresses, and a token of the member with the most points to try them with, and waits for the end.
func (d *demo) stay(ctx context.Context, top []audit.Earner) {
	member := "nobody" // in whose events no member earned anything
	if len(top) > 0 {
		member = top[0].Member
	}
	token, err := d.issuer.Token(member, 24*time.Hour, httpapi.RoleMember)
	if err != nil {
		token = err.Error()
	}
	d.say("\nMall        http://%[1]s/#token=%[5]s\nConsole     http://%[1]s/console/\nAPI         http://%[1]s/docs\nKafka       %[2]s\nRedis       %[3]s\nClickHouse  %[4]s\n\ntoken of member %[6]s, for a day:\n%[5]s\n\nCtrl-C ends everything.",
		d.addr, d.app.config.Kafka.Brokers[0], d.app.config.Redis.Addrs[0], d.app.config.ClickHouse.DSN, token, member)
	<-ctx.Done()
}
