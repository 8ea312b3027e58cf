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
	HeaderCut       = "dlq.value_bytes" // only where the value was cut: how long it was
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
