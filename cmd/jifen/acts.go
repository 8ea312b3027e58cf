package main

import (
	"context"
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
	out := make([]httpapi.Act, 0, len(v.Acts))
	for i := range v.Acts {
		x := &v.Acts[i]
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
	return out, nil
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
