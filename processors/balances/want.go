package balances

import (
	"slices"
	"strings"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// wants lists the states that a shard's part of the batch touches, but for the accounts and seen buckets that the cache
// holds, which are kept beside, and for what only the credits themselves name (creditWant).
func (h *shard) wants(s *Stage) {
	h.world = ledger.NewWorld()
	h.world.Packing = &s.packing
	h.world.Members = make(map[string]*ledger.Member, len(h.members)) // it does not grow, which would move all of them
	w := ledger.Want{Shard: h.number, Now: s.Clock().UnixMilli(), DueMost: dueMost, Into: h.world}
	for _, id := range h.members {
		if m := h.member(s, id, &w); m.Known == nil {
			w.Logs = append(w.Logs, m.ID)
		}
	}
	for _, r := range h.requests {
		if id, ok := topics.MemberOf(r.Account); ok {
			w.Orders = append(w.Orders, retroOrder(r, h.member(s, id, &w))...)
		}
		if id, ok := topics.MemberOf(r.Account); ok && ledger.Ends(r.Request) {
			w.Swept = append(w.Swept, id) // all that it has goes, or comes beside what is there
		}
		if f := r.GetForward(); f != nil {
			if e, err := ledger.Forwarding(r.Request, f); err == nil { // else the decision says so
				h.need(s, &e, &w)
			}
		}
		if key := ledger.ReferralOrderKey(r.Request); key != "" {
			w.Orders = append(w.Orders, key)
		}
		if id := ledger.RedemptionOf(r.Request); id != "" {
			w.Redemptions = append(w.Redemptions, id)
		}
		if item, ok := topics.ItemOf(r.Account); ok {
			w.Items = append(w.Items, item)
		}
		if identity, ok := topics.IdentityOf(r.Account); ok {
			w.Identities = append(w.Identities, identity)
		}
		h.wantsOfBudget(&w, r.Request)
	}
	w.Orders, w.Redemptions, w.Items, w.Logs, w.Swept = unique(w.Orders), unique(w.Redemptions), unique(w.Items), unique(w.Logs), unique(w.Swept)
	w.Budgets, w.Identities = unique(w.Budgets), unique(w.Identities)
	h.want = w
}

// fetch finds the members of the credits under decision, all in one go.
func (s *Stage) fetch(shards []*shard) {
	s.fetched = s.fetched[:0]
	for _, h := range shards {
		var w ledger.Want
		for i := range h.credits {
			e := &h.credits[i].event
			e.Member = h.member(s, e.ID, &w)
			s.fetched = append(s.fetched, e)
		}
		h.unread = w.Members
	}
	ledger.FetchEvents(s.fetched)
	clear(s.fetched)
}

// creditWant names the states that the credits under decision need beside those that the batch has.
func (h *shard) creditWant(s *Stage) ledger.Want {
	w := ledger.Want{Shard: h.number, Members: h.unread}
	for i := range h.credits {
		h.need(s, &h.credits[i].event, &w)
	}
	w.Orders, w.Logs, w.Swept = unique(w.Orders), unique(w.Logs), unique(w.Swept)
	return w
}

// member is a member of the batch. One that the cache does not hold is wanted.
func (h *shard) member(s *Stage, id string, w *ledger.Want) *ledger.Member {
	if m := h.world.Members[id]; m != nil {
		return m
	}
	m := s.cache.get(id)
	if m == nil {
		// The id lies in the record's memory, which a member that is kept must not hold on to.
		m = &ledger.Member{ID: strings.Clone(id)}
		w.Members = append(w.Members, m.ID)
	}
	h.world.Members[m.ID] = m
	return m
}

// need names the states of a credit event that the batch lacks.
func (h *shard) need(s *Stage, e *ledger.Event, w *ledger.Want) {
	if e.Member == nil { // it is no credit of the part, of which it was looked for already
		e.Member = h.member(s, e.ID, w)
	}
	switch {
	case e.Member.Whole: // all that it has is there
	case e.Ends:
		w.Swept = append(w.Swept, e.Member.ID) // all that it has goes
	case e.OrderKey != "":
		if e.Member.MayHaveOrder(e.OrderHash) {
			w.Orders = append(w.Orders, e.OrderKey)
		}
		if e.Purchase != "" && e.Member.MayHaveOrder(ledger.HashOrder(e.Purchase)) {
			w.Orders = append(w.Orders, e.Purchase)
		}
	case e.Member.Known == nil:
		w.Logs = append(w.Logs, e.Member.ID)
	}
}

// wantsOfBudget names the budget that a request is about, or the order that a budget's answer is for.
func (h *shard) wantsOfBudget(w *ledger.Want, r *pointspb.Request) {
	if campaign, ok := topics.CampaignOf(r.Account); ok {
		w.Budgets = append(w.Budgets, campaign)
		return
	}
	id, ok := topics.MemberOf(r.Account)
	for _, key := range ledger.OrderKeys(r.GetAward().GetAward()) {
		if ok && h.world.Members[id].MayHaveOrder(ledger.HashOrder(key)) {
			w.Orders = append(w.Orders, key)
		}
	}
}

// retroOrder is the order that a retro run asks for; nothing: the store does not have it, or the request cannot be decided.
func retroOrder(r command, m *ledger.Member) []string {
	if r.GetRetro() == nil {
		return nil
	}
	e, err := ledger.NewRetro(r.Account, r.GetRetro())
	if err != nil || !m.MayHaveOrder(e.OrderHash) {
		return nil
	}
	return []string{e.OrderKey}
}

func unique(keys []string) []string {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// dueWant names the states behind the due index that the batch does not have yet.
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
	}
	w.Members = unique(w.Members)
	return w
}

// sweepWant names the members who are to be swept: a sweep looks at all of their orders. Those that the batch has are read
// again, and the batch's stay.
func (h *shard) sweepWant() ledger.Want {
	w := ledger.Want{Shard: h.number}
	for _, name := range h.due {
		key, ok := strings.CutPrefix(name, ledger.DueMember)
		if m := h.world.Members[key]; ok && m != nil && m.Sweep != 0 && m.Sweep <= h.want.Now {
			w.Swept = append(w.Swept, key)
		}
	}
	return w
}

// carriedWant names the redemptions of the members who turn out to be others: these go along.
func (h *shard) carriedWant() ledger.Want {
	w := ledger.Want{Shard: h.number}
	for _, r := range h.requests {
		id, ok := topics.MemberOf(r.Account)
		if m := h.world.Members[id]; ok && m != nil && r.GetMerge() != nil {
			for name := range m.Redemptions() {
				if h.world.Redemptions[name] == nil {
					w.Redemptions = append(w.Redemptions, name)
				}
			}
		}
	}
	w.Redemptions = unique(w.Redemptions)
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
