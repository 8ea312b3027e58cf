package main

import (
	"context"
	"maps"
	"time"

	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Acts lists what was done to a member's account by hand, the oldest first.
func (p *ports) Acts(ctx context.Context, member string) ([]httpapi.Act, error) {
	v, err := p.account(ctx, member)
	if err != nil {
		return nil, err
	}
	if v.MergedInto != "" {
		return nil, httpapi.MergedError{Into: v.MergedInto}
	}
	return actsOf(member, v.Account), nil
}

// ActsWaiting lists the members of a queue of accounts with their acts; who left it meanwhile has none.
func (p *ports) ActsWaiting(ctx context.Context, queue string, after httpapi.QueuePlace, most int) ([]httpapi.MemberActs, int64, error) {
	places, counts, got, err := p.queued(ctx, queue, after, most, func(shard int32, ids []string) ledger.Want {
		return ledger.Want{Shard: shard, Members: ids}
	})
	if err != nil {
		return nil, 0, err
	}
	found := map[string]*ledger.Member{}
	for i := range got {
		maps.Copy(found, got[i].World.Members)
	}
	out := make([]httpapi.MemberActs, len(places))
	for i, q := range places {
		out[i] = httpapi.MemberActs{Member: q.ID, Place: time.UnixMilli(q.Since)}
		if m := found[q.ID]; m != nil {
			out[i].Acts = actsOf(q.ID, &m.Account)
		}
	}
	return out, counts[queue], nil
}

// actsOf are what was done to an account by hand, the oldest first.
func actsOf(member string, of *ledger.Account) []httpapi.Act {
	out := make([]httpapi.Act, 0, len(of.Acts))
	for i := range of.Acts {
		x := &of.Acts[i]
		a := httpapi.Act{
			ActRequest: httpapi.ActRequest{
				ID: x.ID, Member: member, Actor: x.Actor, What: string(x.What), Of: x.Of, Hash: x.Hash, Reason: x.Reason, Evidence: x.Evidence,
				Account: x.Account, Lots: x.Lots, Points: x.Points,
			},
			Outcome: string(x.Outcome), State: string(x.Standing), Approver: x.Approver, At: time.UnixMilli(x.At), Overdue: x.PastReview(), Appeal: x.Appeal,
		}
		if x.ReviewBy != 0 {
			a.ReviewBy = time.UnixMilli(x.ReviewBy)
		}
		out = append(out, a)
	}
	return out
}

// RequestAct asks the member's shard for an act.
func (p *ports) RequestAct(ctx context.Context, r httpapi.ActRequest) error {
	f := &pointspb.ActFacts{
		Of: r.Of, Hash: r.Hash, Reason: r.Reason, Evidence: r.Evidence, Lots: r.Lots, Points: r.Points,
	}
	q := &pointspb.Request{Account: topics.MemberAccount(r.Member), Id: r.ID, Actor: r.Actor}
	switch ledger.What(r.What) {
	case ledger.Freeze:
		f.ReviewBy, f.Scope = r.ReviewBy.UnixMilli(), ledger.ScopeLots
		if r.Account {
			f.Scope = ledger.ScopeAccount
		}
		q.What = &pointspb.Request_Freeze{Freeze: f}
	case ledger.Unfreeze:
		q.What = &pointspb.Request_Unfreeze{Unfreeze: f}
	case ledger.Adjust:
		q.What = &pointspb.Request_Adjust{Adjust: f}
	case ledger.Confirm:
		q.What = &pointspb.Request_Confirm{Confirm: f}
	case ledger.Approve:
		q.What = &pointspb.Request_Approve{Approve: f}
	case ledger.Decline:
		q.What = &pointspb.Request_Decline{Decline: f}
	case ledger.Appeal:
		q.What = &pointspb.Request_Appeal{Appeal: f}
	}
	record, err := p.request(q)
	if err == nil {
		err = p.producer.Produce(ctx, []topics.Record{record})
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}
