package simulate

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Report is what would happen.
type Report struct {
	Rulebooks []Version   `json:"rulebooks"`
	Now       time.Time   `json:"now"` // the program's clock
	States    *StatesRead `json:"states,omitempty"`
	Steps     []*Step     `json:"steps"`
}

// Version is a rulebook that rules.
type Version struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	From    time.Time `json:"effective_from"`
}

// StatesRead says whose states were read, and how far their shard was booked then.
type StatesRead struct {
	Member string `json:"member"`
	Known  bool   `json:"known"` // false: nothing was ever booked for the member
	Shard  int32  `json:"shard"`
	Seq    uint64 `json:"seq"` // 0: the store has nothing of the shard
}

// Step is one event, or what the clock has made due for a member.
type Step struct {
	Line       int         `json:"line,omitempty"` // of the file, of the event; 0: the clock
	Event      *EventName  `json:"event,omitempty"`
	Member     string      `json:"member,omitempty"`
	At         time.Time   `json:"at"` // shard time of the decision
	Outcome    string      `json:"outcome"`
	DeadLetter *DeadLetter `json:"dead_letter,omitempty"`
	Entries    []Entry     `json:"entries,omitempty"`
	Before     *Balance    `json:"before,omitempty"` // as booked
	After      *Balance    `json:"after,omitempty"`
}

// EventName is what of an event tells it from others.
type EventName struct {
	Source string    `json:"source"`
	ID     string    `json:"id"`
	Type   string    `json:"type"`
	Time   time.Time `json:"time"`
}

// DeadLetter is why an event would be given up, and where it would go.
type DeadLetter struct {
	Topic   string `json:"topic"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Group   string `json:"group"` // of the stage that gives it up
}

// Balance is what a member has.
type Balance struct {
	Available int64  `json:"available"`
	Pending   int64  `json:"pending"`
	Frozen    int64  `json:"frozen"`
	Debt      int64  `json:"debt"`
	Tier      string `json:"tier"`
}

// Entry is one entry that the ledger would get.
type Entry struct {
	ID          string      `json:"id"` // hex; the pipeline's entry of the same cause has the same
	Account     string      `json:"account"`
	Kind        string      `json:"kind"`
	Rule        string      `json:"rule,omitempty"`
	Version     string      `json:"version,omitempty"`
	Points      int64       `json:"points"` // by which the entry changes what the member has, debt as negative points
	EffectiveAt time.Time   `json:"effective_at"`
	Postings    []Posting   `json:"postings,omitempty"`
	Lot         *Lot        `json:"lot,omitempty"`
	Tier        *TierChange `json:"tier,omitempty"`
	Arithmetic  *Arithmetic `json:"arithmetic,omitempty"`
	Why         string      `json:"why"`
}

// Posting moves points; those of an entry sum to 0.
type Posting struct {
	Account string `json:"account"`
	Points  int64  `json:"points"`
	Lot     uint32 `json:"lot,omitempty"`
}

// Lot is what an entry makes, or activates when its order was completed.
type Lot struct {
	Number    uint32     `json:"number"`
	ActiveAt  *time.Time `json:"active_at,omitempty"`  // absent: once its order is completed
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // absent: never, or not known before the lot is active
}

// TierChange is a tier's.
type TierChange struct {
	From string `json:"from,omitempty"`
	To   string `json:"to"`
}

// Arithmetic is the amount's: points = floor(units × points × tier × campaigns). Eligible and per are minor units.
type Arithmetic struct {
	Mode           string   `json:"mode,omitempty"`
	Points         int64    `json:"points,omitempty"`
	Per            int64    `json:"per,omitempty"`
	Eligible       int64    `json:"eligible,omitempty"`
	Quantity       int64    `json:"quantity,omitempty"`
	Tier           string   `json:"tier,omitempty"`
	TierMultiplier string   `json:"tier_multiplier,omitempty"`
	Campaign       string   `json:"campaign_multiplier,omitempty"` // of a clawback: tier and campaigns as they were granted
	Campaigns      []string `json:"campaigns,omitempty"`
	Desired        int64    `json:"desired"`
	Awarded        int64    `json:"awarded"`
	Holdout        bool     `json:"holdout,omitempty"`
	KeptPoints     int64    `json:"kept_points,omitempty"`     // of a clawback: what the amount kept would earn
	ReversedBefore int64    `json:"reversed_before,omitempty"` // of a clawback
	Lot            uint32   `json:"lot,omitempty"`             // of a clawback: that of the grant
	Before         int64    `json:"before,omitempty"`          // of a retro run: what the rule had given already
}

func newReport(c Config) *Report {
	r := &Report{Now: c.Now, Steps: []*Step{}, Rulebooks: []Version{}}
	for _, b := range c.Books {
		r.Rulebooks = append(r.Rulebooks, Version{b.Name, b.Version, b.From})
	}
	return r
}

// deadLettered is the outcome of an event that becomes a dead letter, as metrics call it.
const deadLettered = "dead_letter"

func (s *Step) refuse(l *DeadLetter) { s.DeadLetter, s.Outcome = l, deadLettered }

// letterOf is the dead letter among records, nil if there is none.
func letterOf(records []topics.Record) *DeadLetter {
	for i := range records {
		if strings.HasPrefix(records[i].Topic, topics.DeadLetterPrefix) {
			return deadLetter(&records[i])
		}
	}
	return nil
}

func deadLetter(r *topics.Record) *DeadLetter {
	l, _ := topics.OpenLetter(r) // a stage has just written it
	return &DeadLetter{Topic: r.Topic, Reason: string(l.Reason), Message: l.Message, Group: l.Group}
}

func word(name string) string { return strings.ToLower(name) }

// entry renders an entry.
func (s *simulation) entry(e *pointspb.Entry) Entry {
	out := Entry{
		ID: hex.EncodeToString(e.Id), Account: e.Account, Kind: word(e.Kind.String()), Rule: e.Rule, Version: e.Version,
		EffectiveAt: instant(e.EffectiveAt), Arithmetic: arithmeticOf(e.Arithmetic), Why: s.why(e),
	}
	for _, p := range e.Postings {
		out.Postings = append(out.Postings, Posting{accountWord(p.Account), p.Points, p.Lot})
		switch p.Account {
		case pointspb.Account_PENDING, pointspb.Account_AVAILABLE, pointspb.Account_FROZEN_POINTS, pointspb.Account_DEBT:
			out.Points += p.Points
		}
	}
	if l := e.Lot; l != nil {
		out.Lot = &Lot{Number: l.Number, ActiveAt: known(l.ActiveAt), ExpiresAt: known(l.ExpiresAt)}
	}
	if t := e.Tier; t != nil {
		out.Tier = &TierChange{t.From, t.To}
	}
	return out
}

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// known is an instant; nil where there is none.
func known(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	at := instant(ms)
	return &at
}

func accountWord(a pointspb.Account) string { return strings.TrimSuffix(word(a.String()), "_points") }

func arithmeticOf(x *pointspb.Arithmetic) *Arithmetic {
	if x == nil {
		return nil
	}
	return &Arithmetic{
		Mode: x.Mode, Points: x.Points, Per: x.Per, Eligible: x.Eligible, Quantity: x.Quantity, Tier: x.Tier,
		TierMultiplier: ratioText(x.TierMultiplier), Campaign: ratioText(x.Campaign), Campaigns: x.Campaigns,
		Desired: x.Desired, Awarded: x.Awarded, Holdout: x.Holdout, KeptPoints: x.KeptPoints, ReversedBefore: x.ReversedBefore, Lot: x.Lot,
		Before: x.Before,
	}
}

func ratioText(r *pointspb.Ratio) string {
	if r == nil {
		return ""
	}
	return topics.Ratio{Num: r.Num, Den: r.Den}.String()
}

// signed is a number with its sign, zero aside.
func signed(n int64) string {
	if n > 0 {
		return "+" + strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10)
}
