package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jifen/topics/pointspb"
)

const (
	// CodesMost is how many codes one request may load.
	CodesMost = 20_000
	// ChunkCodes is how many numbers share a chunk: those of chunk n are n×ChunkCodes+1 and on.
	ChunkCodes = 500
	// spansMost bounds what a pool keeps of its free codes: numbers in a row that expire together are one span.
	spansMost = 2000
	// loadsMost is how many requests to load codes are remembered.
	loadsMost = 50
)

// Pool is an item's codes by their numbers, which count from 1 in the order in which they were loaded. What they are stands
// sealed in chunks (World.Codes): no decision needs it. Last = free + Taken + Expired.
type Pool struct {
	_       struct{}   `cbor:",toarray"`
	Last    int64      // number of the newest code
	Free    []CodeSpan // in the order in which they are given: what expires first, then by number
	Taken   int64      // by redemptions, or held for one
	Expired int64      // before anybody got them
	Told    bool       // that few are left, since codes were loaded last
	Loads   []Load     // the newest requests to load codes, oldest first
}

// CodeSpan is numbers in a row, To included, that are good until the same instant (Unix ms, 0 = for ever).
type CodeSpan struct {
	_                   struct{} `cbor:",toarray"`
	From, To, ExpiresAt int64
}

// Load is what became of a request to load codes; First and Count are those it loaded.
type Load struct {
	_            struct{} `cbor:",toarray"`
	ID           string
	First, Count int64
	Outcome      Outcome
}

// CodeChunk is the sealed codes of ChunkCodes numbers, in the order in which they were loaded.
type CodeChunk struct {
	Blocks []CodeBlock
}

// CodeBlock is codes with numbers in a row, sealed together.
type CodeBlock struct {
	_            struct{} `cbor:",toarray"`
	First, Count int64
	Sealed       []byte
}

// ChunkOf is the chunk of an item in which a code is.
func ChunkOf(item string, number int64) string {
	return item + ":" + strconv.FormatInt((number-1)/ChunkCodes, 10)
}

// Block is the block in which a code is; nil: there is none.
func (c *CodeChunk) Block(number int64) *CodeBlock {
	for i := range c.Blocks {
		if b := &c.Blocks[i]; b.First <= number && number < b.First+b.Count {
			return b
		}
	}
	return nil
}

func (s CodeSpan) len() int64 { return s.To - s.From + 1 }

func compareSpans(x, y CodeSpan) int {
	switch { // never is the latest instant
	case x.ExpiresAt != y.ExpiresAt && (x.ExpiresAt == 0 || y.ExpiresAt == 0):
		return cmp.Compare(y.ExpiresAt, x.ExpiresAt)
	case x.ExpiresAt != y.ExpiresAt:
		return cmp.Compare(x.ExpiresAt, y.ExpiresAt)
	}
	return cmp.Compare(x.From, y.From)
}

// HasCodes says that the item is given by codes.
func (i *Item) HasCodes() bool { return i.fulfilment() == FulfilCodes }

// Left is how many codes can still be given at an instant.
func (p *Pool) Left(now int64) (n int64) {
	for _, s := range p.Free {
		if s.ExpiresAt == 0 || now < s.ExpiresAt {
			n += s.len()
		}
	}
	return n
}

func (p *Pool) free() (n int64) {
	for _, s := range p.Free {
		n += s.len()
	}
	return n
}

// Load is what became of a request to load codes; nil: it is not known.
func (p *Pool) Load(id string) *Load {
	n := slices.IndexFunc(p.Loads, func(l Load) bool { return l.ID == id })
	if n < 0 {
		return nil
	}
	return &p.Loads[n]
}

// next are the n codes that are given next; the caller knows that there are so many.
func (p *Pool) next(n int64) (spans []*pointspb.CodeSpan) {
	for _, s := range p.Free {
		if n <= 0 {
			break
		}
		s.To = min(s.To, s.From+n-1)
		n -= s.len()
		spans = append(spans, &pointspb.CodeSpan{From: s.From, To: s.To, ExpiresAt: s.ExpiresAt})
	}
	return spans
}

// expired are the free codes that are not good any more.
func (p *Pool) expired(now int64) (spans []*pointspb.CodeSpan) {
	for _, s := range p.Free {
		if s.ExpiresAt != 0 && s.ExpiresAt <= now {
			spans = append(spans, &pointspb.CodeSpan{From: s.From, To: s.To, ExpiresAt: s.ExpiresAt})
		}
	}
	return spans
}

// remove takes numbers out of the free ones.
func (p *Pool) remove(from, to int64) {
	for i, s := range p.Free {
		if s.From > from || to > s.To {
			continue
		}
		before, after := s, s
		before.To, after.From = from-1, to+1
		rest := slices.DeleteFunc([]CodeSpan{before, after}, func(x CodeSpan) bool { return x.len() <= 0 })
		p.Free = slices.Replace(p.Free, i, i+1, rest...)
		return
	}
}

// put makes numbers free.
func (p *Pool) put(s CodeSpan) {
	i, _ := slices.BinarySearchFunc(p.Free, s, compareSpans)
	joins := func(x, y CodeSpan) bool { return x.To+1 == y.From && x.ExpiresAt == y.ExpiresAt }
	if i < len(p.Free) && joins(s, p.Free[i]) {
		p.Free[i].From = s.From
		if i > 0 && joins(p.Free[i-1], p.Free[i]) {
			p.Free[i-1].To = p.Free[i].To
			p.Free = slices.Delete(p.Free, i, i+1)
		}
		return
	}
	if i > 0 && joins(p.Free[i-1], s) {
		p.Free[i-1].To = s.To
		return
	}
	p.Free = slices.Insert(p.Free, i, s)
}

func countOf(spans []*pointspb.CodeSpan) (n int64) {
	for _, s := range spans {
		n += s.To - s.From + 1
	}
	return n
}

func numbersOf(spans []*pointspb.CodeSpan) (numbers []int64) {
	for _, s := range spans {
		for n := s.From; n <= s.To; n++ {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

func heldSpans(spans []CodeSpan) (all []*pointspb.CodeSpan) {
	for _, s := range spans {
		all = append(all, &pointspb.CodeSpan{From: s.From, To: s.To, ExpiresAt: s.ExpiresAt})
	}
	return all
}

func spansOf(all []*pointspb.CodeSpan) (spans []CodeSpan) {
	for _, s := range all {
		spans = append(spans, CodeSpan{From: s.From, To: s.To, ExpiresAt: s.ExpiresAt})
	}
	return spans
}

// check says what is wrong with a pool (I12): a number that is free is free once, and held by nobody.
func (p *Pool) check(item string, open []Reservation) error {
	all := slices.Clone(p.Free)
	held := int64(0)
	for _, r := range open {
		all = append(all, r.Codes...)
		for _, s := range r.Codes {
			held += s.len()
		}
	}
	slices.SortFunc(all, func(x, y CodeSpan) int { return cmp.Compare(x.From, y.From) })
	last := int64(0)
	for _, s := range all {
		if s.From <= last || s.To < s.From || s.To > p.Last {
			return fmt.Errorf("I12: item %s: codes %d to %d of %d beside code %d", item, s.From, s.To, p.Last, last)
		}
		last = s.To
	}
	if free := p.free(); p.Last != free+p.Taken+p.Expired || held > p.Taken || p.Expired < 0 {
		return fmt.Errorf("I12: item %s: %d codes, %d free, %d taken (%d held), %d expired", item, p.Last, free, p.Taken, held, p.Expired)
	}
	return nil
}

// CheckCodes says which codes belong to more than one redemption (I12). The worlds are those of all shards, and need not be
// of the same instant.
func CheckCodes(worlds map[int32]*World) (faults []error) {
	whose := map[string]string{}
	for _, w := range worlds {
		for id, r := range w.Redemptions {
			for _, p := range r.Parts {
				for _, n := range p.Codes {
					code := p.Item + ":" + strconv.FormatInt(n, 10)
					if other, taken := whose[code]; taken && other != id {
						faults = append(faults, fmt.Errorf("I12: code %s belongs to %s and %s", code, other, id))
					}
					whose[code] = id
				}
			}
		}
	}
	slices.SortFunc(faults, func(x, y error) int { return strings.Compare(x.Error(), y.Error()) })
	return faults
}
