package contacts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// ending is what an entry of the ledger ends.
type ending struct {
	shard       int32
	member      string
	erased      bool
	refused     string   // name of the address of a redemption that was refused
	redemptions []string // that were forgotten
}

// endingOf reads an entry of a kind that may end something. One that cannot be read stops the stage, as it stops every
// reader of the ledger.
func endingOf(r *topics.Record) (*ending, error) {
	kind := topics.KindOf(r.Value)
	if kind != pointspb.Kind_ERASED && kind != pointspb.Kind_REFUSED && kind != pointspb.Kind_FORGOTTEN {
		return nil, nil
	}
	e := &pointspb.Entry{}
	if err := e.UnmarshalVT(r.Value); err != nil {
		return nil, fmt.Errorf("entry at %s/%d/%d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	member, ok := topics.MemberOf(e.Account)
	if !ok {
		return nil, nil
	}
	x := &ending{shard: r.Partition, member: strings.Clone(member)}
	switch kind {
	case pointspb.Kind_ERASED:
		x.erased = true
	case pointspb.Kind_REFUSED:
		f := e.Redemption
		if f == nil || len(f.BodyHash) == 0 || e.Return != nil {
			return nil, nil // of something else than a redemption
		}
		x.refused = topics.RedemptionName(f.Id, f.BodyHash)
	default:
		for _, name := range e.Forgotten {
			if id, ok := topics.OfRedemptionKey(name); ok {
				x.redemptions = append(x.redemptions, id)
			}
		}
		if len(x.redemptions) == 0 {
			return nil, nil
		}
	}
	return x, nil
}

// end writes tombstones for what entries end.
func (s *Stage) end(ctx context.Context, ends []*ending, out *processors.Output) error {
	if len(ends) == 0 {
		return nil
	}
	former, err := s.former(ctx, ends)
	if err != nil {
		return err
	}
	wanted := map[int32]map[string]bool{}
	want := func(member string) {
		n := s.shardOf(member)
		if wanted[n] == nil {
			wanted[n] = map[string]bool{}
		}
		wanted[n][topics.MemberMark(member)] = true
	}
	for _, e := range ends {
		want(e.member)
		for _, id := range former[e.member] {
			want(id)
		}
	}
	names := map[string]map[string][]string{}
	for n, marks := range wanted {
		var list []string
		for mark := range marks {
			list = append(list, mark)
		}
		slices.Sort(list)
		of, err := s.store.PrivateNames(ctx, n, list)
		if err != nil {
			return fmt.Errorf("what is kept of members: %w", err)
		}
		for mark, x := range of {
			names[mark] = x
		}
	}
	for _, e := range ends {
		s.endOne(e, former[e.member], names, out)
	}
	return nil
}

// former are the ids that members once had, of whom redemptions were forgotten or refused. Their addresses lie where they
// were stored: nothing moves when members turn out to be one.
func (s *Stage) former(ctx context.Context, ends []*ending) (map[string][]string, error) {
	byShard := map[int32]*ledger.Want{}
	for _, e := range ends {
		if e.erased {
			continue // each id that the member had is erased by an entry of its own
		}
		w := byShard[e.shard]
		if w == nil {
			w = &ledger.Want{Shard: e.shard}
			byShard[e.shard] = w
		}
		if !slices.Contains(w.Members, e.member) {
			w.Members = append(w.Members, e.member)
		}
	}
	var wants []ledger.Want
	for _, w := range byShard {
		wants = append(wants, *w)
	}
	if len(wants) == 0 {
		return nil, nil
	}
	got, err := s.states.Read(ctx, wants)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	out := map[string][]string{}
	for i := range wants {
		for _, member := range wants[i].Members {
			if from := got[i].World.Member(member).MergedFrom; len(from) > 0 {
				out[member] = from
			}
		}
	}
	return out, nil
}

func (s *Stage) endOne(e *ending, former []string, names map[string]map[string][]string, out *processors.Output) {
	if e.erased {
		s.erase(e, names, out)
		return
	}
	for _, member := range append([]string{e.member}, former...) {
		n, mark := s.shardOf(member), topics.MemberMark(member)
		if e.refused != "" {
			s.refuse(e, n, mark, names, out)
		}
		for _, id := range e.redemptions {
			for _, name := range names[mark][topics.Contacts] {
				if strings.HasPrefix(name, topics.RedemptionNames(id)) {
					s.remove(out, topics.Contacts, n, topics.PrivateKey(mark, name))
				}
			}
		}
	}
}

// erase removes everything of a member, what this batch folds too; what comes later goes as it comes.
func (s *Stage) erase(e *ending, names map[string]map[string][]string, out *processors.Output) {
	mark := topics.MemberMark(e.member)
	f := s.fold(e.shard, s.held[e.shard])
	f.Erased = append(f.Erased, mark)
	for _, topic := range topics.PrivateTopics() {
		for _, name := range names[mark][topic] {
			s.remove(out, topic, e.shard, topics.PrivateKey(mark, name))
		}
	}
}

// refuse removes the address of a redemption that was refused. One that has yet to be read is remembered: it was written
// before the redemption was asked for, so it comes soon.
func (s *Stage) refuse(e *ending, n int32, mark string, names map[string]map[string][]string, out *processors.Output) {
	key := topics.PrivateKey(mark, e.refused)
	if slices.Contains(names[mark][topics.Contacts], e.refused) {
		s.remove(out, topics.Contacts, n, key)
		return
	}
	h := s.held[n]
	if h == nil {
		return
	}
	if len(h.refused) >= refusedMost {
		clear(h.refused)
	}
	h.refused[key] = struct{}{}
}

func (s *Stage) shardOf(member string) int32 {
	return topics.Shard(topics.MemberAccount(member), s.shards)
}
