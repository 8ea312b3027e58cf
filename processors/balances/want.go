package balances

import (
	"slices"
	"strings"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// wants lists the states that a shard's part of the batch touches, but for the accounts and seen buckets that the cache
// holds: those are kept beside.
func (h *shard) wants(s *Stage) {
	w := ledger.Want{Shard: h.number, Now: s.Clock().UnixMilli(), DueMost: dueMost}
	h.cached, h.seen = map[string]*ledger.Account{}, map[ledger.SeenKey]*ledger.Bucket{}
	for _, m := range h.members() {
		if c := s.cache.get(m); c != nil {
			h.cached[m] = c.account
		} else {
			w.Members = append(w.Members, m)
		}
	}
	for i := range h.credits {
		c := &h.credits[i]
		member, ok := topics.MemberOf(c.event.Account)
		if !ok {
			continue
		}
		known := s.cache.get(member)
		w.Seen = h.wantSeen(known, w.Seen, member, c.event)
		if key := orderKey(member, c.event); key != "" && (known == nil || known.mayHave(key)) {
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
	h.want = w
}

// wantSeen adds the seen buckets of an event, each once; nil in h.seen stands for one that is wanted.
func (h *shard) wantSeen(known *cached, wanted []ledger.SeenKey, member string, e *pointspb.CreditEvent) []ledger.SeenKey {
	marks, n := ledger.Marks(member, e.Cause.Source, e.Cause.Id, e.BusinessKey, e.Cause.OccurredAt)
	for _, m := range marks[:n] {
		if _, ok := h.seen[m.SeenKey]; ok {
			continue
		}
		var b *ledger.Bucket
		if known != nil {
			b = known.bucket(m.Month)
		}
		if h.seen[m.SeenKey] = b; b == nil {
			wanted = append(wanted, m.SeenKey)
		}
	}
	return wanted
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

// dueWant names the states behind the due index that the batch does not have yet. A sweep looks at all orders of its
// member; those that the batch has are read again, and the batch's stay.
func (h *shard) dueWant() ledger.Want {
	w := ledger.Want{Shard: h.number}
	for _, name := range h.due {
		key := name[2:]
		if name[:2] == ledger.DueRedemption {
			if h.world.Redemptions[key] == nil {
				w.Redemptions = append(w.Redemptions, key)
			}
			continue
		}
		if h.world.Members[key] == nil {
			w.Members = append(w.Members, key)
		}
		if name[:2] == ledger.DueSweep {
			w.Swept = append(w.Swept, key)
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
