// Package simulate says what would happen to members by events and by the clock, entry by entry, and lets nothing happen.
//
// It runs the stages themselves, credits and balances, one event at a time, between records and a store in memory. So it
// cannot decide otherwise than they do: what differs from the pipeline is only what stands around them. Numbers of entries
// (seq), chain hashes and the owner's batches are the simulation's own.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"jifen/internal/rulefile"
	"jifen/ledger"
	"jifen/processors"
	"jifen/processors/balances"
	"jifen/processors/credits"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Config is what a simulation knows of the world.
type Config struct {
	Books    topics.Books
	Now      time.Time // the program's clock
	Follow   bool      // the clock stands at each event's time while that is decided, and goes on to Now after the last
	Limits   topics.Limits
	Shares   topics.ShareKeys
	Shards   int
	States   States // where members' states are read from; nil: nothing is known of anybody
	Member   string // whose events they are; empty: anybody's. The clock is looked at for this member if there are none
	Language string // of the explanations: Chinese or English
}

// simulation is one run.
type simulation struct {
	Config
	clock   time.Time
	started bool // the clock has been set to an event's time
	scratch *scratch
	credits *credits.Stage
	owner   *balances.Stage
	outcome ledger.Outcome // of the last credit
	report  *Report
	members []string // whom the events named, in that order
}

// Run decides the events in their order and then what the clock has made due. An error is of the states or the stages'
// own; what is wrong with an event stands in its step.
func Run(ctx context.Context, c Config, events []Input) (*Report, error) {
	s := &simulation{Config: c, clock: c.Now, scratch: newScratch(c.States), report: newReport(c)}
	books := func() (topics.Books, error) { return c.Books, nil }
	clock := func() time.Time { return s.clock }
	s.credits = credits.New(credits.Dependencies{Books: books, Clock: clock, Limits: c.Limits, Shares: c.Shares, Shards: c.Shards, Observer: s, Conditions: rulefile.Condition})
	s.owner = balances.New(balances.Dependencies{
		Store: s.scratch, History: s.scratch, Observer: s, Books: books, Clock: s.ownersClock, Shards: c.Shards,
	})
	shards := make([]int32, c.Shards)
	for i := range shards {
		shards[i] = int32(i)
	}
	if err := s.owner.Takeover(ctx, map[string][]int32{topics.Credits: shards, topics.Requests: shards}); err != nil {
		return nil, err
	}
	if c.Member != "" {
		if err := s.begin(ctx); err != nil {
			return nil, err
		}
	}
	for i := range events {
		if err := s.event(ctx, &events[i]); err != nil {
			return nil, err
		}
	}
	if !s.started || c.Now.After(s.clock) {
		s.clock = c.Now
	}
	for _, member := range s.members {
		if err := s.wake(ctx, member, len(events) == 0); err != nil {
			return nil, err
		}
	}
	return s.report, nil
}

// begin reads the member's states, so that the report says what is known.
func (s *simulation) begin(ctx context.Context) error {
	shard := s.shardOf(s.Member)
	m, err := s.scratch.member(ctx, shard, s.Member)
	if err != nil {
		return fmt.Errorf("states of the member: %w", err)
	}
	s.members = []string{s.Member}
	if s.States != nil {
		s.report.States = &StatesRead{Member: s.Member, Known: m.account != nil, Shard: shard, Seq: s.scratch.shard(shard).known.Seq}
	}
	return nil
}

func (s *simulation) shardOf(member string) int32 {
	return topics.Shard(topics.MemberAccount(member), s.Shards)
}

// ownersClock is shard time: it never goes back behind what the states' owner has booked.
func (s *simulation) ownersClock() time.Time {
	now := s.clock
	for _, h := range s.scratch.shards {
		if booked := time.UnixMilli(h.known.Now); booked.After(now) {
			now = booked
		}
	}
	return now
}

// event decides one event, as the two stages do.
func (s *simulation) event(ctx context.Context, in *Input) error {
	peek, _ := topics.Decode(&in.Record, topics.Limits{LateAfter: math.MaxInt64, SkewMax: math.MaxInt64}, s.clock)
	if s.Follow && peek != nil && (!s.started || peek.Time.After(s.clock)) {
		s.clock, s.started = peek.Time, true
	}
	step := &Step{Line: in.Line, At: s.ownersClock()}
	s.report.Steps = append(s.report.Steps, step)
	if peek != nil {
		step.Event = &EventName{Source: peek.Source, ID: peek.ID, Type: peek.Type, Time: peek.Time}
		step.Member = peek.Data.Member
		if s.Member != "" && step.Member != s.Member {
			return fmt.Errorf("line %d: the event is one of member %q, not of %q: %w", in.Line, step.Member, s.Member, ErrMember)
		}
	}
	out, err := s.credits.Process(ctx, processors.Batch{Records: []topics.Record{in.Record}})
	if err != nil {
		return err
	}
	if rejected := letterOf(out.Records); rejected != nil {
		step.refuse(rejected)
		return s.credits.Committed(ctx, out.Records)
	}
	s.meet(step.Member)
	if err := s.decide(ctx, step, out.Records); err != nil {
		return err
	}
	return s.credits.Committed(ctx, out.Records)
}

// ErrMember is an event of another member than the one whose states are read.
var ErrMember = errors.New("only that member's states are read")

func (s *simulation) meet(member string) {
	if !slices.Contains(s.members, member) {
		s.members = append(s.members, member)
	}
}

// wake decides what the clock has made due for a member; always: it is said also where that is nothing.
func (s *simulation) wake(ctx context.Context, member string, always bool) error {
	value, err := (&pointspb.Request{Id: "wake", What: &pointspb.Request_Wake{Wake: &pointspb.WakeRequest{}}}).MarshalVT()
	if err != nil {
		return fmt.Errorf("encode wake request: %w", err)
	}
	step := &Step{Member: member, At: s.ownersClock()}
	record := topics.Record{Topic: topics.Requests, Partition: s.shardOf(member), Value: value}
	if err := s.decide(ctx, step, []topics.Record{record}); err != nil {
		return err
	}
	if always || len(step.Entries) > 0 {
		step.Outcome = string(ledger.Applied)
		if len(step.Entries) == 0 {
			step.Outcome = string(ledger.Unchanged)
		}
		s.report.Steps = append(s.report.Steps, step)
	}
	return nil
}

// decide has the owner decide records, and the requests to which they lead, and notes the entries.
func (s *simulation) decide(ctx context.Context, step *Step, records []topics.Record) error {
	s.scratch.woken, s.outcome = step.Member, ""
	before, err := s.balance(ctx, step.Member, (*ledger.Account).Booked)
	if err != nil {
		return err
	}
	step.Before = before
	for len(records) > 0 {
		out, err := s.owner.Process(ctx, processors.Batch{Records: records})
		if err != nil {
			return err
		}
		if records, err = s.note(step, out.Records); err != nil {
			return err
		}
		if err := s.owner.Committed(ctx, out.Records); err != nil {
			return err
		}
	}
	if step.DeadLetter == nil {
		step.Outcome = string(s.outcome)
	}
	step.After, err = s.balance(ctx, step.Member, func(a *ledger.Account) ledger.Balance { return a.Balance(s.ownersClock().UnixMilli()) })
	return err
}

// note keeps what the owner made: entries, dead letters, and the requests that go on.
func (s *simulation) note(step *Step, out []topics.Record) (requests []topics.Record, err error) {
	for i := range out {
		r := &out[i]
		switch {
		case r.Topic == topics.Ledger:
			e := &pointspb.Entry{}
			if err := e.UnmarshalVT(r.Value); err != nil {
				return nil, fmt.Errorf("entry: %w", err)
			}
			if err := ledger.Recompute(e); err != nil { // what it is about to say of the amount would be wrong
				return nil, err
			}
			step.Entries = append(step.Entries, s.entry(e))
		case strings.HasPrefix(r.Topic, topics.DeadLetterPrefix):
			step.refuse(deadLetter(r))
		case r.Topic == topics.Requests: // not what goes to auditors
			request := *r
			request.Key, request.Value = append([]byte(nil), r.Key...), append([]byte(nil), r.Value...)
			requests = append(requests, request)
		}
	}
	return requests, nil
}

// balance is what a member has by the simulation so far, and the tier.
func (s *simulation) balance(ctx context.Context, member string, of func(*ledger.Account) ledger.Balance) (*Balance, error) {
	w := ledger.NewWorld()
	if err := s.scratch.read(ctx, &ledger.Want{Shard: s.shardOf(member), Members: []string{member}}, w); err != nil {
		return nil, err
	}
	now := s.ownersClock()
	a := &w.Member(member).Account
	b := of(a)
	return &Balance{
		Available: b.Available, Pending: b.Pending, Frozen: b.Frozen, Debt: b.Debt, Tier: a.Tier(s.Books.At(now), now.UnixMilli()),
	}, nil
}

// Credited implements credits.Observer.
func (s *simulation) Credited(string, int) {}

// Rejected implements credits.Observer.
func (s *simulation) Rejected(string, topics.Reason) {}

// Decided implements balances.Observer.
func (s *simulation) Decided(kind string, o ledger.Outcome, _ int) {
	if strings.Contains(kind, ".") { // an event's, and not that of a request to which it led
		s.outcome = o
	}
}

// Redeemed implements balances.Observer.
func (s *simulation) Redeemed(context.Context, []string) {}

// Recovering implements balances.Observer.
func (s *simulation) Recovering(int, int64, bool) {}

// Damaged implements balances.Observer.
func (s *simulation) Damaged(int32) {}
