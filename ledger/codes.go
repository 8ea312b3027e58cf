package ledger

import (
	"fmt"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// loadCodes puts codes into an item's pool: each of them is a unit of the item. Whoever loads has looked for duplicates in
// what there was; if codes came since, the answer is left open and they have to look again (Conflict).
func (d *Decision) loadCodes(r *pointspb.Request, q *pointspb.CodesRequest) (*Decision, error) {
	id, ok := topics.ItemOf(r.Account)
	if !ok {
		return d.refuse(NotFound), nil
	}
	i := d.world.item(id)
	if i.ID == "" {
		return d.refuse(NotFound), nil
	}
	if i.Pool.Load(r.Id) != nil {
		return d.refuse(Duplicate), nil
	}
	if q.LoadedBefore != i.Pool.Last {
		return d.refuse(Conflict), nil
	}
	count, err := checkCodes(q)
	if err != nil {
		return nil, fmt.Errorf("request %q for %q: %w", r.Id, r.Account, err)
	}
	facts := &pointspb.CodesFacts{Id: r.Id, Blocks: q.Blocks, Spans: q.Spans}
	e := &pointspb.Entry{Account: r.Account, Kind: pointspb.Kind_CODES_LOADED, EffectiveAt: d.moment.Now, Codes: facts, Item: &pointspb.ItemFacts{Actor: r.Actor}}
	switch {
	case i.fulfilment() != FulfilCodes:
		d.Outcome = NotCodes
	case len(i.Pool.Free)+len(q.Spans) > spansMost:
		d.Outcome = TooMuch
	default:
		e.Item.Loaded, e.Item.Free = count, count
	}
	if d.Outcome != Applied {
		e.Kind, facts.Blocks, facts.Spans = pointspb.Kind_REFUSED, nil, nil
	}
	facts.Outcome = string(d.Outcome)
	e.Redemption = &pointspb.RedemptionFacts{Id: r.Id, Item: id, Outcome: facts.Outcome}
	d.emit(e)
	d.dropExpired(r.Account, i)
	return d, nil
}

// checkCodes says what is wrong with codes to be loaded by themselves, and how many they are.
func checkCodes(q *pointspb.CodesRequest) (int64, error) {
	next := q.LoadedBefore + 1
	for _, b := range q.Blocks {
		if b.First != next || b.Count <= 0 || b.Count > ChunkCodes || len(b.Sealed) == 0 || ChunkOf("", b.First) != ChunkOf("", b.First+b.Count-1) {
			return 0, fmt.Errorf("a block of %d codes from %d on, where %d comes next", b.Count, b.First, next)
		}
		next += b.Count
	}
	count, covered := next-1-q.LoadedBefore, q.LoadedBefore
	for _, s := range q.Spans {
		if s.From != covered+1 || s.To < s.From || s.ExpiresAt < 0 {
			return 0, fmt.Errorf("a span of codes from %d to %d, after %d", s.From, s.To, covered)
		}
		covered = s.To
	}
	if count == 0 || count > CodesMost || covered != q.LoadedBefore+count {
		return 0, fmt.Errorf("%d codes, of which the spans name %d", count, covered-q.LoadedBefore)
	}
	return count, nil
}

// takeCodes names the codes that a number of units of the item are; none, where it has none. The caller knows that so
// many units are free.
func (i *Item) takeCodes(units int64) []*pointspb.CodeSpan {
	if i.fulfilment() != FulfilCodes {
		return nil
	}
	return i.Pool.next(units)
}

// dropExpired takes codes off the stock that are not good any more, and tells whoever keeps the pool when few are left.
func (d *Decision) dropExpired(account string, i *Item) {
	if i.fulfilment() != FulfilCodes {
		return
	}
	if spans := i.Pool.expired(d.moment.Now); len(spans) > 0 {
		n := countOf(spans)
		d.emit(&pointspb.Entry{
			Account: account, Kind: pointspb.Kind_CODES_EXPIRED, EffectiveAt: d.moment.Now,
			Item: &pointspb.ItemFacts{Loaded: -n, Free: -n, Codes: spans},
		})
	}
	d.tellLow(account, i)
}

// tellLow tells whoever keeps the pool that fewer codes are left than they want there to be: once, until more are loaded.
func (d *Decision) tellLow(account string, i *Item) {
	low := i.Details.CodesLow
	if i.fulfilment() != FulfilCodes || i.Pool.Told || i.Pool.Last == 0 || i.Free >= low {
		return
	}
	d.emit(&pointspb.Entry{
		Account: account, Kind: pointspb.Kind_CODES_LOW, EffectiveAt: d.moment.Now,
		Item: &pointspb.ItemFacts{CodesLeft: i.Free, CodesLow: low},
	})
}

// pooled is by how much the stock of an item with codes differs from its pool: units that came when it was none.
func (i *Item) pooled() int64 { return i.Pool.free() - i.Free }

func (w *World) foldItem(item string, e *pointspb.Entry) {
	i := w.ChangeItem(item)
	foldItem(i, e)
	if e.Codes != nil || len(e.Item.GetCodes()) > 0 || e.Kind == pointspb.Kind_CODES_LOW {
		w.foldCodes(item, i, e)
	}
}

// foldCodes folds what an entry does to an item's pool.
func (w *World) foldCodes(item string, i *Item, e *pointspb.Entry) {
	p := &i.Pool
	if f := e.Codes; f != nil {
		l := Load{ID: f.Id, First: p.Last + 1, Outcome: Outcome(f.Outcome)}
		for _, s := range spansOf(f.Spans) {
			l.Count += s.len()
			p.put(s)
		}
		p.Last += l.Count
		w.addCodes(item, f.Blocks)
		if p.Loads = append(p.Loads, l); len(p.Loads) > loadsMost {
			p.Loads = p.Loads[len(p.Loads)-loadsMost:]
		}
		p.Told = p.Told && i.Free < i.Details.CodesLow
	}
	switch e.Kind {
	case pointspb.Kind_CODES_LOW:
		p.Told = true
		return
	case pointspb.Kind_RELEASED:
		for _, s := range spansOf(e.Item.GetCodes()) {
			p.put(s)
			p.Taken -= s.len()
		}
		return
	}
	for _, s := range e.Item.GetCodes() {
		p.remove(s.From, s.To)
		if e.Kind == pointspb.Kind_CODES_EXPIRED {
			p.Expired += s.To - s.From + 1
		} else {
			p.Taken += s.To - s.From + 1
		}
	}
}

// addCodes keeps sealed codes in their chunks.
func (w *World) addCodes(item string, blocks []*pointspb.CodeBlock) {
	for _, x := range blocks {
		b := CodeBlock{First: x.First, Count: x.Count, Sealed: x.Sealed}
		w.HoldCodes(ChunkOf(item, b.First), b)
		if w.codes == nil {
			w.codes = map[string][]CodeBlock{}
		}
		w.codes[ChunkOf(item, b.First)] = append(w.codes[ChunkOf(item, b.First)], b)
	}
}

// HoldCodes puts a block behind what is held of its chunk.
func (w *World) HoldCodes(chunk string, b CodeBlock) {
	if w.Codes == nil {
		w.Codes = map[string]*CodeChunk{}
	}
	if w.Codes[chunk] == nil {
		w.Codes[chunk] = &CodeChunk{}
	}
	w.Codes[chunk].Blocks = append(w.Codes[chunk].Blocks, b)
}

// LoadedCodes are the blocks that entries loaded, by chunk: stores put them behind what they have of it.
func (w *World) LoadedCodes() map[string][]CodeBlock { return w.codes }

// StoredCodes says that a store has them.
func (w *World) StoredCodes() { w.codes = nil }
