package ledger

import "jifen/topics/pointspb"

// written is what a store has of an account's value. A busy member has many lots, and nearly all that happens to them is
// that one more comes behind: so that is written behind the value, and the value is written whole only when lots changed
// that it has, or when what stands behind it has become longer than itself.
type written struct {
	lots          int // that the value holds, and that are the account's first ones
	whole, behind int // bytes
	changed       bool
}

// fewLots is the number of lots below which a value is always written whole: it is not much longer than what would be
// written behind it.
const fewLots = 16

// ReadAccount takes the account in as a store has it.
func (m *Member) ReadAccount(value []byte) error {
	whole, err := m.read(value)
	m.written = written{lots: len(m.Lots), whole: whole, behind: len(value) - whole}
	return err
}

// AppendAccount appends what a store is to write of the account: behind the value that it has, or as the whole of it.
func (m *Member) AppendAccount(b []byte) (value []byte, whole bool) {
	w, s := &m.written, state(b)
	if !w.changed && w.lots >= fewLots && w.behind < w.whole {
		s.account(&m.Account, w.lots)
		w.lots, w.behind = len(m.Lots), w.behind+len(s)-len(b)
		return s, false
	}
	s.account(&m.Account, 0)
	m.written = written{lots: len(m.Lots), whole: len(s) - len(b)}
	return s, true
}

// folded notes what an entry's postings did to the lots: a new one behind all others leaves those before as they are.
func (w *written) folded(a *Account, e *pointspb.Entry) {
	if e.Kind == pointspb.Kind_EXTENDED {
		w.changed = true
	}
	added := e.Lot != nil && e.Kind == pointspb.Kind_GRANTED
	if len(e.Postings) > 0 && (!added || a.Lots[len(a.Lots)-1].Number != e.Lot.Number) {
		w.changed = true
	}
}
