package topics

import "strconv"

// Headers of dead letters (KIP-1191 names, and our reason).
const (
	HeaderReason    = "dlq.reason"
	HeaderTopic     = "__dlq.errors.topic"
	HeaderPartition = "__dlq.errors.partition"
	HeaderOffset    = "__dlq.errors.offset"
	HeaderGroup     = "__dlq.errors.group"
	HeaderMessage   = "__dlq.errors.message"
)

// DeadLetter is the record that stands for one that can never work: its key, value and headers untouched, with the reason beside them.
func DeadLetter(r *Record, group string, why *Reject) Record {
	headers := append([]Header(nil), r.Headers...)
	for _, h := range []struct{ key, value string }{
		{HeaderReason, string(why.Reason)}, {HeaderMessage, why.Message}, {HeaderGroup, group}, {HeaderTopic, r.Topic},
		{HeaderPartition, strconv.Itoa(int(r.Partition))}, {HeaderOffset, strconv.FormatInt(r.Offset, 10)},
	} {
		headers = append(headers, Header{Key: h.key, Value: []byte(h.value)})
	}
	return Record{Topic: DeadLetterPrefix + r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: headers}
}
