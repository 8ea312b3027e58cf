package topics

import (
	"slices"
	"strings"
	"time"
)

// The limits of an inbound record (interfaces: "Limits").
const (
	RecordBytesMax = 1 << 20 // key, value and headers together
	LinesMax       = 1000    // of an order or refund
	IDCharsMax     = 128     // of an id; printable characters
	SourceCharsMax = 256     // of ce_source, a URI reference
	AmountMax      = 1_000_000_000_000
)

// AnySource in Limits.BackfillSources lets every source backfill; at the end of a name it stands for any rest.
const AnySource = "*"

// Limits are the clock's part of what makes an event acceptable.
type Limits struct {
	LateAfter       time.Duration // older events are TOO_OLD, backfills aside
	SkewMax         time.Duration // events further ahead are FUTURE
	BackfillSources []string      // sources whose `backfill` attribute counts; a trailing * matches any rest
}

// DefaultLimits are 7 days back and 5 minutes ahead, and no source may backfill.
func DefaultLimits() Limits {
	return Limits{LateAfter: 7 * 24 * time.Hour, SkewMax: 5 * time.Minute}
}

// Decode reads a CloudEvent in binary or structured mode, checks it and returns its event, or the reason for a dead
// letter. The event has a copy of the record's bytes, so the record's buffers may be reused.
// The record's key is not looked at: data.member rules. A record without a topic may hold any type.
func Decode(r *Record, limits Limits, now time.Time) (*Event, *Reject) {
	e := new(Event)
	if rej := e.Decode(clone(r), limits, now); rej != nil {
		return nil, rej
	}
	return e, nil
}

// Decode is the function Decode without its copy: the event's strings lie in the record, whose bytes must stay as they
// are for as long as the event is used. Its lines and tags take the room of those of the event before.
func (e *Event) Decode(r *Record, limits Limits, now time.Time) *Reject {
	room := e.Data.Lines
	*e = Event{}
	if recordBytes(r) > RecordBytesMax {
		return reject(ReasonOversize, "the record is larger than 1 MiB")
	}
	var env envelope
	if rej := env.read(r); rej != nil {
		return rej
	}
	k, rej := env.kind(r.Topic)
	if rej != nil {
		return rej
	}
	if rej := env.fill(e, &k); rej != nil {
		return rej
	}
	e.Data.Lines = room
	// The fast path decides where it is sure, else the strict library.
	if k.fast.required == 0 || !fastOrder(TextOf(env.data), k.fast, &e.Data) {
		e.Data = Data{}
		if rej := k.decode(env.data, &e.Data); rej != nil {
			return rej
		}
	}
	return limits.check(e, now)
}

// clone is r with bytes of its own, of those that Decode reads.
func clone(r *Record) *Record {
	size := recordBytes(r)
	if size > RecordBytesMax {
		return r
	}
	room := make([]byte, 0, size-len(r.Key))
	own := func(b []byte) []byte {
		start := len(room)
		room = append(room, b...)
		return room[start:len(room):len(room)]
	}
	c := &Record{Topic: r.Topic, Value: own(r.Value), Headers: make([]Header, len(r.Headers))}
	for i, h := range r.Headers {
		c.Headers[i] = Header{Key: h.Key, Value: own(h.Value)}
	}
	return c
}

func (l *Limits) check(e *Event, now time.Time) *Reject {
	if e.Backfill != "" && !l.mayBackfill(e.Source) {
		e.Backfill = ""
	}
	if e.Time.Sub(now) > l.SkewMax {
		return reject(ReasonFuture, "time is further ahead of the program's clock than "+l.SkewMax.String())
	}
	if e.Backfill == "" && now.Sub(e.Time) > l.LateAfter {
		return reject(ReasonTooOld, "time is longer ago than "+l.LateAfter.String()+" and this is no backfill of a source that may")
	}
	return nil
}

func (l *Limits) mayBackfill(source string) bool {
	return slices.ContainsFunc(l.BackfillSources, func(allowed string) bool {
		if start, ok := strings.CutSuffix(allowed, AnySource); ok {
			return strings.HasPrefix(source, start)
		}
		return allowed == source
	})
}

func recordBytes(r *Record) int {
	n := len(r.Key) + len(r.Value)
	for i := range r.Headers {
		n += len(r.Headers[i].Key) + len(r.Headers[i].Value)
	}
	return n
}

// reject joins the parts of a message. Messages name fields, never their values: they end up in logs (I15).
func reject(reason Reason, parts ...string) *Reject {
	return &Reject{Reason: reason, Message: strings.Join(parts, "")}
}
