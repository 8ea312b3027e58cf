package balances_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestStepsOfStaffAreAudited in the transaction that decides them, refusals and all, and each once: the state before and after,
// and what came back.
func TestStepsOfStaffAreAudited(t *testing.T) {
	p := start(t)
	p.batch(p.load("cup", 60, 5), p.gift("ana", "g", 100))
	p.batch(p.reserve("ana", "cup", "k", 1))
	p.drain()
	ship := p.step("ana", "k", &pointspb.StepFacts{Step: ledger.StepShip, Carrier: "sf", Number: "1", Staff: true})
	late := p.step("ana", "k", &pointspb.StepFacts{Step: ledger.StepCancel, Reason: "slow", Staff: true})
	equal(t, "in one batch", audits(t, p.batch(ship, late, ship)), []string{"sue ship applied created>shipped 0 ", "sue cancel too_late shipped>shipped 0 slow"})
	equal(t, "repeated", audits(t, p.batch(ship)), []string{})
	ask := p.step("ana", "k", &pointspb.StepFacts{Step: ledger.StepReturn, Kind: ledger.ReturnPoints, Quantity: 1, Reason: "unwanted"})
	equal(t, "a member's own", audits(t, p.batch(ask)), []string{})
	inspect := p.step("ana", "k", &pointspb.StepFacts{Step: ledger.StepInspect, Of: "request_return-k", Accept: true, Restock: true, Staff: true})
	equal(t, "given back", audits(t, p.batch(inspect)), []string{"sue inspect applied shipped>returned 60 "})
	p.drain()
	p.sound("at the end")
}

// audits are the records of the audit, each of which stands in the same transaction as the entry that it names.
func audits(t *testing.T, out processors.Output) []string {
	t.Helper()
	all := []string{}
	entries := map[string]bool{}
	for _, r := range out.Records {
		e := &pointspb.Entry{}
		if r.Topic == topics.Ledger && e.UnmarshalVT(r.Value) == nil {
			entries[fmt.Sprint(r.Partition, "/", e.Seq)] = true
		}
	}
	for _, r := range out.Records {
		if r.Topic != topics.Audit {
			continue
		}
		var a topics.AuditedStep
		if err := json.Unmarshal(r.Value, &a); err != nil {
			t.Fatal(err)
		}
		if !entries[fmt.Sprint(a.Entry.Shard, "/", a.Entry.Seq)] || string(r.Key) != a.By || a.Member != "ana" || a.Of != topics.RedemptionID("ana", "k") {
			t.Errorf("record %s", r.Value)
		}
		all = append(all, fmt.Sprintf("%s %s %s %s>%s %d %s", a.By, a.What, a.Outcome, a.Before.State, a.After.State, a.Points, a.Reason))
	}
	return all
}
