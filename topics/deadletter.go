package topics

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Headers of dead letters (KIP-1191 names, and our reason).
const (
	HeaderReason    = "dlq.reason"
	HeaderTopic     = "__dlq.errors.topic"
	HeaderPartition = "__dlq.errors.partition"
	HeaderOffset    = "__dlq.errors.offset"
	HeaderGroup     = "__dlq.errors.group"
	HeaderMessage   = "__dlq.errors.message"
	HeaderCut       = "dlq.value_bytes" // only where the value was cut: how long it was

	// HeaderReplay is on what was brought back to its topic: topic/partition/offset of the dead letter.
	HeaderReplay = "dlq.replay"
)

// deadLetterValueMax is what dead-letter topics hold of a value, a little below their largest batch (topics.yaml). No
// shop's topic should take more; if one does, the beginning and the offset of the record must do.
const deadLetterValueMax = 15 << 20

// DeadLetter is the record that stands for one that can never work: its key, value and headers untouched, with the reason beside them.
func DeadLetter(r *Record, group string, why *Reject) Record {
	headers := append([]Header(nil), r.Headers...)
	for _, h := range []struct{ key, value string }{
		{HeaderReason, string(why.Reason)},
		{HeaderMessage, why.Message},
		{HeaderGroup, group},
		{HeaderTopic, r.Topic},
		{HeaderPartition, strconv.Itoa(int(r.Partition))},
		{HeaderOffset, strconv.FormatInt(r.Offset, 10)},
	} {
		headers = append(headers, Header{Key: h.key, Value: []byte(h.value)})
	}
	value := r.Value
	if len(value) > deadLetterValueMax {
		headers = append(headers, Header{Key: HeaderCut, Value: []byte(strconv.Itoa(len(value)))})
		value = value[:deadLetterValueMax]
	}
	return Record{Topic: DeadLetterPrefix + r.Topic, Partition: r.Partition, Key: r.Key, Value: value, Headers: headers}
}

// Letter is a dead letter, opened.
type Letter struct {
	Reason         Reason
	Message, Group string
	Cut            bool // the value is not whole
	Again          bool // it had been a dead letter before, and was replayed
	// Place is where the dead letter lies: topic/partition/offset. It names it for good.
	Place string
	// Original is the record as it came, but for its offset and the mark of an earlier replay; its partition is the one that it
	// came from.
	Original Record
}

// ErrNoLetter is a record of a dead-letter topic that no stage of ours wrote.
var ErrNoLetter = errors.New("no dead letter of jifen")

// OpenLetter reads a record of a dead-letter topic: DeadLetter backwards. The letter shares the record's memory.
func OpenLetter(r *Record) (Letter, error) {
	l := Letter{Place: fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset)}
	// Ours come last: what the record had before may have the same names.
	own := len(r.Headers) - 1
	for own >= 0 && r.Headers[own].Key != HeaderReason {
		own--
	}
	if own < 0 {
		return l, fmt.Errorf("%s has no header %s: %w", l.Place, HeaderReason, ErrNoLetter)
	}
	o := &l.Original
	o.Key, o.Value, o.Offset, o.Partition = r.Key, r.Value, -1, -1
	for _, h := range r.Headers[own:] {
		switch v := string(h.Value); h.Key {
		case HeaderReason:
			l.Reason = Reason(v)
		case HeaderMessage:
			l.Message = v
		case HeaderGroup:
			l.Group = v
		case HeaderTopic:
			o.Topic = v
		case HeaderPartition:
			if n, err := strconv.ParseInt(v, 10, 32); err == nil {
				o.Partition = int32(n)
			}
		case HeaderCut:
			l.Cut = true
		}
	}
	if DeadLetterPrefix+o.Topic != r.Topic {
		return l, fmt.Errorf("%s says that it came from topic %q: %w", l.Place, o.Topic, ErrNoLetter)
	}
	replayed := func(h Header) bool { return h.Key == HeaderReplay }
	l.Again = slices.ContainsFunc(r.Headers[:own], replayed)
	o.Headers = slices.DeleteFunc(slices.Clone(r.Headers[:own]), replayed)
	return l, nil
}

// Replay is the record to bring back: the original, with the place of its dead letter.
func (l *Letter) Replay() Record {
	r := l.Original
	r.Headers = append(slices.Clone(r.Headers), Header{Key: HeaderReplay, Value: []byte(l.Place)})
	return r
}

// Backfill makes the event history of a run, as `jifen produce --backfill` does, and says whether it could: an event in
// structured mode has its attributes in its value, which is not to be touched.
func (l *Letter) Backfill(run string) bool {
	o := &l.Original
	for _, h := range o.Headers {
		if strings.EqualFold(h.Key, contentTypeHeader) && strings.HasPrefix(mediaType(h.Value), "application/cloudevents") {
			return false
		}
	}
	o.Headers = slices.DeleteFunc(o.Headers, func(h Header) bool { return strings.EqualFold(h.Key, BackfillHeader) })
	o.Headers = append(o.Headers, Header{Key: BackfillHeader, Value: []byte(run)})
	return true
}
