package balances

import (
	"slices"
	"strings"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// wants lists the states that a shard's part of the batch touches, without the accounts that the cache holds: those are
// kept beside.
func (h *shard) wants(s *Stage) {
	w := ledger.Want{Shard: h.number, Now: s.Clock().UnixMilli(), DueMost: dueMost}
	h.cached = map[string]*ledger.Account{}
	for _, m := range h.members() {
		if a := s.cache.get(m); a != nil {
			h.cached[m] = a
		} else {
			w.Members = append(w.Members, m)
		}
	}
	for _, c := range h.credits {
		member, ok := topics.MemberOf(c.event.Account)
		if !ok {
			continue
		}
		w.Seen = append(w.Seen, ledger.Marks(member, c.event.Cause.Source, c.event.Cause.Id, c.event.BusinessKey, c.event.Cause.OccurredAt)...)
		if key := orderKey(member, c.event); key != "" {
			w.Orders = append(w.Orders, key)
		}
	}
	for _, r := range h.requests {
		if d := r.GetDebit(); d != nil {
			w.Redemptions = append(w.Redemptions, d.Redemption)
		}
		if item, ok := topics.ItemOf(r.Account); ok {
			w.Items = append(w.Items, item)
		}
	}
	w.Orders, w.Redemptions, w.Items = unique(w.Orders), unique(w.Redemptions), unique(w.Items)
	slices.SortFunc(w.Seen, func(x, y ledger.SeenMark) int { return strings.Compare(x.Bucket, y.Bucket) })
	h.want = w
}

func orderKey(member string, e *pointspb.CreditEvent) string {
	switch {
	case e.Order != nil:
		return topics.OrderKey(member, e.Cause.Source, e.Order.Order)
	case e.Refund != nil:
		return topics.OrderKey(member, e.Cause.Source, e.Refund.Order)
	}
	return ""
}

// members lists the members of a shard's part of the batch.
func (h *shard) members() []string {
	var out []string
	for _, c := range h.credits {
		if m, ok := topics.MemberOf(c.event.Account); ok {
			out = append(out, m)
		}
	}
	for _, r := range h.requests {
		if m, ok := topics.MemberOf(r.Account); ok {
			out = append(out, m)
		}
	}
	return unique(out)
}

func unique(keys []string) []string {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// dueWant names the states behind the due index that the batch does not have yet. A state to be forgotten needs its
// member beside it.
func (h *shard) dueWant() ledger.Want {
	w := ledger.Want{Shard: h.number}
	member := func(m string) {
		if h.world.Members[m] == nil {
			w.Members = append(w.Members, m)
		}
	}
	for _, name := range h.due {
		switch key := name[2:]; name[:2] {
		case ledger.DueMember:
			member(key)
		case ledger.DueOrder:
			m, _, _ := strings.Cut(key, "\x1f")
			member(m)
			if h.world.Orders[key] == nil {
				w.Orders = append(w.Orders, key)
			}
		case ledger.DueSeen:
			member(ledger.BucketMember(key))
		case ledger.DueRedemption:
			if h.world.Redemptions[key] == nil {
				w.Redemptions = append(w.Redemptions, key)
			}
		}
	}
	w.Members = unique(w.Members)
	return w
}

// payerWant names the members of the redemptions that are due and that the batch does not have yet: only the redemption
// tells whose it is, and what is written of its member must be the whole account.
func (h *shard) payerWant() ledger.Want {
	w := ledger.Want{Shard: h.number}
	for _, name := range h.due {
		key, ok := strings.CutPrefix(name, ledger.DueRedemption)
		if r := h.world.Redemptions[key]; ok && r != nil && h.world.Members[r.Member] == nil {
			w.Members = append(w.Members, r.Member)
		}
	}
	w.Members = unique(w.Members)
	return w
}
